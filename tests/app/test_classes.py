"""Classifiers: the classes after each layer, and what they were read from."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import cutaway as ct
from cutaway.core.errors import CutawayError, InvalidError, MissingError, UnknownError
from tests.models import tiny, tiny_model, tiny_tokenizer
from tests.same import same

from .test_pairs_of_texts import A, B, tokenizer

TEXT = "The keys to the cabinet are on the table."
KINDS = ("sequence", "token", "span")


@pytest.fixture(scope="module")
def lms() -> dict[str, Any]:
    counts = {"sequence": 3, "token": 3, "span": 2}
    return {kind: ct.wrap(*tiny(f"{kind} bert", num_labels=n)) for kind, n in counts.items()}


def answer(model: Any, token_ids: Any, **given: Any) -> Tensor:
    """(n,) or (T, n) the model's own logits; (T, 2) those of start and end."""
    output = model(torch.tensor([list(token_ids)]), **given)
    if "start_logits" in output:
        return torch.stack([output.start_logits[0], output.end_logits[0]], dim=-1)
    return output.logits[0]  # type: ignore[no-any-return]


def by_autograd(model: Any, trace: Any, pick: Callable[[Tensor], Tensor]) -> Any:
    """Input x gradient by a plain loop over nothing of ours: (T,) shares."""
    held: list[Any] = []
    hook = model.get_input_embeddings().register_forward_hook(
        lambda _m, _a, out: held.append(out.detach().requires_grad_()) or held[0]
    )
    (gradient,) = torch.autograd.grad(pick(answer(model, trace.token_ids)), held[0])
    hook.remove()
    scores = (gradient * held[0]).norm(dim=-1)[0].detach()
    return (scores / scores.sum()).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_each_layer_is_the_model_without_the_blocks_above_it(
    lms: dict[str, Any], kind: str
) -> None:
    trace = lms[kind].trace(TEXT)
    data = ct.classes(trace).data
    model = deepcopy(lms[kind].model)
    blocks = list(model.bert.encoder.layer)
    seen = []
    for layer in range(-1, len(blocks)):
        model.bert.encoder.layer = nn.ModuleList(blocks[: layer + 1])
        with torch.no_grad():
            seen.append(answer(model, trace.token_ids).numpy())
    np.testing.assert_allclose(data["logit"], seen, atol=1e-5)
    assert np.abs(np.diff(seen, axis=0)).max(axis=tuple(range(1, data["logit"].ndim))).min() > 0.01


def test_probabilities_are_the_softmax_over_what_excludes_each_other(lms: dict[str, Any]) -> None:
    for kind in KINDS:
        data = ct.classes(lms[kind].trace(TEXT)).data
        axis = 1 if kind == "span" else -1
        logits = torch.tensor(data["logit"].values).double()
        np.testing.assert_allclose(data["probability"], logits.softmax(axis), atol=1e-6)


def test_the_likeliest_answers_are_those_of_a_plain_loop_over_the_second_text() -> None:
    lm = ct.wrap(tiny_model("span bert"), tokenizer())
    trace = lm.trace(B, A)
    data = ct.classes(trace, k=4).data.isel(layer=-1)
    with torch.no_grad():
        types = torch.tensor([trace.tokens.types])
        own = answer(lm.model, trace.token_ids, token_type_ids=types).softmax(0)
    inside = [at for at, text in enumerate(trace.tokens.segments) if text == 1]
    spans = [(float(own[i, 0] * own[j, 1]), i, j) for i in inside for j in inside if i <= j]
    best = sorted(spans, reverse=True)[:4]
    assert data["span_start"].values.tolist() == [i for _, i, _ in best]
    assert data["span_end"].values.tolist() == [j for _, _, j in best]
    np.testing.assert_allclose(data["span_probability"], [p for p, _, _ in best], atol=1e-6)
    np.testing.assert_allclose(data["no_answer"], own[0].prod(), atol=1e-6)
    _, i, j = best[0]
    text = trace.text[trace.tokens.starts[i] : trace.tokens.ends[j]]
    assert data["span_text"].values[0] == text
    why = ct.saliency(trace, label="end").data  # of the best answer's own end
    assert why["target"].item() == j


