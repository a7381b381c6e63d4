"""An encoder-decoder in the hands of a user: attention of three kinds, the report, files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import cutaway as ct
from cutaway.app.report_crossed import EVERY, sections_of
from cutaway.core.errors import InvalidError, MissingError, UnknownError
from cutaway.lens.top_tokens import top_tokens
from cutaway.view.account import account
from cutaway.view.account_facts import Facts

from ..lens.crossed import DECODED, HEADS, SOURCE, TARGET, cross_trace
from ..lens.fakes import fake_trace

TRACE = cross_trace()


def words(line: list) -> str:
    return "".join(run[1] for run in line)


def test_each_kind_is_of_its_own_texts() -> None:
    own = ct.attention(TRACE).data
    assert own.attrs["kind"] == "decoder"
    assert own["key_input"].values.tolist() == list(TARGET)
    read = ct.attention(TRACE, kind="encoder").data
    assert read["query_input"].values.tolist() == list(SOURCE)
    crossed = ct.attention(TRACE, kind="cross")
    assert crossed.data["query_input"].values.tolist() == list(TARGET)
    assert crossed.data["key_input"].values.tolist() == list(SOURCE)
    assert crossed.figures["peak"].shape == (DECODED, HEADS)
    assert crossed.spec.header["heading"] == "Where it looked in the source"


def test_what_one_text_has_is_refused_of_two() -> None:
    with pytest.raises(InvalidError, match="cross attention"):
        ct.attention(TRACE, kind="cross", carry="queries")
    with pytest.raises(UnknownError, match="set of tokens"):
        ct.attention(TRACE, kind="cross", tokens="verbs")
    with pytest.raises(MissingError, match="no encoder-decoder"):
        ct.attention(fake_trace([np.zeros((3, 0))]), kind="cross")


def test_a_notebook_asks_for_heads_of_two_texts() -> None:
    view = ct.attention(TRACE, kind="cross")
    levels = view.answer({"what": "head", "layer": 1, "head": 3})
    weights = TRACE.source.crossed[1, 3]  # type: ignore[attr-defined]
    kept = (levels.reshape(len(TARGET), len(SOURCE)) / 255.0) ** 2
    np.testing.assert_allclose(kept, weights, atol=0.004)


def test_an_alignment_is_saved_in_every_form(tmp_path: Path) -> None:
    view = ct.attention(TRACE, kind="cross").alignment(head=1)
    for suffix in ("html", "csv", "json"):
        assert view.save(tmp_path / f"alignment.{suffix}").stat().st_size > 500
    numbers = json.loads((tmp_path / "alignment.json").read_text("utf-8"))
    assert "alignment" in json.dumps(numbers)[:2000]


def test_the_sections_are_those_of_the_model() -> None:
    plain = fake_trace([np.zeros((3, 0))])
    assert not {"cross", "alignment", "encoder"} & set(sections_of(plain))
    both = list(sections_of(TRACE))
    assert both.index("alignment") < both.index("cross") < both.index("attention")
    assert sections_of(TRACE)["attention"].title == "Decoder attention"
    assert set(both) <= set(EVERY)


def test_a_section_of_two_texts_says_that_there_is_one(tiny_lm: ct.LM) -> None:
    report = ct.report(tiny_lm.trace("The keys"), ["cross"])
    assert "reads one text" in report.missing["cross"]


def test_the_account_says_which_text_a_share_lies_on_and_where_it_looked() -> None:
    facts = Facts(
        next_tokens=top_tokens(TRACE, 0), saliency=ct.saliency(TRACE).data,
        alignment=ct.attention(TRACE, kind="cross").alignment().data,
    )  # fmt: skip
    lines = [words(line) for line in account(facts, 0)]
    whole = sum(range(1, len(SOURCE) + 2))  # scores 1 to 7 of the source, 8 of the start token
    share = f"{100 * (len(SOURCE) + 1) / whole:.1f} %"
    assert lines[0] == f"{share} of the saliency of t1 lies on <s>."
    mean = TRACE.source.crossed.mean(axis=1)[:, 0]  # type: ignore[attr-defined]
    layer, source = np.unravel_index(mean.argmax(), mean.shape)
    assert lines[1].startswith(f"In the source, layer {layer} looks most at {SOURCE[source]}: ")


def test_the_account_names_the_source_where_most_lies_there() -> None:
    data = ct.saliency(TRACE).data
    data = data.assign(source_saliency=data["source_saliency"] * 10)
    line = words(account(Facts(next_tokens=top_tokens(TRACE, 0), saliency=data), 0)[0])
    assert line.endswith("of the saliency of t1 lies on </s> of the source.")


@pytest.mark.slow
def test_a_report_of_a_trained_one_has_every_section(dates: ct.LM, tmp_path: Path) -> None:
    trace = dates.generate("march 2nd, in 1999", max_new_tokens=12)
    assert "1999-03-02" in trace.text
    report = ct.report(trace)
    assert report.missing == {}
    assert list(report.data.children) == list(sections_of(trace))
    assert report.save(tmp_path / "report.html").stat().st_size > 100_000
    opened = ct.report(ct.open(trace.save(tmp_path / "dates.trace")))
    assert "saliency" in opened.missing
