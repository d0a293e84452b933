"""Results for programs: the last few of each client, and no more bytes than there is room for."""

from __future__ import annotations

from functools import partial

from editor.server.results import Results


def test_few_of_each_client_few_in_all_and_few_bytes_are_kept() -> None:
    results, gone = Results(1000), list[str]()
    for number in range(10):
        results.keep("ann", 1, partial(gone.append, f"ann {number}"))
    assert gone == ["ann 0", "ann 1"]
    gone.clear()
    results.keep("bob", 994, partial(gone.append, "bob"))
    assert gone == ["ann 2", "ann 3"]
    results.keep("cid", 5000, partial(gone.append, "cid"))  # the newest stays whatever it takes
    assert gone == [f"ann {number}" for number in range(2, 10)] + ["bob"]
    gone.clear()
    for number in range(80):
        results.keep(f"visitor {number}", 0, partial(gone.append, number))  # type: ignore[arg-type]
    assert gone == ["cid", *range(16)]