def test_a_saliency_explains_a_label_a_tokens_label_an_answers_place(lms: dict[str, Any]) -> None:
    def shares(kind: str, **asked: Any) -> Any:
        trace = lms[kind].trace(TEXT)
        return ct.saliency(trace, **asked).data["saliency"][0], trace

    for asked, kind, pick in (
        ({"label": "LABEL_1"}, "sequence", lambda x: x[1]),
        ({"label": 1, "contrast": "LABEL_2"}, "sequence", lambda x: x[1] - x[2]),
        ({"label": 2, "targets": 3}, "token", lambda x: x[3, 2]),
        ({"targets": 3}, "token", lambda x: x[3].max()),
        ({"label": "end", "targets": 4}, "span", lambda x: x[4, 1]),
        ({"label": "start", "targets": 4, "quantity": "log_probability"}, "span",
         lambda x: x[:, 0].log_softmax(0)[4]),
    ):  # fmt: skip
        found, trace = shares(kind, **asked)
        np.testing.assert_allclose(found, by_autograd(lms[kind].model, trace, pick), atol=1e-5)


def test_what_is_taken_out_is_lost_to_the_label(lms: dict[str, Any]) -> None:
    lm = lms["sequence"]
    trace = lm.trace(TEXT)
    data = ct.saliency(trace, label=1, method="occlusion", replacement=" ").data
    space = trace.source.token_id(" ")
    with torch.no_grad():
        whole = answer(lm.model, trace.token_ids).log_softmax(-1)[1]
        for at in (0, 5):
            ids = [space if i == at else token for i, token in enumerate(trace.token_ids)]
            left = answer(lm.model, ids).log_softmax(-1)[1]
            np.testing.assert_allclose(data["score"][0, at], whole - left, atol=1e-5)
    curve = ct.saliency(trace, label=1).check().data["probability"]
    np.testing.assert_allclose(curve[:, 0], whole.exp(), atol=1e-5)
    with pytest.raises(InvalidError, match="'replace'"):
        ct.saliency(trace, method="occlusion", how="delete")


def test_a_saved_trace_answers_its_classes_without_the_model(
    lms: dict[str, Any], tmp_path: Path
) -> None:
    for kind in KINDS:
        trace = lms[kind].trace(TEXT, keep="lens")
        assert trace.nbytes == sum(lms[kind].cost(TEXT, keep="lens").values())
        opened = ct.open(trace.save(tmp_path / f"{kind}.trace"))
        assert same(opened, trace)
        assert ct.classes(opened).data.equals(ct.classes(trace).data)
    bare = ct.open(lms["token"].trace(TEXT).save(tmp_path / "bare.trace"))
    with pytest.raises(MissingError, match="keep='lens'"):
        ct.classes(bare)


def test_what_a_classifier_is_not_asked_is_refused_in_words(lms: dict[str, Any]) -> None:
    trace = lms["sequence"].trace(TEXT)
    for ask in (ct.logit_lens, ct.predictions, lambda t: ct.watch(t, [1])):
        with pytest.raises(MissingError, match=r"ct\.classes"):
            ask(trace)
    with pytest.raises(MissingError, match="classifier"):
        lms["sequence"].generate(TEXT)
    with pytest.raises(UnknownError, match="'LABEL_0', 'LABEL_1'"):
        ct.saliency(trace, label="joy")
    for wrong in ({"targets": 2}, {"label": 1, "contrast": 1}):
        with pytest.raises(InvalidError):
            ct.saliency(trace, **wrong)
    with pytest.raises(InvalidError, match="finds answers"):
        ct.classes(trace, k=2)


