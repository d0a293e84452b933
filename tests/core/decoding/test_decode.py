"""The decoding loop on a fake net: what it may never do, and what it must reproduce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.decoding.decode import DecodeStep, Sampling, _schedule, decode, step_counts
from core.decoding.guidance import Condition, Row, predictor, seen_by
from core.decoding.settings import ANNEALS, MASK, NO_CLASS, ORDERS, SCHEDULES
from tests.fakes import RuleTransformer

GRID = 8
N = GRID * GRID
CODES = 64
NET = RuleTransformer(GRID, CODES)


def by_sample(net: RuleTransformer = NET) -> object:
    """Return a net that takes one sample at a time, as the engine does on the CPU."""

    def forward(tokens: Tensor, class_ids: Tensor, _: Sequence[int | None]) -> Tensor:
        return torch.cat([net(t[None], c[None]) for t, c in zip(tokens, class_ids, strict=True)])

    return forward


def start(unknown: int, rows: int = 1, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(CODES, (rows, N), generator=generator)
    for row in tokens:
        row[torch.randperm(N, generator=generator)[:unknown]] = MASK
    return tokens


def run(tokens: Tensor, samplings: Sequence[Sampling], condition: Condition | None = None) -> list[DecodeStep]:
    conditions = [condition or Condition()] * len(samplings)
    return list(decode(tokens, predictor(by_sample(), conditions), samplings))  # type: ignore[arg-type]


samplings = st.builds(
    Sampling,
    schedule=st.sampled_from(list(SCHEDULES)),
    order=st.sampled_from(ORDERS),
    steps=st.integers(1, 20),
    choice_temperature=st.floats(0, 10),
    token_temperature=st.floats(0.1, 3),
    anneal=st.sampled_from(ANNEALS),
    token_cooling=st.floats(0.5, 2),
    warm_up=st.integers(0, 3),
    seed=st.integers(0, 2**40),
)


@settings(max_examples=60)
@given(unknown=st.integers(0, N), sampling=samplings)
def test_known_tokens_never_change_and_no_mask_remains(unknown: int, sampling: Sampling) -> None:
    tokens = start(unknown)
    steps = run(tokens, [sampling])
    assert (
        len(steps)
        == len(step_counts(unknown, sampling))
        <= (unknown if sampling.order == "raster" else min(sampling.steps, unknown))
    )
    known = tokens != MASK
    revealed = known
    for step in steps:
        assert torch.equal(step.guess[known], tokens[known])
        assert (step.guess >= 0).all()
        assert (step.guess < CODES).all()
        now_known = step.tokens != MASK
        assert (now_known >= revealed).all(), "a revealed token was masked again"
        revealed = now_known
        assert (step.confidence[known] == 0).all()
    if unknown:
        assert revealed.all()
        assert torch.equal(steps[-1].tokens, steps[-1].guess)


@settings(max_examples=30)
@given(unknown=st.integers(1, N), sampling=samplings)
def test_unknown_count_follows_the_schedule(unknown: int, sampling: Sampling) -> None:
    left = [int((step.tokens == MASK).sum()) for step in run(start(unknown), [sampling])]
    assert tuple(left) == step_counts(unknown, sampling)


def test_paper_s_example_of_eighty_unknown() -> None:
    assert step_counts(80, Sampling(steps=8)) == (78, 73, 66, 56, 44, 30, 15, 0)


def test_revealed_tokens_keep_their_guess() -> None:
    before: DecodeStep | None = None
    for step in run(start(40), [Sampling(steps=6)]):
        if before is not None:
            settled = before.tokens != MASK
            assert torch.equal(step.guess[settled], before.tokens[settled])
        before = step


@settings(max_examples=20)
@given(together=st.lists(samplings, min_size=2, max_size=5), unknown=st.integers(1, N))
def test_a_sample_alone_equals_itself_among_others(together: list[Sampling], unknown: int) -> None:
    tokens = start(unknown)
    joint = run(tokens.repeat(len(together), 1), together, Condition(1, 2.0))[-1]
    for row, sampling in enumerate(together):
        alone = run(tokens, [sampling], Condition(1, 2.0))[-1]
        assert torch.equal(alone.tokens[0], joint.tokens[row])
        assert torch.equal(alone.confidence[0], joint.confidence[row])


def test_more_steps_than_unknown_tokens_cost_no_extra_forward() -> None:
    calls = 0

    def count(tokens: Tensor, rows: Sequence[int], places: Sequence[float]) -> Tensor:
        nonlocal calls
        calls += 1
        return NET(tokens, torch.full((len(tokens),), NO_CLASS))

    assert len(list(decode(start(3), count, [Sampling(steps=50)]))) == calls == 3


def test_nothing_unknown_takes_no_step() -> None:
    assert run(start(0), [Sampling()]) == []


def test_start_step_leaves_the_first_steps_out() -> None:
    sampling = Sampling(steps=12, start_step=2)
    assert len(run(start(N), [sampling])) == 10
    assert step_counts(N, sampling)[0] == 59  # floor(64 cos(pi/2 * 3/12))


@pytest.mark.parametrize(
    ("unknown", "passes"), [(1, 1), (2, 2), (3, 3), (5, 5), (8, 8), (11, 10), (12, 10), (13, 10), (N, 10)]
)
def test_a_hole_smaller_than_the_steps_takes_the_passes_that_google_s_demo_takes(unknown: int, passes: int) -> None:
    """T stays 12 where two steps count as done: Google's loop, its idle passes with one cell left taken away."""
    assert len(run(start(unknown), [Sampling(steps=12, start_step=2)])) == passes


