"""A View shows itself where it is, and its files hold its numbers."""

from __future__ import annotations

import base64
import csv
import errno
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from cutaway.app.export import SUFFIXES, to_csv, to_json
from cutaway.app.view import View
from cutaway.core.errors import FileError, MissingError
from cutaway.render.bundle import bundle_path
from cutaway.render.figure import still
from cutaway.render.page import page
from cutaway.render.text import text
from tests.view.made import logit_lens, predictions


@pytest.fixture(params=["lens", "inside", "ranks", "candidates"])
def data(request: pytest.FixtureRequest) -> xr.Dataset:
    return {
        "lens": lambda: logit_lens(), "inside": lambda: logit_lens(inside=True),
        "ranks": lambda: logit_lens(rank_of="next"), "candidates": lambda: predictions(),
    }[request.param]()  # fmt: skip


def rebuilt(parts: dict) -> dict[str, tuple[list[str], np.ndarray]]:
    """Arrays from their JSON form."""
    return {
        name: (part["dims"], np.array(part["values"], dtype=part["dtype"]))
        for name, part in parts.items()
    }


@pytest.mark.parametrize("half", [False, True])
def test_json_gives_the_dataset_back(data: xr.Dataset, half: bool) -> None:
    if half:
        data["probability"] = data["probability"].astype(np.float16)
    read = json.loads(to_json(data))
    again = xr.Dataset(rebuilt(read["data"]), rebuilt(read["coords"]))
    for name in data.variables:
        np.testing.assert_array_equal(again[name].values, data[name].values)
        assert again[name].dtype == data[name].dtype
    assert read["attrs"]["options"] == json.loads(data.attrs["options"])


def test_json_has_names_for_what_json_lacks() -> None:
    data = logit_lens()
    data["kl"].values[0, :3] = [np.nan, np.inf, -np.inf]
    read = json.loads(to_json(data), parse_constant=pytest.fail)
    assert read["data"]["kl"]["values"][0][:3] == [None, "inf", "-inf"]


def test_netcdf_gives_the_dataset_back(data: xr.Dataset, tmp_path: Path) -> None:
    with xr.open_dataset(View(data).save(tmp_path / "a.nc")) as read:
        for name in data.variables:
            np.testing.assert_array_equal(read[name].values, data[name].values)
        assert read.attrs["run"] == data.attrs["run"]


def test_netcdf_has_texts_that_it_would_cut_as_json(tmp_path: Path) -> None:
    data = logit_lens()
    data["input_text"].values[0] = "a\0b"
    with xr.open_dataset(View(data).save(tmp_path / "a.nc")) as read:
        written = read["input_text"]
        assert "as JSON" in written.attrs["texts"]
        assert [json.loads(text) for text in written.values] == data["input_text"].values.tolist()
        assert "texts" not in read["input"].attrs


def test_a_full_disk_under_the_temporary_folder_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(FileError, match=r"No space left on device.*TMPDIR"):
        View(logit_lens()).save(tmp_path / "a.nc")
    assert list(tmp_path.iterdir()) == []


def test_csv_repeats_what_has_fewer_axes(data: xr.Dataset) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(data))))
    widest = data["token_id"]
    assert len(rows) == widest.size
    for row, place in zip(rows, np.ndindex(widest.shape), strict=True):
        at = dict(zip(widest.dims, place, strict=True))
        for name, array in data.data_vars.items():
            value = array.isel({axis: at[axis] for axis in array.dims}).item()
            if isinstance(value, float) and np.isnan(value):
                assert row[name] == ""
            elif isinstance(value, float):
                assert np.float32(row[name]) == np.float32(value)
            else:
                assert row[name] == str(value)
        assert row["layer"] == str(data["layer"].values[at["layer"]])


def test_csv_says_who_made_it_in_its_first_row(data: xr.Dataset) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(data))))
    assert json.loads(rows[0]["made_by"])["model"]["name"] == "made-up/model"
    assert {row["made_by"] for row in rows[1:]} == {""}


def test_a_page_is_the_page_of_the_spec(data: xr.Dataset, tmp_path: Path) -> None:
    view = View(data)
    path = view.save(tmp_path / "a.html")
    assert path.read_text("utf-8") == page(view.spec)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_is_written_whole(suffix: str, tmp_path: Path) -> None:
    path = View(logit_lens()).save(str(tmp_path / f"a{suffix.upper()}"))
    assert path.stat().st_size > 500
    assert list(tmp_path.iterdir()) == [path]


def test_the_spec_is_made_once() -> None:
    view = View(logit_lens())
    assert view.spec is view.spec


def test_a_notebook_gets_a_widget_and_a_table_for_where_none_runs(data: xr.Dataset) -> None:
    view = View(data)
    shown, _ = view._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(shown)
    assert base64.b64decode(shown["image/png"]) == still(view.spec)
    again, _ = view._repr_mimebundle_()
    key = "application/vnd.jupyter.widget-view+json"
    assert again[key] == shown[key]
    assert "<script" not in shown["text/html"]


def test_widgets_share_one_copy_of_the_front_end() -> None:
    first, other = View(logit_lens())._widget, View(predictions())._widget
    assert first.front is other.front
    assert first.front.code == bundle_path().read_text("utf-8")
    assert len(first._esm) < 2_000
    assert first.get_state()["front"] == f"IPY_MODEL_{first.front.model_id}"
    assert first.envelope["kind"] == "logit_lens"
    assert first.data == View(logit_lens()).spec.data()


def test_the_prompt_and_show_print_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    view = View(predictions())
    view.show()
    assert capsys.readouterr().out == text(view.spec)
    assert "What it nearly said" in repr(view)


def test_show_displays_the_view_itself_in_a_notebook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    displayed: list[View] = []
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=displayed.append))
    view = View(predictions())
    view.show()
    assert displayed == [view]
    assert capsys.readouterr().out == ""


def test_text_that_has_no_room_is_refused_with_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lazy array of 20 million numbers: nothing of it is touched."""
    data = xr.Dataset({"weight": (("a", "b"), np.broadcast_to(np.float32(0), (10_000, 2_000)))})
    for make, words in (
        (to_json, r"20,000,000 numbers as .json take 1.5 GB"),
        (to_csv, r"20,000,000 rows as .csv take 3.6 GB"),
    ):
        monkeypatch.setenv("CUTAWAY_MEMORY", "1.4")
        with pytest.raises(
            MissingError, match=f"{words}, and text may take 350 MB; save it as .nc"
        ):
            make(data)
