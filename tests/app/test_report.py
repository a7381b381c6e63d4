"""A report has every lens once, says why one can't be had, and answers as its page asks."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

import cutaway as ct
from cutaway.app.report import PART
from cutaway.app.report_sections import SECTIONS
from cutaway.core.errors import CutawayError, InvalidError, MissingError, UnknownError
from cutaway.render.packet import packet
from cutaway.render.static import static
from cutaway.render.text import text
from cutaway.trace.card import Capability
from tests.render.test_packet import read
from tests.render.test_page import Reader, inflated

from .test_cli import run

TEXT = "The keys to the cabinet are on"


@pytest.fixture(scope="module")
def trace(tiny_lm):
    return tiny_lm.generate(TEXT, max_new_tokens=4)


@pytest.fixture(scope="module")
def report(trace):
    return ct.report(trace)


@pytest.fixture(scope="module")
def saved(report):
    return report.spec


def lines(view, at):
    return json.loads(view.answer({"what": "account", "at": at}).tobytes())


def test_each_lens_is_asked_once_and_is_its_verb_s(trace, report):
    assert report["lens"] is report["lens"]
    assert list(report.data.children) == list(SECTIONS)
    assert report.data.attrs["lens"] == "report"
    assert report.data["lens"].to_dataset().equals(ct.logit_lens(trace, k=10).data)
    assert report.data["saliency"]["target"].values.tolist() == [7, 8, 9, 10, 11]
    figures = report._file_data["attention"].to_dataset()
    np.testing.assert_array_equal(figures["first"], ct.attention(trace).figures["first"])


def test_the_saved_form_has_every_section_and_an_account_of_every_position(report, saved, trace):
    assert list(saved.sections) == list(SECTIONS)
    assert {name: spec.kind for name, spec in saved.sections.items()} == {
        entry["name"]: entry["kind"] for entry in saved.header["sections"]
    }  # fmt: skip
    assert len(saved.header["accounts"]) == trace.n_positions
    assert saved.header["opening"] == saved.header["accounts"][saved.header["opens_at"]]
    assert report.missing == {}


def test_it_opens_where_the_first_output_was_produced_or_at_the_end(tiny_lm, trace, saved):
    assert saved.header["opens_at"] == trace.n_prompt - 1
    assert ct.report(tiny_lm.trace(TEXT))._live_spec.header["opens_at"] == 6
    placed = {entry["name"]: entry["at"] for entry in saved.header["sections"] if entry["at"]}
    assert placed == {"race": trace.n_prompt - 1, "walk": trace.n_prompt - 1}


def test_the_candidates_are_the_lens_s_last_row(report, saved):
    last = report["lens"].data.isel(layer=-1)
    np.testing.assert_array_equal(saved.arrays["token_id"], last["token_id"].values)
    np.testing.assert_allclose(saved.arrays["probability"], last["probability"], rtol=1e-5)
    words = np.asarray(saved.header["vocabulary"], dtype=object)
    np.testing.assert_array_equal(words[saved.arrays["top_index"]], last["token"].values)


def test_a_live_report_has_no_section_and_no_account_until_it_is_asked(trace):
    live = ct.report(trace)
    shown = live._live_spec
    assert (shown.sections, shown.header["accounts"]) == ({}, None)
    assert set(live._lenses._views) <= {"attention"}, "something was computed"
    assert [entry["missing"] for entry in shown.header["sections"]] == [None] * len(SECTIONS)


def test_a_live_account_is_the_saved_one(trace, saved):
    live = ct.report(trace)
    for at in range(trace.n_prompt - 1, trace.n_positions):
        told = [line for line in lines(live, at) if "factor" not in line[0][1]]
        kept = [line for line in saved.header["accounts"][at] if "Factor" not in line[0][1]]
        assert told == kept
    _ = live["factors"], live["saliency"]
    assert lines(live, trace.n_prompt) == saved.header["accounts"][trace.n_prompt]


def test_a_live_account_explains_the_one_target_it_needs(trace):
    live = ct.report(trace, ["saliency"])
    told = "".join(run[1] for line in lines(live, 2) for run in line)
    share = ct.saliency(trace, targets=3).data["saliency"].values[0, :3].max()
    assert f"{100 * share:.1f} % of the saliency of ·the" in told
    assert live._lenses._views == {}


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_is_answered_as_a_packet_whole_or_in_parts(report, name, monkeypatch):
    monkeypatch.setattr("cutaway.app.report.PART", 1000)
    whole = report.answer({"what": "section", "section": name}).tobytes()
    assert whole == packet(report[name]._live_spec)
    parts, more = b"", True
    for i in range(len(whole) // 1000 + 1):
        assert more
        part = report.answer({"what": "section", "section": name, "part": i}).tobytes()
        parts, more = parts + part, len(part) == 1000
    assert parts == whole
    assert not more
    assert PART < 5_000_000


def test_a_section_of_one_position_is_had_at_another(report, trace):
    for name in ("race", "walk"):
        data = report.answer({"what": "section", "section": name, "at": 9, "layer": 1}).tobytes()
        header = read(data)[0]["header"]
        assert header.get("position", header.get("at")) == 9
    assert (header["layer"], header["inputs"][9]) == (1, trace.tokens.labels[9])
    with pytest.raises(UnknownError, match="known: 'race', 'walk'"):
        report.answer({"what": "section", "section": "lens", "at": 3})


def test_the_race_has_the_likeliest_tokens_and_the_one_that_came(report, trace, saved):
    at = saved.header["opens_at"]
    racing = report["race"].data["token_id"].values.tolist()
    assert racing[:5] == saved.arrays["token_id"][at, :5].tolist()
    assert trace.token_ids[at + 1] in racing


def test_a_section_s_own_questions_and_chunks_go_to_it(report):
    view = report["attention"]
    question = {"what": "head", "layer": 2, "head": 1}
    given = report.answer({**question, "section": "attention"})
    np.testing.assert_array_equal(given, view.answer(question))
    chunk = {"what": "chunk", "section": "attention", "array": "weights", "index": 0}
    assert report.answer(chunk).tobytes() == view._live_spec.chunk("weights", 0)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"what": "head"}, "known: 'account', 'section', 'chunk'"),
        ({"what": "head", "section": "lens"}, "known: 'section', 'chunk'"),
        ({"what": "section", "section": "lenses"}, "unknown section 'lenses'"),
        ({"what": "section", "section": ["lens"]}, "unknown section"),
        ({"what": "section", "section": "lens", "part": -1}, "invalid part -1"),
        ({"what": "chunk", "section": "lens", "array": "rank", "index": 0}, "unknown array"),
        ({"what": "chunk", "section": "attention", "array": "weights"}, "invalid index None"),
        ({"what": "account"}, "invalid at None"),
        ({"what": "account", "at": 11}, "0 to 10"),
        ({}, "unknown question None"),
    ],
)
def test_what_it_can_t_answer_is_said(report, question, told):
    with pytest.raises(CutawayError, match=told):
        report.answer(question)


def test_lenses_are_chosen_by_name_and_come_in_that_order(trace):
    few = ct.report(trace, ["saliency", "lens"])
    assert list(few.spec.sections) == ["saliency", "lens"]
    linked = {
        link["section"] for account in few.spec.header["accounts"] for line in account
        for _, _, link in line if link
    }  # fmt: skip
    assert linked == {"saliency", "lens"}
    assert ct.report(trace, "race")._lenses.names == ("race",)


@pytest.mark.parametrize(
    ("lenses", "told"),
    [
        (["lens", "atention"], "unknown lens of a report 'atention'; known: 'lens', 'race'"),
        ([], "one or more different names"),
        (["lens", "lens"], "one or more different names"),
    ],
)
def test_names_that_are_none_are_refused(trace, lenses, told):
    with pytest.raises(CutawayError, match=told):
        ct.report(trace, lenses)


def test_a_saved_trace_lists_what_it_can_t_have_with_the_reason(trace, tmp_path, tiny_lm):
    kept = tiny_lm.trace(TEXT, keep=("lens", "neurons"))
    opened = ct.report(ct.open(kept.save(tmp_path / "a.trace")))
    absent = ["race", "saliency", "attention", "walk", "anatomy"]
    assert list(opened.missing) == absent
    reasons = {entry["name"]: entry["missing"] for entry in opened._live_spec.header["sections"]}
    assert [name for name, why in reasons.items() if why] == absent
    assert list(opened.spec.sections) == ["lens", "neurons", "factors", "clusters"]
    assert list(opened.data.children) == ["lens", "neurons", "factors", "clusters"]
    assert "attach the model" in reasons["saliency"]
    for form in (text(opened._live_spec), unescape(static(opened.spec))):
        assert all(reasons[name] in form for name in absent)
    with pytest.raises(MissingError, match="the section 'walk': missing the model"):
        opened["walk"]
    assert "the model says" in opened.account(2)


def test_a_saved_trace_is_saved_as_a_page_at_once(tiny_lm, tmp_path):
    """Nothing has asked what is missing before."""
    opened = ct.open(tiny_lm.trace(TEXT, keep="lens").save(tmp_path / "a.trace"))
    assert list(ct.report(opened).spec.sections) == ["lens"]
    assert list(ct.report(opened).data.children) == ["lens"]
    assert list(ct.report(opened)._file_data.children) == ["lens"]


def test_a_trace_that_can_t_say_anything_still_shows_its_tokens(tiny_lm, tmp_path):
    bare = ct.open(tiny_lm.trace(TEXT, keep="attention").save(tmp_path / "b.trace"))
    opened = ct.report(bare)
    assert {"lens", "race"} <= set(opened.missing)
    assert "kept states, attention" in opened.missing["lens"]
    assert opened.spec.arrays["probability"].shape == (7, 0)
    assert list(opened.spec.sections) == ["attention"]
    assert "Of all heads" in opened.account(-1)
    assert "the model says" not in opened.account(-1)


def test_what_is_not_proven_is_missing_before_it_is_asked(trace):
    unproven = {"saliency": Capability(False, "no gradient goes through its kernels")}
    card = replace(trace.card, capabilities={**trace.card.capabilities, **unproven})
    card = replace(card, heads=(0,) * len(card.heads))
    found = ct.report(replace(trace, card=card)).missing
    assert "no gradient goes through its kernels" in found["saliency"]
    assert "the attention" in found["attention"]
    assert list(found) == ["saliency", "attention"]


def test_one_token_has_a_report(tiny_lm):
    one = ct.report(tiny_lm.trace([7]))
    spec = one.spec
    assert {name for name in SECTIONS if name not in one.missing} == set(spec.sections)
    assert {"lens", "saliency", "attention", "walk"} <= set(spec.sections)
    assert len(spec.header["accounts"]) == 1
    assert one.account(0) == one.account(-1)


def test_the_page_and_the_numbers_are_files_and_nothing_else_is(report, saved, tmp_path):
    scripts = Reader(report.save(tmp_path / "r.html").read_text("utf-8")).scripts
    for name, section in saved.sections.items():
        assert inflated(scripts[f"cutaway-section-{name}"]) == packet(section)
    whole = json.loads(report.save(tmp_path / "r.json").read_text("utf-8"))
    assert whole["accounts"] == saved.header["accounts"]
    assert list(whole["lenses"]) == list(SECTIONS)
    rank = whole["lenses"]["lens"]["data"]["rank"]["values"]
    np.testing.assert_array_equal(rank, report["lens"].data["rank"].values)
    for suffix in ("csv", "png", "nc", "svg"):
        with pytest.raises(InvalidError, match=r'report\["lens"\]\.save'):
            report.save(tmp_path / f"r.{suffix}")


def test_a_notebook_keeps_the_account_the_list_and_a_picture(report):
    bundle, _ = report._repr_mimebundle_()
    opening = report.account(report._live_spec.header["opens_at"]).splitlines()[0]
    assert opening.split(" with ")[0] in bundle["text/plain"]
    assert "Where it looked" in bundle["text/plain"]
    assert "<table>" in bundle["text/html"]
    assert bundle["image/png"]
    report._widget.close()


def test_the_command_line_writes_the_page_and_prints_the_account(capsys, tmp_path, tiny_lm):
    file = tiny_lm.trace(TEXT, keep=("lens", "neurons")).save(tmp_path / "a.trace")
    code, out, err = run(
        capsys, "report", str(file), "--lens", "neurons", "--lens", "lens",
        "--html", str(tmp_path / "r.html"),
    )  # fmt: skip
    assert (code, err) == (0, f"wrote {tmp_path / 'r.html'}\n")
    assert "After ·on the model says" in out
    assert out.index("Which neurons fired") < out.index("What it guessed after each layer")
    assert "Where it looked" not in out
    code, out, _ = run(capsys, "report", str(file), "--lens", "lens", "--json")
    assert (code, list(json.loads(out)["lenses"])) == (0, ["lens"])
    code, _, err = run(capsys, "report", "no such model is loaded for this", "--lens", "lenz")
    assert (code, "unknown lens of a report 'lenz'" in err) == (2, True)
