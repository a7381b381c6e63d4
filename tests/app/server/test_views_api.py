"""Every lens of every run by its address: the same picture, and the same answers, as in Python."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

import cutaway as ct
from cutaway.app.server.lenses import LENSES
from cutaway.model.lm import LM
from cutaway.render.packet import packet

from .starting import Started

ARGUMENTS: dict[str, list[tuple[str, str]]] = {
    "logit_lens": [("k", "3"), ("distances", "kl"), ("distances", "js"), ("positions", "1:3"),
                   ("inside", "true"), ("rank_of", "next"), ("every", "2")],
    "predictions": [("at", "-2"), ("layer", "in"), ("k", "4")],
    "watch": [("tokens", " the"), ("tokens", " key"), ("target", "2")],
    "saliency": [("method", "occlusion"), ("targets", "3"), ("how", "delete")],
    "deletion": [("target", "4"), ("seed", "1")],
    "attention": [("layers", "0"), ("heads", "1"), ("heads", "3")],
    "attention_neuron": [("layer", "0"), ("head", "1"), ("at", "2")],
    "neurons": [("layers", "0,1")],
    "clusters": [("n", "3"), ("by", "value")],
    "factors": [("n", "2"), ("exclude", "0")],
    "walk": [("layer", "1"), ("at", "3")],
    "anatomy": [],
    "report": [("lenses", "lens"), ("lenses", "attention")],
}  # fmt: skip


def made(trace: Any, lm: LM, lens: str) -> ct.View:
    """The same view in Python, written out by hand."""
    verbs: dict[str, Any] = {
        "logit_lens": lambda: ct.logit_lens(
            trace, k=3, distances=["kl", "js"], positions=slice(1, 3), inside=True, rank_of="next",
            every=2,
        ),
        "predictions": lambda: ct.predictions(trace, at=-2, layer="in", k=4),
        "watch": lambda: ct.watch(trace, [" the", " key"], target=2),
        "saliency": lambda: ct.saliency(trace, method="occlusion", targets=3, how="delete"),
        "deletion": lambda: ct.saliency(trace, targets=4).check(4, seed=1),
        "attention": lambda: ct.attention(trace, layers=0, heads=[1, 3]),
        "attention_neuron": lambda: ct.attention(trace).neuron(layer=0, head=1, at=2),
        "neurons": lambda: ct.neurons(trace, layers=[0, 1]),
        "clusters": lambda: ct.clusters(trace, n=3, by="value"),
        "factors": lambda: ct.factors(trace, n=2, exclude=[0]),
        "walk": lambda: ct.walk(trace, layer=1, at=3),
        "anatomy": lambda: ct.anatomy(lm),
        "report": lambda: ct.report(trace, lenses=["lens", "attention"]),
    }  # fmt: skip
    view: ct.View = verbs[lens]()
    return view


@pytest.mark.parametrize("lens", sorted({*LENSES} - {"classes", "experts"}))
def test_a_picture_is_the_one_of_the_verb(
    server: Started, server_lm: LM, run_id: str, lens: str
) -> None:
    answer = server.client.get(f"/api/runs/{run_id}/views/{lens}", params=ARGUMENTS[lens])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    trace = server.service.runs.open(run_id, server_lm)
    assert answer.content == packet(made(trace, server_lm, lens)._live_spec)
    (length,) = struct.unpack("<I", answer.content[:4])
    assert json.loads(answer.content[4 : 4 + length])["kind"]


def test_a_language_model_is_asked_for_classes_in_vain(server: Started, run_id: str) -> None:
    answer = server.client.get(f"/api/runs/{run_id}/views/classes", params={"k": "2"})
    assert answer.status_code in (400, 404, 409, 422)
    assert "no head that classifies" in answer.text


def test_a_model_without_a_mixture_is_asked_for_experts_in_vain(
    server: Started, run_id: str
) -> None:
    answer = server.client.get(f"/api/runs/{run_id}/views/experts", params={"layers": "0"})
    assert answer.status_code in (400, 404, 409, 422)
    assert "missing the experts" in answer.text


def test_every_lens_has_an_address(server: Started) -> None:
    assert {*ARGUMENTS, "classes", "experts"} == set(LENSES)
    verbs = {"load", "open", "wrap", "compare", "explore", "pairs", "runs", "serve", "embed"}
    named = {name for name in ct.__all__ if name[0].islower()}
    assert named - verbs <= set(LENSES)


def test_a_question_is_answered_as_in_python(server: Started, server_lm: LM, run_id: str) -> None:
    question = {"what": "head", "layer": 1, "head": 2}
    answer = server.client.post(f"/api/runs/{run_id}/views/attention/ask", json=question)
    trace = server.service.runs.open(run_id, server_lm)
    wanted = ct.attention(trace).answer(question)
    assert answer.headers["x-dtype"] == wanted.dtype.name
    shape = tuple(int(size) for size in answer.headers["x-shape"].split(","))
    got = np.frombuffer(answer.content, wanted.dtype).reshape(shape)
    assert np.array_equal(got, wanted)


def test_a_section_of_a_report_and_its_questions(server: Started, run_id: str) -> None:
    ask = f"/api/runs/{run_id}/views/report/ask"
    section = server.client.post(ask, json={"what": "section", "section": "attention"})
    assert section.status_code == 200
    whole = server.client.get(f"/api/runs/{run_id}/views/attention").content
    assert section.content == whole
    head = {"what": "head", "layer": 0, "head": 1}
    inside = server.client.post(ask, json={**head, "section": "attention"})
    alone = server.client.post(f"/api/runs/{run_id}/views/attention/ask", json=head)
    assert inside.content == alone.content
    account = server.client.post(ask, json={"what": "account", "at": 2})
    assert json.loads(account.content)


def test_one_view_answers_all_its_questions(server: Started, run_id: str) -> None:
    """The second question does not make the picture again."""
    address = f"/api/runs/{run_id}/views/attention/ask?layers=1"
    for head in (0, 1):
        question = {"what": "head", "layer": 1, "head": head}
        assert server.client.post(address, json=question).status_code == 200
    kept = [key for key in server.service.views.newest_last() if '{"layers": [1]}' in key[1]]
    assert len(kept) == 1


@pytest.mark.parametrize(
    ("lens", "words"),
    [
        ("logit_lens?k=0", "invalid k 0"),
        ("logit_lens?k=1001", "invalid k 1001; allowed: up to 1000"),
        ("logit_lens?k=x", "invalid k 'x'; allowed: a whole number"),
        ("logit_lens?k=1&k=2", "invalid k ['1', '2']; allowed: one value"),
        ("logit_lens?nope=1", "unknown argument of logit_lens 'nope'; known: 'k'"),
        ("logit_lens?inside=maybe", "invalid inside 'maybe'; allowed: true or false"),
        ("walk?layer=99", "invalid layer 99"),
        ("watch?tokens=", "token"),
        ("saliency?method=magic", "unknown method"),
        ("attention?layers=a", "invalid layers 'a'"),
        ("report?lenses=nope", "unknown lens of a report 'nope'"),
    ],
)
def test_a_wrong_argument_is_refused_in_words(
    server: Started, run_id: str, lens: str, words: str
) -> None:
    answer = server.client.get(f"/api/runs/{run_id}/views/{lens}")
    assert answer.status_code == 422
    assert words in answer.json()["problem"]


@pytest.mark.parametrize(
    "question",
    [
        {}, {"what": "head"}, {"what": "head", "layer": "x", "head": {}}, {"what": 7},
        {"what": "head", "layer": 99, "head": 0}, {"what": "head", "layer": None, "head": 1e400},
        {"what": "chunk"}, {"what": "chunk", "array": "weight", "index": -1},
        {"what": "chunk", "array": [], "index": "0"}, {"what": "__class__"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("lens", ["attention", "logit_lens", "report"])
def test_a_wrong_question_is_refused_in_words(
    server: Started, run_id: str, lens: str, question: dict[str, Any]
) -> None:
    sent = json.dumps(question).replace("Infinity", "1e999")
    answer = server.client.post(
        f"/api/runs/{run_id}/views/{lens}/ask", content=sent,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 422, answer.text
    assert answer.json()["problem"]


def test_two_runs_are_compared(server: Started, server_lm: LM, run_id: str) -> None:
    other = server.run("The keys to a", name="a key")
    given = {"a": run_id, "b": other, "lens": "attention", "heads": "1"}
    answer = server.client.get("/api/compare", params=given)
    traces = [server.service.runs.open(each, server_lm) for each in (run_id, other)]
    wanted = ct.compare(*traces, lens="attention", names=("keys", "a key"), heads=[1])
    assert answer.content == packet(wanted._live_spec)
    asked = server.client.post(
        "/api/compare/ask", params=given, json={"what": "head", "layer": 0, "head": 1}
    )
    assert asked.headers["x-dtype"] == "uint16"
    page = server.client.get("/api/compare/page", params={**given, "lens": "logit_lens"} | {})
    assert page.status_code == 422  # the logit lens has no heads
    page = server.client.get("/api/compare/page", params={"a": run_id, "b": other})
    assert page.headers["content-disposition"].startswith("attachment")
    assert page.text.startswith("<!doctype html>")
    assert server.client.get("/api/compare", params={"a": run_id, "b": "abcd"}).status_code == 404


def test_an_explored_tree_grows_and_tabs_are_apart(server: Started) -> None:
    given = {"text": "The keys", "session": "one"}
    assert server.client.get("/api/explore", params=given).status_code == 200
    pick = {"what": "expand", "node": 0, "token": 5}
    grown = server.client.post("/api/explore/ask", params=given, json=pick)
    assert grown.status_code == 200
    later = server.client.post("/api/explore/ask", params=given, json={"what": "go", "node": 1})
    assert later.status_code == 200
    other = server.client.post(
        "/api/explore/ask", params={**given, "session": "two"}, json={"what": "go", "node": 1}
    )
    assert other.status_code == 422
    assert server.client.get("/api/explore/page", params=given).status_code == 200
    many = {"what": "sample", "node": 0, "n": 51}
    refused = server.client.post("/api/explore/ask", params=given, json=many)
    assert "invalid n 51" in refused.json()["problem"]
    for node, status in ((7, 422), (1, 201)):
        kept = server.client.post("/api/explore/run", params=given, json={"node": node})
        assert kept.status_code == status
    run = kept.json()
    trace = server.service.runs.open(run["id"])
    assert (trace.token_ids[-1], run["produced"]) == (5, 1)


def test_a_page_is_the_one_that_is_saved(server: Started, server_lm: LM, run_id: str) -> None:
    from cutaway.render.page import page

    answer = server.client.get(f"/api/runs/{run_id}/page/logit_lens?k=2")
    trace = server.service.runs.open(run_id, server_lm)
    assert answer.text == page(ct.logit_lens(trace, k=2).spec)


def test_what_is_looked_at_first_comes_first(server: Started, run_id: str) -> None:
    """With `look`, the whole text but only some columns; where all are seen, the whole lens."""
    address = f"/api/runs/{run_id}/views/logit_lens"
    whole = server.client.get(address).content
    assert server.client.get(f"{address}?look=1000").content == whole
    headers = [
        _header(server.client.get(address + query).content) for query in ("", "?look=1&at=0")
    ]
    assert [header["partial"] for header in headers] == [False, True]
    assert headers[0]["positions"] == headers[1]["positions"]
    refused = server.client.get(f"{address}?look=1&positions=0")
    assert refused.status_code == 422
    assert "a lens of all positions" in refused.json()["problem"]


def _header(content: bytes) -> dict[str, Any]:
    (length,) = struct.unpack("<I", content[:4])
    header: dict[str, Any] = json.loads(content[4 : 4 + length])["header"]
    return header
