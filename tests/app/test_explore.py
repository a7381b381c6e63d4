"""The explorer: ids are appended exactly, the tree is kept, draws are ranked and reproduced."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.app.explore import Explorer
from cutaway.core.errors import InvalidError, MissingError, UnknownError
from cutaway.model.lm import LM
from cutaway.render.text import text
from tests.models import tiny, tiny_tokenizer

PROMPT = "The keys to the"


@pytest.fixture
def view(tiny_lm: LM) -> Explorer:
    return ct.explore(tiny_lm, PROMPT, k=8)


def share_after(lm: LM, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        row: torch.Tensor = lm.model(torch.tensor([ids]), use_cache=False).logits[0, -1]
    return row.double().softmax(-1)


def test_the_data_are_the_softmax_of_the_models_logits(tiny_lm: LM, view: Explorer) -> None:
    ids = list(tiny_lm.trace(PROMPT).token_ids)
    share = share_after(tiny_lm, ids)
    data = view.data
    assert data["token_id"].dims == data["drawn"].dims == ("k",)
    assert data["token_id"].values.tolist() == share.argsort(descending=True)[:8].tolist()
    expected = share[data["token_id"].values].numpy()
    np.testing.assert_allclose(data["probability"], expected, rtol=2e-5)
    np.testing.assert_allclose(data["drawn"], expected, rtol=2e-5)
    assert json.loads(data.attrs["options"])["node"] == 0


def test_picks_append_ids_and_never_read_the_text_again(tiny_lm: LM, view: Explorer) -> None:
    ids = list(tiny_lm.trace(PROMPT).token_ids)
    by_rank = int(view.data["token_id"].values[2])
    view.pick(3)
    # Two letters that the tokenizer would join are two tokens here.
    letters = [tiny_lm.token_id("o"), tiny_lm.token_id("n")]
    view.pick("o").pick(token_id=letters[1])
    assert view.trace().token_ids == (*ids, by_rank, *letters)
    assert view.trace().n_prompt == len(ids)
    assert view.trace(node=1).token_ids == (*ids, by_rank)


def test_a_picks_probability_is_the_models_even_of_what_is_no_candidate(tiny_lm: LM) -> None:
    ids = list(tiny_lm.trace(PROMPT).token_ids)
    share = share_after(tiny_lm, ids)
    view = ct.explore(tiny_lm, PROMPT)
    for token_id in (int(share.argmax()), int(share.argmin())):
        view.go(0).pick(token_id=token_id)
        told = view.tree[0]["children"][-1]
        assert told["token_id"] == token_id
        assert told["probability"] == pytest.approx(float(share[token_id]), rel=1e-4)


def test_what_is_printed_for_a_candidate_picks_it(tiny_lm: LM, view: Explorer) -> None:
    label = next(str(label) for label in view.data["token"].values if str(label).isprintable())
    first = view.data["token"].values.tolist().index(label)
    token_id = int(view.data["token_id"].values[first])
    view.pick(label)
    assert view.trace().token_ids[-1] == token_id
    with pytest.raises(InvalidError, match="one token"):
        view.pick("no such token at all")


def test_branches_are_kept_and_a_pick_again_is_the_same_node(view: Explorer) -> None:
    view.pick(1).pick(1).back().pick(2).go(0).pick(2)
    assert [child["node"] for child in view.tree[0]["children"]] == [1, 4]
    assert [child["node"] for child in view.tree[0]["children"][0]["children"]] == [2, 3]
    view.go(1).pick(2)
    assert len(view.spec.header["nodes"]) == 5
    assert view.spec.header["at"] == 3
    with pytest.raises(InvalidError, match="node"):
        view.go(5)
    with pytest.raises(InvalidError, match="after a pick"):
        view.go(0).back()
    with pytest.raises(InvalidError, match="rank"):
        view.pick(0)
    with pytest.raises(InvalidError, match="token_id="):
        view.pick()


def test_samples_are_ranked_and_a_seed_reproduces_them(tiny_lm: LM, view: Explorer) -> None:
    view.pick(1).sample(5, max_new_tokens=4, seed=3)
    first = view.samples
    assert [one["mean"] for one in first] == sorted((one["mean"] for one in first), reverse=True)
    ids = list(view.trace().token_ids)
    for one in first:
        logs, done = [], list(ids)
        for token_id in one["token_ids"]:
            logs.append(float(share_after(tiny_lm, done).log()[token_id]))
            done.append(token_id)
        assert one["mean"] == pytest.approx(np.mean(logs), rel=1e-4)
    assert view.sample(5, max_new_tokens=4, seed=3).samples == first
    with pytest.raises(MissingError, match="none were drawn here"):
        _ = view.go(0).samples


def test_rambling_begins_a_tree_with_the_start_token_or_says_that_there_is_none() -> None:
    lm = ct.wrap(*tiny("llama"))
    view = ct.explore(lm, PROMPT)
    lm.model.config.bos_token_id = None
    with pytest.raises(MissingError, match="explore a text instead"):
        view.ramble(2)
    lm.model.config.bos_token_id = 5
    view.ramble(2, max_new_tokens=3)
    assert len(view.samples) == 2
    assert [root["token_id"] for root in view.tree][1:] == [5]
    assert view.trace().token_ids == (5,)
    view.ramble(1, max_new_tokens=2)
    assert len(view.tree) == 2


def test_filters_begin_where_they_are_asked_for(tiny_lm: LM) -> None:
    data = ct.explore(tiny_lm, PROMPT, temperature=0.73, top_k=3).data
    share = (share_after(tiny_lm, list(tiny_lm.trace(PROMPT).token_ids)).log() / 0.73).softmax(-1)
    kept = share.sort(descending=True).values[:3]
    np.testing.assert_allclose(data["drawn"][:3], (kept / kept.sum()).numpy(), rtol=1e-4)
    assert not data["drawn"][3:].any()


def test_what_is_out_of_range_is_refused(tiny_lm: LM) -> None:
    wrong: list[dict[str, Any]] = [
        {"k": 0}, {"temperature": 0.0}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5},
    ]  # fmt: skip
    for options in wrong:
        with pytest.raises(InvalidError, match=next(iter(options))):
            ct.explore(tiny_lm, PROMPT, **options)


def test_a_filter_that_needs_more_than_is_known_is_said_in_words() -> None:
    model = tiny("llama", vocab_size=700)[0]
    with torch.no_grad():
        model.lm_head.weight.mul_(1e-3)  # nearly even: 200 of 700 tokens hold a third
    view = ct.explore(ct.wrap(model, tiny_tokenizer()), PROMPT, top_p=0.99)
    assert view.data["drawn"].isnull().all()
    assert "more than the 200 known" in view.spec.header["notes"][-1]


def test_every_form_can_be_saved(view: Explorer, tmp_path: Path) -> None:
    view.pick(1).sample(3, max_new_tokens=3, top_k=5)
    for suffix in ("html", "svg", "png", "json", "csv", "nc"):
        assert view.save(tmp_path / f"x.{suffix}").stat().st_size
    lines = (tmp_path / "x.csv").read_text("utf-8").splitlines()
    assert lines[0].startswith("k,token_id,token,probability,logit,drawn")
    assert len(lines) == 9
    plain = text(view.spec)
    for one in view.spec.header["samples"][0]["ways"]:
        assert "".join(one["labels"]) in plain


def test_masked_tokens_travel_to_the_picture() -> None:
    model, tokenizer = tiny("llama")
    with torch.no_grad():
        model.lm_head.weight.zero_()
    lm = ct.wrap(model, tokenizer)
    found = lm.candidates([5], 200)
    masked = np.where(np.arange(len(found.logits)) < 3, 0.0, -np.inf)
    view = ct.explore(lm, PROMPT)
    changed = replace(found, logits=masked, log_totals=np.full(20, np.log(3.0)))
    node = replace(view._tree.nodes[0], candidates=changed)
    view._tree = replace(view._tree, nodes=(node,))
    answer = json.loads(view.answer({"what": "go", "node": 0}).tobytes())
    assert answer["logits"][2:4] == [0.0, -1e30]
    np.testing.assert_allclose(view.data["probability"][:4], [1 / 3, 1 / 3, 1 / 3, 0])


def test_the_picture_is_answered_with_a_node_and_python_goes_along(view: Explorer) -> None:
    def asked(**question: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(view.answer(question).tobytes())
        return found

    token = int(view.data["token_id"].values[4])
    answer = asked(what="expand", node=0, token=token)
    assert (answer["at"], answer["node"]["token_id"], answer["drawn"]) == (1, token, None)
    assert view.trace().token_ids[-1] == token
    data = view.data
    np.testing.assert_array_equal(answer["ids"][:8], data["token_id"])
    assert answer["labels"][:8] == data["token"].values.tolist()
    share = np.exp(np.array(answer["logits"]) - answer["logits"][0] - answer["totals"][9])
    np.testing.assert_allclose(share[:8], data["probability"], rtol=1e-6)
    drawing = {"temperature": 1.0, "top_k": 4, "top_p": None, "seed": 2}
    drawn = asked(what="sample", node=0, n=3, **drawing)["drawn"]
    assert (drawn["node"], len(drawn["ways"]), drawn["options"]["top_k"]) == (0, 3, 4)
    assert asked(what="go", node=1)["drawn"] is None
    with pytest.raises(UnknownError, match="expand"):
        view.answer({"what": "head"})
