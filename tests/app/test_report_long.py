"""A report of a long text explains its last tokens, and says which."""

from __future__ import annotations

import pytest

import cutaway as ct
from cutaway.app.report_sections import explained_from


@pytest.mark.parametrize("T", [1, 200, 424, 425, 1000, 4096])
def test_the_last_tokens_of_a_long_text_are_explained_as_far_as_their_passes_reach(T: int) -> None:
    """Each pass reads the tokens before its own: all of a short text, else some 90,000 in all."""
    first = explained_from(T)
    read = sum(range(first + 1, T + 1))
    assert first == 0 or abs(read - 90_000) <= T
    assert first < T
    assert (first == 0) == (T <= 424)


def test_a_report_of_a_long_text_says_which_tokens_it_explains(
    tiny_lm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cutaway.app.report_sections._READ", 200)
    T = 40
    trace = tiny_lm.trace(list(range(3, 3 + T)))
    report = ct.report(trace, ["lens", "saliency"])
    data = report["saliency"].data
    last = T - explained_from(T)
    assert 0 < last < T - 1
    assert data["target"].values.tolist() == list(range(T + 1 - last, T + 1))
    assert f"Explained are the last {last} of {T} tokens" in data.attrs["notes"]
    accounts = report.spec.header["accounts"]
    said = ["".join(run[1] for line in accounts[at] for run in line) for at in (0, T - 1)]
    assert f"was not computed: only the last {last} tokens are." in said[0]
    assert "of the saliency of" in said[1]
