"""W&B's history: rows are neither lost nor dropped, whatever a training loop logs between them."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from cutaway.app.view import View
from cutaway.core.errors import MissingError
from cutaway.render.page import page
from tests.app import trackers
from tests.view.made import logit_lens

LENS = "logit_lens"


@pytest.fixture
def view() -> View:
    return View(logit_lens())


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = trackers.wandb()
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def test_wandb_gets_page_table_scalars_and_provenance(view: View, wandb: ModuleType) -> None:
    run = trackers.Run()
    logged = view.log(run, step=7)
    html_ = run.open[f"{LENS}/page"]
    assert (html_.html, html_.inject, html_.path) == (page(view.spec), False, False)
    assert len(run.open[f"{LENS}/table"].data) == view.data["token_id"].size
    assert run.charts == {f"{LENS}/*": f"{LENS}/step"}
    assert run.open[f"{LENS}/step"] == 7
    assert run.config["cutaway"][LENS]["model"] == "made-up/model"
    assert set(logged) == set(run.open)


def test_wandb_keeps_every_row_and_every_step_of_a_loop(view: View, wandb: ModuleType) -> None:
    run = trackers.Run()
    for step in range(3):
        run.log({"loss": step}, step=step)
        view.log(run, "a", step=step)
        view.log(run, "b", step=step)
    run.close()
    assert run.dropped == []
    assert [step for step, _ in run.rows] == [0, 1, 2]
    assert [(row["loss"], row["a/step"], row["b/step"]) for _, row in run.rows] == [
        (0, 0, 0), (1, 1, 1), (2, 2, 2)
    ]  # fmt: skip


def test_wandb_keeps_what_is_logged_under_one_name_with_nothing_between(
    view: View, wandb: ModuleType
) -> None:
    run = trackers.Run()
    for step in (5, 9, 12):
        view.log(run, "a", step=step)
    run.close()
    assert [row["a/step"] for _, row in run.rows] == [5, 9, 12]
    assert list(run.config["cutaway"]) == ["a"]


def test_the_module_wandb_means_its_active_run(view: View, wandb: ModuleType) -> None:
    with pytest.raises(MissingError, match=r"wandb\.init"):
        view.log(wandb)
    wandb.run = trackers.Run()  # type: ignore[attr-defined]
    view.log(wandb)
    assert wandb.run.open