def noise_of(sampling: Sampling) -> list[float]:
    plan = _schedule(N, sampling)
    return [plan.noise(index, sampling) for index in range(len(plan.counts))]


def test_google_s_noise_is_never_whole_and_valeo_s_falls_from_whole_to_none() -> None:
    google, valeo = noise_of(Sampling(steps=8)), noise_of(Sampling(steps=8, anneal="this step"))
    assert google == pytest.approx([4.5 * (1 - (t + 1) / 8) for t in range(8)])
    assert valeo == pytest.approx([4.5 * (1 - t / 7) for t in range(8)])


@pytest.mark.parametrize(("steps", "temperature"), [(8, 4.5), (15, 7.0)])
def test_valeo_s_rule_is_google_s_with_more_noise_at_one_t_alone(steps: int, temperature: float) -> None:
    """At one T both rules differ by the factor T / (T - 1), so that equal ids show that the rule is the right one."""
    more = Sampling(steps=steps, choice_temperature=temperature * steps / (steps - 1), seed=3)
    rule = Sampling(steps=steps, choice_temperature=temperature, anneal="this step", seed=3)
    for one, other in zip(run(start(N), [more]), run(start(N), [rule]), strict=True):
        assert torch.equal(one.tokens, other.tokens)


def test_tokens_are_drawn_colder_from_step_to_step_and_warmer_in_the_warm_up() -> None:
    """Halton-MaskGIT's softmax(logits * linspace(1, 1.2, T)), the first step at half."""
    sampling = Sampling(steps=8, order="halton", token_temperature=0.9, token_cooling=1.2, warm_up=1)
    plan = _schedule(N, sampling)
    factors = [1 / plan.temperature(index, sampling) for index in range(8)]
    wanted = torch.linspace(1.0, 1.2, 8) / 0.9 * torch.tensor([0.5, *[1.0] * 7])
    assert factors == pytest.approx(wanted.tolist())


def test_cooling_and_warm_up_change_what_is_drawn() -> None:
    plain, cold, warm = (
        run(start(N), [Sampling(order="halton", **more)])[-1].tokens
        for more in ({}, {"token_cooling": 1.5}, {"warm_up": 2})
    )
    assert not torch.equal(plain, cold)
    assert not torch.equal(plain, warm)


