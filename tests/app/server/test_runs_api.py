"""Prompts become runs; runs are listed, named, tagged, taken in, given out and deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
import torch

import cutaway as ct
from cutaway.app.server.job_events import job_events
from cutaway.app.server.jobs import Job, Token
from cutaway.model.lm import LM
from tests.same import same

from .starting import Started, events

HOSTILE = "<script>alert(1)</script>"


def test_a_prompt_becomes_a_run_and_its_tokens_are_told(server: Started, server_lm: LM) -> None:
    job = server.post_run(max_new_tokens=6, name="told", tags=["a"])
    with server.client.stream("GET", f"/api/jobs/{job}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = list(events(answer))
    tokens = [data for name, _, data in heard if name == "token"]
    name, _, end = heard[-1]
    assert (name, end["state"], end["done"], end["total"]) == ("end", "done", 6, 6)
    assert end["tokens"] == tokens
    wanted = server_lm.generate("The keys to the", max_new_tokens=6)
    assert tuple(one["id"] for one in tokens) == wanted.token_ids[wanted.n_prompt :]
    assert [one["position"] for one in tokens] == list(range(wanted.n_prompt, wanted.n_positions))
    assert [one["label"] for one in tokens] == list(wanted.tokens.labels[wanted.n_prompt :])
    with torch.inference_mode():
        logits = server_lm.model(input_ids=torch.tensor([wanted.token_ids])).logits[0]
    shares = logits.double().softmax(-1)
    for one in tokens:
        assert one["probability"] == pytest.approx(
            shares[one["position"] - 1, one["id"]].item(), rel=1e-4
        )
    kept = server.service.runs.open(end["run"])
    assert kept.token_ids == wanted.token_ids


def test_a_token_that_comes_while_others_are_written_is_told() -> None:
    async def heard() -> list[str]:
        job = Job(keep=True)
        job.add_token(Token(0, 5, "a", "a", 0.5))
        names = []
        async for event in job_events(job, 0):
            names += [line for line in event.decode().splitlines() if line[:3] == "id:"]
            if len(job.tokens) == 1 and names:
                job.add_token(Token(1, 6, "b", "b", None))
                job.change(state="done")
        return names

    assert asyncio.run(heard()) == ["id: 0", "id: 1"]


def test_a_listener_that_comes_back_hears_only_what_is_new(server: Started) -> None:
    job = server.post_run(max_new_tokens=5)
    server.ended(job)
    with server.client.stream(
        "GET", f"/api/jobs/{job}/events", headers={"Last-Event-ID": "2"}
    ) as answer:
        heard = list(events(answer))
    assert [(name, number) for name, number, _ in heard] == [
        ("token", "3"), ("token", "4"), ("end", ""),
    ]  # fmt: skip


def test_a_text_can_be_read_alone(server: Started) -> None:
    run = server.client.get(f"/api/runs/{server.run(generate=False, temperature=9)}").json()
    assert (run["produced"], run["text"]) == (0, "The keys to the")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"text": ""}, "invalid text"),
        ({"text": "a" * 200_001}, "invalid text"),
        ({"text": "a", "trust_remote_code": True}, "invalid trust_remote_code"),
        ({"text": "a", "max_new_tokens": 0}, "invalid max_new_tokens"),
        ({"text": "a", "temperature": "hot"}, "invalid temperature"),
        ({"text": "a", "name": "n" * 201}, "invalid name"),
        ({"text": "a", "tags": [" "]}, "invalid tags 0"),
        ({"text": "a", "tags": ["t"] * 51}, "invalid tags"),
        ([], "invalid body"),
    ],
)
def test_a_wrong_prompt_is_refused(server: Started, wanted: object, words: str) -> None:
    answer = server.client.post("/api/runs", json=wanted)
    assert answer.status_code == 422
    assert words in answer.json()["problem"]


def test_what_the_model_refuses_fails_in_words(server: Started) -> None:
    job = server.ended(server.post_run(max_new_tokens=90_000))
    assert job["state"] == "failed"
    assert "invalid max_new_tokens" in job["problem"]
    job = server.ended(server.post_run(top_k=3))
    assert "give temperature=1.0 as well" in job["problem"]


def test_an_unknown_model_or_job_is_not_there(server: Started) -> None:
    answer = server.client.post("/api/runs", json={"text": "a", "model": "nobody"})
    assert answer.status_code == 404
    assert answer.json()["problem"].startswith("unknown model 'nobody'")
    assert server.client.get("/api/jobs/0123456789abcdef").status_code == 404
    assert server.client.get("/api/jobs/x").status_code == 422


def test_runs_are_found_by_text_and_tag(server: Started, run_id: str) -> None:
    found = server.client.get("/api/runs", params={"search": "keys", "tag": "one"}).json()
    assert found["total"] == 1
    run = found["runs"][0]
    assert (run["id"], run["name"], run["tags"]) == (run_id, "keys", ["one", "two"])
    assert run["model"] == "LlamaForCausalLM"
    assert (run["n_tokens"], run["produced"]) == (7, 3)
    assert run["kept"] == ["states"]
    none = server.client.get("/api/runs", params={"tag": "one", "limit": 0}).json()
    assert (none["total"], none["runs"]) == (1, [])


def test_hostile_names_and_tags_come_back_as_they_are(server: Started) -> None:
    run = server.run("1, 1, 2", name="before")
    for name in (HOSTILE, "../../etc/passwd", "a\0b", "😀 ‮x", ""):
        answer = server.client.patch(f"/api/runs/{run}", json={"name": name, "tags": [name or "x"]})
        assert answer.status_code == 200, answer.text
        found = server.client.get(f"/api/runs/{run}")
        assert found.headers["content-type"] == "application/json"
        assert (found.json()["name"], found.json()["tags"]) == (name, [name or "x"])
        sent = server.client.get(f"/api/runs/{run}/trace")
        header = sent.headers["content-disposition"]
        assert header.startswith("attachment; filename*=UTF-8''")
        assert not set(header) & set("<>/\\\0")
        page = server.client.get(f"/api/runs/{run}/page/logit_lens").text
        assert HOSTILE not in page
    assert not server.client.patch(f"/api/runs/{run}", json={"names": "x"}).is_success


def test_a_run_goes_out_and_comes_in_again(server: Started, run_id: str, tmp_path: Path) -> None:
    sent = server.client.get(f"/api/runs/{run_id}/trace").content
    (tmp_path / "sent.trace").write_bytes(sent)
    trace = ct.open(tmp_path / "sent.trace")
    assert same(trace, server.service.runs.open(run_id))
    again = server.client.put("/api/runs", content=sent, params={"name": "keys"})
    assert (again.status_code, again.json()["id"]) == (200, run_id)
    other = server.run("The capital of Italy")
    sent = server.client.get(f"/api/runs/{other}/trace").content
    assert server.client.delete(f"/api/runs/{other}").status_code == 204
    assert server.client.get(f"/api/runs/{other}").status_code == 404
    assert server.client.delete(f"/api/runs/{other}").status_code == 404
    back = server.client.put("/api/runs", content=sent, params={"name": HOSTILE})
    assert (back.status_code, back.json()["id"], back.json()["name"]) == (201, other, HOSTILE)
    assert not list(server.service.runs.incoming.iterdir())


def test_ids_are_no_paths(server: Started) -> None:
    for wrong in ("..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a" * 21, "xyzx"):
        for path in (wrong, f"{wrong}/trace", f"{wrong}/views/logit_lens"):
            answer = httpx.get(f"{server.base}api/runs/{path}", cookies=server.client.cookies)
            assert answer.status_code in (404, 422), path
            assert "problem" in answer.json()
