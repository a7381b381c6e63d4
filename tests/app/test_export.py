"""Files of a view hold the numbers of its dataset, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import cutaway as ct
from cutaway.app.export import SUFFIXES, to_csv, to_json

from ..lens.made import made


@pytest.fixture(scope="module")
def datasets() -> dict[str, xr.Dataset]:
    return made()


@pytest.mark.parametrize("lens", ["watch", "pairs", "neurons", "clusters", "factors"])
def test_json_holds_every_number(datasets: dict[str, xr.Dataset], lens: str) -> None:
    data = datasets[lens]
    read = json.loads(to_json(data))
    for part, arrays in (("data", data.data_vars), ("coords", data.coords)):
        for name, array in arrays.items():
            values = np.array(read[part][name]["values"], dtype=array.dtype)
            np.testing.assert_array_equal(values.reshape(array.shape), array.values)
            assert tuple(read[part][name]["dims"]) == array.dims
    assert read["attrs"]["lens"] == lens
    assert isinstance(read["attrs"]["options"], dict)


@pytest.mark.parametrize("lens", ["watch", "pairs", "neurons"])
def test_csv_has_a_row_for_every_cell(datasets: dict[str, xr.Dataset], lens: str) -> None:
    data = datasets[lens]
    widest = max(data.data_vars.values(), key=lambda array: array.ndim)
    rows = list(csv.DictReader(io.StringIO(to_csv(data))))
    assert len(rows) == widest.size
    names = [name for name, array in data.data_vars.items() if array.dims == widest.dims]
    for row, place in zip(rows, np.ndindex(widest.shape), strict=True):
        for name in names:
            assert float(row[name]) == pytest.approx(float(data[name].values[place]), rel=1e-6)
        for axis, at in zip(widest.dims, place, strict=True):
            assert row[axis] == str(data[axis].values[at])


def test_csv_of_factors_is_a_row_for_each_factor_and_position(datasets) -> None:
    data = datasets["factors"]
    rows = list(csv.DictReader(io.StringIO(to_csv(data))))
    values = np.array([float(row["value"]) for row in rows]).reshape(data["factor"].shape)
    np.testing.assert_allclose(values, data["factor"].values, rtol=1e-6)
    assert {row["input"] for row in rows} == set(data["input"].values.tolist())


@pytest.mark.parametrize("lens", ["watch", "pairs", "neurons", "clusters", "factors"])
def test_netcdf_gives_the_numbers_back(datasets, lens: str, tmp_path: Path) -> None:
    data = datasets[lens]
    path = ct.View(data).save(tmp_path / "data.nc")
    with xr.open_dataset(path) as read:
        for name, array in data.data_vars.items():
            np.testing.assert_array_equal(read[name].values, array.values)


def test_half_precision_is_stored_as_float32(datasets, tmp_path: Path) -> None:
    data = datasets["watch"]
    half = data.assign(probability=data["probability"].astype(np.float16))
    path = ct.View(half).save(tmp_path / "half.nc")
    with xr.open_dataset(path) as read:
        np.testing.assert_array_equal(read["probability"].values, half["probability"].values)


def test_an_unknown_suffix_is_refused_with_the_list(datasets, tmp_path: Path) -> None:
    with pytest.raises(ct.CutawayError, match=r"\.pdf.*\.html, \.svg, \.png"):
        ct.View(datasets["watch"]).save(tmp_path / "view.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_folder_is_named_and_nothing_is_left(datasets, tmp_path: Path, suffix) -> None:
    with pytest.raises(ct.CutawayError, match="nowhere"):
        ct.View(datasets["watch"]).save(tmp_path / "nowhere" / f"view{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_a_view_shows_itself_as_widget_table_and_text(datasets) -> None:
    view = ct.View(datasets["watch"])
    data, _ = view._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "<table>" in data["text/html"]
    assert data["text/plain"] == repr(view)
    assert "The race" in repr(view)


def test_show_prints_in_a_terminal(datasets, capsys: pytest.CaptureFixture[str]) -> None:
    ct.View(datasets["watch"]).show()
    assert "The race" in capsys.readouterr().out