@settings(max_examples=25)  # each of up to 30 branches
@given(unknown=st.integers(1, N), sampling=samplings, start_step=st.integers(0, 3))
def test_a_branch_with_nothing_changed_repeats_the_rest_bit_for_bit(
    unknown: int, sampling: Sampling, start_step: int
) -> None:
    sampling = replace(sampling, start_step=min(start_step, sampling.steps - 1))
    whole = run(start(unknown), [sampling], Condition(1, 2.0, "linear"))
    for taken in range(1, len(whole)):
        branch = replace(sampling, taken=taken, hole=unknown)
        rest = run(whole[taken - 1].tokens, [branch], Condition(1, 2.0, "linear"))
        assert len(rest) == len(whole) - taken
        drawn = whole[taken - 1].tokens == MASK
        for before, after in zip(whole[taken:], rest, strict=True):
            assert torch.equal(after.guess, before.guess)
            assert torch.equal(after.tokens, before.tokens)
            assert torch.equal(after.confidence[drawn], before.confidence[drawn])
            assert (after.confidence[~drawn] == 0).all()


@settings(max_examples=60)
@given(known=st.integers(0, N), taken=st.integers(1, 30), sampling=samplings)
def test_a_branch_onto_another_schedule_goes_on_with_what_is_unknown(
    known: int, taken: int, sampling: Sampling
) -> None:
    tokens = start(N - known)
    branch = replace(sampling, taken=taken, hole=N)
    steps = run(tokens, [branch])
    counts = step_counts(N - known, branch)
    assert [int((step.tokens == MASK).sum()) for step in steps] == list(counts)
    assert len(counts) <= max(1, len(step_counts(N, sampling)) - taken)
    assert all(after < before for before, after in zip((N - known, *counts), counts, strict=False))
    assert bool(counts) == (known < N)
    if steps:
        assert torch.equal(steps[-1].guess[tokens != MASK], tokens[tokens != MASK])
        assert (steps[-1].tokens != MASK).all()


def test_raster_fills_row_by_row_one_token_a_step() -> None:
    steps = run(start(N), [Sampling(order="raster", steps=4)])
    assert len(steps) == N
    for i, step in enumerate(steps):
        assert (step.tokens[0, : i + 1] != MASK).all()
        assert (step.tokens[0, i + 1 :] == MASK).all()


