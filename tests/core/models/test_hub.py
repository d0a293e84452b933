"""Downloads against a Hub on loopback that misbehaves in every way that hubs and lines do."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants

from core.errors import CheckpointError
from core.models.catalog import CATALOG, Published, PublishedFile
from core.models.hub import download
from core.models.library import library, on_disk, own_place
from tests.core.models.fake_hub import COMMIT, fake_hub, pretend, serve_from

ROOT = Path(__file__).resolve().parents[3]
REPO, PATH = "someone/maskgit", "folder/transformer.pth"
WEIGHTS = random.Random(0).randbytes(3_000_000)
TOKENIZER = random.Random(1).randbytes(200_000)
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()


def published(**changes: object) -> Published:
    """One model of one file on the Hub; changes go to the file."""
    file = PublishedFile(REPO, PATH, None, len(WEIGHTS), None, "transformer")
    return Published(CATALOG["halton-256-tiny"].spec, 1, (replace(file, **changes),))


@pytest.fixture
def server(tmp_path, monkeypatch):
    with fake_hub() as fake, pretend(fake, tmp_path, monkeypatch):
        fake.files[f"{REPO}/{PATH}"] = WEIGHTS
        yield fake


def gone(monkeypatch) -> None:
    """Take the network away: nothing listens there."""
    serve_from(monkeypatch, "http://127.0.0.1:9")


def unfinished() -> list[Path]:
    return list(Path(constants.HF_HUB_CACHE).rglob("*.incomplete"))


def refused(model: Published) -> str:
    """Return the one sentence that a download ends with."""
    with pytest.raises(CheckpointError) as error:
        download(model)
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_a_model_is_fetched_into_the_hubs_cache_and_its_commit_and_sha256_are_pinned(server):
    seen: list[tuple[int, int]] = []
    (path,) = download(published(), progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == WEIGHTS
    assert path == Path(constants.HF_HUB_CACHE) / "models--someone--maskgit" / "snapshots" / COMMIT / PATH
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (len(WEIGHTS), len(WEIGHTS))
    pins = json.loads((library() / "pins.json").read_text())
    assert pins == {f"{REPO}/{PATH}": {"sha256": DIGEST, "bytes": len(WEIGHTS), "revision": COMMIT}}
    assert not unfinished()


def test_a_model_on_disk_asks_no_network(server):
    first = download(published())
    asked = len(server.log)
    assert on_disk(published()) == first
    assert download(published()) == first
    assert len(server.log) == asked


def test_huggingface_hub_finds_what_was_fetched(server, monkeypatch):
    from huggingface_hub import hf_hub_download

    (path,) = download(published())
    assert hf_hub_download(REPO, PATH) == str(path)
    assert len(server.gets()) == 1


def test_a_cut_at_forty_per_cent_goes_on_from_there(server):
    server.cuts = [0.4]
    (path,) = download(published())
    assert path.read_bytes() == WEIGHTS
    assert server.gets() == [0, int(0.4 * len(WEIGHTS))]


def test_a_line_that_is_cut_again_and_again_still_delivers(server):
    server.cuts = [n / 10 for n in range(1, 10)]
    (path,) = download(published())
    assert path.read_bytes() == WEIGHTS


def test_a_later_run_goes_on_where_an_earlier_one_was_stopped(server):
    def stop(done: int, total: int) -> None:
        if done > total / 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(published(), progress=stop)
    (kept,) = unfinished()
    reached = kept.stat().st_size
    assert len(WEIGHTS) / 3 < reached < len(WEIGHTS)
    assert on_disk(published()) is None
    (path,) = download(published())
    assert path.read_bytes() == WEIGHTS
    assert server.gets()[-1] == reached


def test_a_line_that_stays_dead_says_so_and_keeps_what_came(server):
    server.cuts = [0.4, 0.4, 0.4, 0.4, 0.4]
    assert "goes on where it stopped" in refused(published())
    assert unfinished()[0].stat().st_size == int(0.4 * len(WEIGHTS))


def test_a_server_without_ranges_sends_it_all_again(server):
    server.ranges = False
    server.cuts = [0.4]
    (path,) = download(published())
    assert path.read_bytes() == WEIGHTS


@pytest.mark.parametrize("statuses", [[500], [200, 500], [503, 429, 200, 502]])
def test_an_error_of_the_server_that_passes_is_waited_for(server, statuses):
    server.statuses = statuses
    (path,) = download(published())
    assert path.read_bytes() == WEIGHTS


def test_an_error_of_the_server_that_stays_is_named(server):
    server.statuses = [500] * 20
    assert "HTTP 500" in refused(published())


def test_a_slow_server_is_waited_for(server):
    server.pause_s = 0.05
    seen: list[int] = []
    (path,) = download(published(), progress=lambda done, total: seen.append(done))
    assert path.read_bytes() == WEIGHTS
    assert seen[0] < len(WEIGHTS)


def test_another_sha256_is_refused_before_anything_is_fetched(server):
    assert "expected aaaaaaaaaaaa...: it was replaced" in refused(published(sha256="a" * 64))
    assert not server.gets()


def test_other_bytes_than_announced_are_refused_and_thrown_away(server):
    server.sent[f"{REPO}/{PATH}"] = WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1])
    sentence = refused(published(sha256=DIGEST))
    assert f"expected {DIGEST[:12]}..." in sentence
    assert not unfinished()
    assert on_disk(published()) is None
    server.sent.clear()
    assert download(published())[0].read_bytes() == WEIGHTS


def test_the_hubs_own_sha256_counts_where_the_catalog_has_none(server):
    server.sent[f"{REPO}/{PATH}"] = WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1])
    assert f"expected {DIGEST[:12]}..." in refused(published())


def test_a_file_of_many_times_the_computed_size_is_refused(server):
    assert "offered with 3000000 bytes, expected 700000" in refused(published(bytes=700_000))
    assert not server.gets()


@pytest.mark.parametrize("commit", ["..", "a/b", "a b", ""])
def test_a_commit_that_could_lead_elsewhere_is_refused(server, commit):
    server.commit = commit
    assert "names no commit or no ETag" in refused(published())
    assert not server.gets()


def test_a_file_of_another_size_is_refused_where_the_size_is_known(server):
    assert "offered with 3000000 bytes, expected 2999999" in refused(published(bytes=2_999_999, exact=True))
    assert not server.gets()


@pytest.mark.parametrize("typed", [True, False])
def test_a_web_page_instead_of_weights_is_named_and_what_came_before_is_kept(server, typed):
    server.cuts = [0.4] * 5
    refused(published())
    server.cuts.clear()
    server.page, server.typed = {"get"}, typed
    assert "sent a web page instead of transformer.pth" in refused(published())
    server.page.clear()
    server.log.clear()
    assert download(published())[0].read_bytes() == WEIGHTS
    assert server.gets() == [int(0.4 * len(WEIGHTS))]


def test_a_web_page_instead_of_the_hub_is_named(server):
    server.page = {"head", "get"}
    assert "does not answer as a server of files does" in refused(published())


def test_a_git_lfs_pointer_is_named(server):
    server.files[f"{REPO}/{PATH}"] = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    assert "is a Git LFS pointer" in refused(published())


def test_a_file_that_is_gone_is_named(server):
    assert f"does not give away absent.pth (HTTP 404): put absent.pth at {library()}" in refused(
        published(path="absent.pth")
    )


def test_no_network_and_no_cache_says_where_to_put_the_file(server, monkeypatch):
    gone(monkeypatch)
    sentence = refused(published())
    assert "look at the network" in sentence
    assert str(own_place(published().files[0])) in sentence


def test_no_network_with_a_cache_is_no_matter(server, monkeypatch):
    paths = download(published())
    gone(monkeypatch)
    assert download(published()) == paths


def test_no_network_with_another_programs_cache_is_no_matter(server, monkeypatch):
    from huggingface_hub import hf_hub_download

    cached = hf_hub_download(REPO, PATH)
    gone(monkeypatch)
    assert download(published(sha256=DIGEST)) == (Path(cached),)
    assert on_disk(published()) == (Path(cached),)


def test_offline_by_wish_says_so(server, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in refused(published())
    assert not server.log


def test_a_file_put_there_by_hand_is_checked_and_taken(server, monkeypatch):
    gone(monkeypatch)
    place = own_place(published().files[0])
    place.parent.mkdir(parents=True)
    place.write_bytes(WEIGHTS[:1000])
    assert f"remove {place} and download it again" in refused(published(sha256=DIGEST))
    place.write_bytes(WEIGHTS)
    assert download(published(sha256=DIGEST)) == (place,)


def test_what_was_met_first_holds_from_then_on(server):
    (path,) = download(published())
    path.resolve().unlink()
    path.unlink()
    server.files[f"{REPO}/{PATH}"] = WEIGHTS[::-1]
    assert "it was replaced, do not use it" in refused(published())


def test_files_outside_the_hub_resume_and_are_pinned(server):
    server.files["plain/weights/tokenizer.ckpt"] = TOKENIZER
    server.cuts = [0.4]
    model = published(repo=f"{server.url}/plain/weights", path="tokenizer.ckpt", role="tokenizer")
    (path,) = download(model)
    assert (path, path.read_bytes()) == (own_place(model.files[0]), TOKENIZER)
    assert server.gets() == [0, 80_000]
    assert on_disk(model) == (path,)
    assert not list(library().rglob("*.incomplete"))


def test_a_twin_is_fetched_where_the_first_publisher_withholds_a_file(server):
    server.files["other/twin/model.safetensors"] = TOKENIZER
    twin = PublishedFile("other/twin", "model.safetensors", None, len(TOKENIZER), None, "transformer")
    model = replace(published(path="withdrawn.pth"), twins=(twin,))
    (path,) = download(model)
    assert path.read_bytes() == TOKENIZER
    assert on_disk(model) == (path,)


def test_a_model_of_two_files_counts_both(server):
    server.files["other/tokens/tokenizer.pt"] = TOKENIZER
    tokenizer = PublishedFile("other/tokens", "tokenizer.pt", None, len(TOKENIZER), None, "tokenizer")
    model = replace(published(), files=(tokenizer, *published().files))
    seen: list[tuple[int, int]] = []
    assert [path.name for path in download(model, progress=lambda *two: seen.append(two))] == [
        "tokenizer.pt",
        "transformer.pth",
    ]
    assert {total for _, total in seen} == {len(TOKENIZER) + len(WEIGHTS)}
    assert seen == sorted(seen)


def test_two_threads_take_turns(server):
    server.pause_s = 0.02
    results: list[tuple[Path, ...]] = []
    threads = [threading.Thread(target=lambda: results.append(download(published()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1]
    assert server.gets() == [0]


PROGRAM = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from core.models.catalog import CATALOG, Published, PublishedFile
from core.models.hub import download
file = PublishedFile({REPO!r}, {PATH!r}, None, {len(WEIGHTS)}, {DIGEST!r}, "transformer")
print(download(Published(CATALOG["halton-256-tiny"].spec, 1, (file,)))[0])
"""


def test_two_processes_take_turns_and_the_hubs_environment_is_heeded(server, tmp_path):
    server.pause_s = 0.1
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGINGFACE"))}
    environment |= {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": server.url, "NO_PROXY": "127.0.0.1"}
    processes = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = {process.communicate(timeout=150)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    (path,) = printed
    assert path.startswith(str(tmp_path / "home" / "hub"))
    assert Path(path).read_bytes() == WEIGHTS
    assert server.gets() == [0]


def test_broken_pins_are_named(server):
    library().mkdir(parents=True)
    (library() / "pins.json").write_text("{")
    assert f"{library() / 'pins.json'} does not hold pins" in refused(published())
    for pins in ("[]", '{"a": 1}', '{"a": {"sha256": ""}}', '{"a": {"sha256": "", "bytes": 1, "revision": 1}}'):
        (library() / "pins.json").write_text(pins)
        assert "does not hold pins" in refused(published())


def test_a_full_disk_is_named_before_anything_is_fetched(server, monkeypatch):
    usage = type("Usage", (), {"free": 1_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    assert "has 0.0 GB free but transformer.pth needs 0.0 GB: make room" in refused(published())
    assert not server.gets()
