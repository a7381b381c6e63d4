"""Notebooks: those to begin with, and what a saved one keeps of each view."""

from __future__ import annotations

import ast
import base64
import json
import sys
from types import SimpleNamespace

import nbformat
import pytest

from cutaway.app.view import View
from cutaway.render.bundle import bundle_path
from cutaway.render.static import kept
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec
from tests.lens.made import made
from tests.pages import ROOT, blocks
from tests.view.made import HOSTILE, logit_lens, predictions

NOTEBOOK, MARIMO = (ROOT / "examples" / name for name in ("start.ipynb", "start_marimo.py"))


def asked(code: str) -> set[str]:
    """The questions in some code: calls of ct and of a model."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return {
        ast.unparse(call) for call in calls
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in ("ct", "lm")
    }  # fmt: skip


def cells() -> list[nbformat.NotebookNode]:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_notebooks_ask_what_the_readme_asks() -> None:
    (readme,) = [b.text for b in blocks(ROOT / "README.md") if b.language == "python"]
    notebook = "\n".join(cell.source for cell in cells())
    assert asked(readme) <= asked(notebook) == asked(MARIMO.read_text("utf-8"))
    assert len(asked(readme)) > 4 < len(asked(notebook))


def test_the_notebook_is_stored_without_outputs() -> None:
    assert [cell for cell in cells() if cell.outputs or cell.execution_count] == []


def test_many_views_share_one_copy_of_the_front_end() -> None:
    views = [View(data) for data in (*made().values(), logit_lens(), predictions())]
    views += [View(predictions(seed=seed)) for seed in range(3)]
    states = [json.dumps(view._widget.get_state(drop_defaults=True), default=str) for view in views]
    assert len(views) >= 10
    assert sum(map(len, states)) < bundle_path().stat().st_size
    assert len({id(view._widget.front) for view in views}) == 1


def test_what_is_kept_has_the_picture_the_table_and_what_to_install() -> None:
    view = View(logit_lens())
    shown, _ = view._repr_mimebundle_()
    html = shown["text/html"]
    assert f'src="data:image/png;base64,{shown["image/png"]}"' in html
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    assert "<details><summary>" in html
    assert html.count("<tr>") == len(view.spec.header["layers"]) + 1
    assert "pip install jupyterlab_widgets anywidget" in html
    assert "<script" not in html


def test_without_a_picture_the_table_is_open_and_all_is_text() -> None:
    html = kept(spec_of(predictions()), None)
    assert "<details>" not in html
    assert "<img" not in html
    assert "<h2>" in html
    assert "pip install jupyterlab_widgets anywidget" in html


def test_words_in_a_picture_s_description_can_not_leave_it() -> None:
    spec = spec_of(predictions())
    told = [["", '" onerror="alert(1)'], ["out", HOSTILE]]
    html = kept(Spec(spec.kind, {**spec.header, "sentence": told}, spec.arrays), b"")
    assert 'onerror="' not in html
    assert "<script" not in html


def test_show_displays_the_view_itself_in_marimo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    displayed: list[View] = []
    output = SimpleNamespace(append=displayed.append)
    module = SimpleNamespace(running_in_notebook=lambda: True, output=output)
    monkeypatch.setitem(sys.modules, "marimo", module)
    view = View(predictions())
    view.show()
    assert displayed == [view]
    assert capsys.readouterr().out == ""