def test_seeds_differ_and_repeat() -> None:
    results = [run(start(N), [Sampling(seed=seed)])[-1].tokens for seed in (1, 1, 2)]
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_ties_go_to_the_lower_index() -> None:
    def flat(tokens: Tensor, rows: Sequence[int], places: Sequence[float]) -> Tensor:
        return torch.full((len(tokens), N, 1), 0.0)  # one code: every confidence is exactly 0

    first = next(decode(start(N), flat, [Sampling(steps=2, schedule="linear", choice_temperature=0.0)]))
    assert (first.tokens[0, : N // 2] == MASK).all()
    assert (first.tokens[0, N // 2 :] != MASK).all()


def test_without_noise_the_least_likely_are_masked_again() -> None:
    step = run(start(N), [Sampling(steps=4, choice_temperature=0.0)])[0]
    masked = step.tokens[0] == MASK
    assert step.confidence[0][masked].max() <= step.confidence[0][~masked].min()


def test_draws_follow_the_distribution() -> None:
    logits = torch.log(torch.tensor([0.7, 0.2, 0.1]))

    def fixed(tokens: Tensor, rows: Sequence[int], places: Sequence[float]) -> Tensor:
        return logits.expand(len(tokens), 4096, 3)

    step = next(decode(torch.full((1, 4096), MASK), fixed, [Sampling(steps=1)]))
    shares = torch.bincount(step.guess[0], minlength=3) / 4096
    assert shares.tolist() == pytest.approx([0.7, 0.2, 0.1], abs=0.03)
    assert step.confidence[0, 0] == logits[step.guess[0, 0]]


def test_a_low_token_temperature_takes_the_likeliest() -> None:
    sampling = Sampling(steps=1, token_temperature=0.01)
    step = run(start(N), [sampling])[0]
    likeliest = NET(start(N), torch.tensor([NO_CLASS])).argmax(-1)
    assert (step.guess == likeliest).float().mean() > 0.95


def test_guidance_is_off_at_scale_one_and_doubles_the_forwards_otherwise() -> None:
    seen: list[Sequence[Row]] = []

    def net(tokens: Tensor, class_ids: Tensor, rows: Sequence[Row]) -> Tensor:
        seen.append(rows)
        return NET(tokens, class_ids)

    conditions = [Condition(1, 1.0), Condition(1, 3.0), Condition(NO_CLASS, 3.0)]
    tokens = start(N).repeat(3, 1)
    logits = predictor(net, conditions)(tokens, [0, 1, 2], [0.0, 0.5, 0.25])
    guided = Row(1, 0.5)
    assert seen == [[Row(0, 0.0), guided, Row(2, 0.25), guided]], "the guided sample's own surroundings, twice"
    with_class = NET(tokens[:1], torch.tensor([1]))
    without = NET(tokens[:1], torch.tensor([NO_CLASS]))
    assert torch.allclose(logits[0], with_class[0])
    assert torch.allclose(logits[1], without[0] + 3.0 * (with_class[0] - without[0]), atol=1e-5)
    assert torch.allclose(logits[2], without[0])


def test_guidance_by_the_hole_adds_what_the_class_changes_there() -> None:
    seen: list[Sequence[Row]] = []
    forwards = [0, 0, 0]
    hole = torch.arange(N) < 20

    def net(tokens: Tensor, class_ids: Tensor, rows: Sequence[Row]) -> Tensor:
        seen.append(rows)
        return NET(tokens, class_ids)

    tokens = (torch.arange(N) % CODES).repeat(3, 1).masked_fill(hole, MASK)
    tokens[:, 5] = 7  # decoded by now
    conditions = [Condition(1, 3.0), Condition(1, 3.0, by_hole=True), Condition(1, 1.0, by_hole=True)]
    logits = predictor(net, conditions, forwards, hole)(tokens, [0, 1, 2], [0.0] * 3)
    assert forwards == [2, 4, 1]
    assert [row.sample for row in seen[0]] == [0, 1, 2, 0, 1, 1, 1]
    assert [row.alone for row in seen[0]] == [False] * 5 + [True] * 2, "the hole by itself sees nothing around it"
    alone = tokens[:1].masked_fill(~hole, MASK)
    assert alone[0, 5] == 7
    added = NET(alone, torch.tensor([1])) - NET(alone, torch.tensor([NO_CLASS]))
    assert torch.allclose(logits[1], logits[0] + 3.0 * added[0], atol=1e-5)
    assert torch.allclose(logits[2], NET(tokens[:1], torch.tensor([1]))[0])
    everything = torch.ones(N, dtype=torch.bool)
    whole = predictor(net, conditions, hole=everything)(tokens, [0, 1, 2], [0.0] * 3)
    assert torch.allclose(whole[1], logits[0]), "nothing is around: the same would be added twice"


@pytest.mark.parametrize("number", [torch.bfloat16, torch.float16])
def test_logits_in_half_precision_are_guided(number: torch.dtype) -> None:
    def net(tokens: Tensor, class_ids: Tensor, _: Sequence[Row]) -> Tensor:
        return NET(tokens, class_ids).to(number)

    tokens = start(N).repeat(2, 1)
    logits = predictor(net, [Condition(1, 3.0), Condition(1, 1.0)])(tokens, [0, 1], [0.0, 0.0])
    with_class, without = (NET(tokens[:1], torch.tensor([label]))[0].to(number).float() for label in (1, NO_CLASS))
    assert torch.allclose(logits[0].float(), without + 3.0 * (with_class - without), atol=1e-5)


def test_rows_see_their_samples_surroundings_or_nothing() -> None:
    seen = torch.arange(12.0).view(3, 2, 2) + 1.0
    rows = seen_by(seen, [Row(2, 0.0), Row(0, 0.0), Row(1, 0.0, alone=True), Row(2, 0.0)])
    assert rows is not None
    assert torch.equal(rows, torch.stack([seen[2], seen[0], torch.zeros(2, 2), seen[2]]))
    assert seen_by(None, [Row(0, 0.0), Row(0, 0.0, alone=True)]) is None


def test_a_linear_ramp_rises_from_one_to_the_scale() -> None:
    ramp = Condition(0, 5.0, "linear")
    assert [ramp.scale_at(place) for place in (0.0, 0.5, 1.0)] == [1.0, 3.0, 5.0]
    assert replace(ramp, ramp="constant").scale_at(0.0) == 5.0