@pytest.mark.slow
def test_scores_and_labels_of_their_own_are_told_from_classes() -> None:
    for count, kind, probability in (
        (3, "multi_label_classification", torch.sigmoid),
        (3, "regression", None),
        (1, None, None),
    ):
        lm = ct.wrap(*tiny("sequence bert", num_labels=count, problem_type=kind))
        trace = lm.trace(TEXT)
        data = ct.classes(trace).data
        if probability is None:
            assert np.isnan(data["probability"]).all()
            with pytest.raises(InvalidError, match="no probabilities"):
                ct.saliency(trace, quantity="probability")
            with pytest.raises(MissingError, match="no probabilities"):
                ct.saliency(trace).check()
            continue
        own = probability(torch.tensor(data["logit"].values).double())
        np.testing.assert_allclose(data["probability"], own, atol=1e-6)
        shares = ct.saliency(trace, label=2, quantity="probability").data["saliency"][0]
        expected = by_autograd(lm.model, trace, lambda x: x[2].sigmoid())
        np.testing.assert_allclose(shares, expected, atol=1e-5)


@pytest.mark.slow
def test_a_decoder_that_names_no_padding_is_read_at_its_last_token() -> None:
    lm = ct.wrap(tiny_model("sequence gpt2", pad_token_id=None), tiny_tokenizer())
    trace = lm.trace(TEXT)
    with torch.no_grad():
        own = answer(lm.model, trace.token_ids)
    np.testing.assert_allclose(ct.classes(trace).data["logit"][-1], own, atol=1e-6)
    shares = ct.saliency(trace, label=0).data["saliency"][0]
    expected = by_autograd(lm.model, trace, lambda x: x[0])
    np.testing.assert_allclose(shares, expected, atol=1e-5)
    lost = ct.saliency(trace, label=0, method="occlusion", quantity="logit").data["score"][0]
    ids = (*trace.token_ids[:2], trace.source.token_id(" "), *trace.token_ids[3:])
    with torch.no_grad():
        left = answer(lm.model, ids)[0]
    np.testing.assert_allclose(lost[2], own[0] - left, atol=1e-5)
    assert lm.model.config.pad_token_id is None


@pytest.mark.slow
def test_a_folder_opens_as_what_was_saved_in_it(tmp_path: Path) -> None:
    for kind in KINDS:
        model = tiny_model(f"{kind} bert", num_labels=2, id2label={0: "no", 1: "yes"})
        model.save_pretrained(tmp_path / kind)
        tiny_tokenizer().save_pretrained(tmp_path / kind)
        lm = ct.load(tmp_path / kind)
        assert type(lm.model) is type(model)
        assert (lm.card.task, lm.card.labels) == (
            kind, ("start", "end") if kind == "span" else ("no", "yes"),
        )  # fmt: skip
    with pytest.raises(CutawayError, match="no head that classifies"):
        ct.classes(ct.wrap(*tiny("gpt2")).trace(TEXT))


@pytest.mark.slow
def test_a_report_has_classes_where_others_have_tokens(lms: dict[str, Any], tmp_path: Path) -> None:
    for kind, told in (
        ("sequence", "The model says LABEL_"),
        ("token", "the model says LABEL_"),
        ("span", "The answer begins at"),
    ):
        trace = lms[kind].trace(TEXT, keep=("lens", "neurons"))
        report = ct.report(trace)
        assert not report.missing
        sections = [section["name"] for section in report.spec.header["sections"]]
        assert sections[:2] == ["classes", "saliency"]
        assert not {"lens", "race"} & set(sections)
        walked = report["walk"].data
        assert walked.equals(ct.walk(trace, at=report.spec.header["opens_at"]).data)
        account = report.account(2)
        assert told in account
        share = ct.saliency(trace).data["saliency"][-1 if kind != "token" else 2, 2].item()
        assert f"{100 * share:.3g}"[:3] in account
        opened = ct.report(ct.open(trace.save(tmp_path / f"{kind}.trace")))
        assert "classes" not in opened.missing
        assert "the model" in opened.missing["saliency"]
