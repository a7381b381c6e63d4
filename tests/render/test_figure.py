"""Figures hold odd tokens, are the same for the same picture, and say what they are."""

from __future__ import annotations

import io
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from cutaway.core.errors import InvalidError, MissingError, UnknownError
from cutaway.render.drawing import drawable
from cutaway.render.figure import FIGURES, _in_few_colours, _written, figure, still
from cutaway.render.figure_race import watch_figure
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec
from tests.lens.made import made as lens_made
from tests.view.made import LABELS, logit_lens, predictions

pytestmark = pytest.mark.slow


def odd() -> Spec:
    """Every odd label as a top token, as a token read and as one that came."""
    data = logit_lens(positions=12, inside=True)
    labels = [*LABELS[:11], "\N{MUSICAL SYMBOL G CLEF}\U000f0000"]
    data["token"].values[...] = np.array(labels, dtype=object)[None, :, None]
    data["input"].values[:] = labels
    data["next"].values[:] = labels
    return spec_of(data)


SPECS: dict[str, Callable[[], Spec]] = {
    "lens": lambda: spec_of(logit_lens()),
    "ranks": lambda: spec_of(logit_lens(rank_of="next")),
    "odd": odd,
    "long": lambda: spec_of(logit_lens(positions=70)),
    "candidates": lambda: spec_of(predictions()),
}


@pytest.mark.parametrize("fmt", ["svg", "png"])
@pytest.mark.parametrize("name", SPECS)
def test_the_same_spec_gives_the_same_bytes(name: str, fmt: str) -> None:
    spec = SPECS[name]()
    drawn = figure(spec, fmt)
    assert drawn == figure(spec, fmt)
    if fmt == "png":
        assert Image.open(io.BytesIO(drawn)).size[0] > 600
    else:
        assert ET.fromstring(drawn).tag.endswith("svg")


def test_files_carry_their_provenance() -> None:
    spec = SPECS["lens"]()
    assert b"made-up/model" in figure(spec, "svg")
    read = Image.open(io.BytesIO(figure(spec, "png")))
    assert "made-up/model" in read.text["Description"]


def test_what_no_font_draws_is_written_by_its_number() -> None:
    assert drawable("a·\U000f0000") == "a·‹F0000›"


def test_the_strongest_cell_has_the_strongest_colour() -> None:
    data = logit_lens(layers=2, positions=1, k=1)
    data["probability"].values[:, 0, 0] = [0.0, 0.0, 1.0]
    image = np.asarray(Image.open(io.BytesIO(figure(spec_of(data), "png"))).convert("RGB"))
    found = {tuple(pixel) for pixel in image.reshape(-1, 3).tolist()}
    assert (0x80, 0x37, 0x02) in found
    assert (0xFB, 0xF8, 0xF6) in found


def test_threads_draw_the_same_picture() -> None:
    spec = SPECS["candidates"]()
    expected, drawn = figure(spec, "svg"), []
    threads = [threading.Thread(target=lambda: drawn.append(figure(spec, "svg"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [expected] * 3


def test_more_positions_than_a_figure_holds_are_refused() -> None:
    with pytest.raises(InvalidError, match=r"5000.*4096.*\.html"):
        figure(spec_of(logit_lens(layers=1, positions=5000, k=1)), "png")


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingError, match=r"cutaway\[plot\]"):
        figure(SPECS["lens"](), "svg")
    assert still(SPECS["lens"]()) is None


def test_a_still_picture_is_the_figure_with_fewer_dots() -> None:
    spec = SPECS["candidates"]()
    small, large = (Image.open(io.BytesIO(made)) for made in (still(spec), figure(spec, "png")))
    assert small.format == "PNG"
    assert small.width / small.height == pytest.approx(large.width / large.height, rel=0.01)
    assert small.width < 0.7 * large.width
    assert still(spec) == still(spec)


def test_a_picture_of_many_words_or_no_figure_has_no_still() -> None:
    assert still(spec_of(predictions(layers=80, k=10))) is None
    assert still(spec_of(logit_lens(layers=1, positions=5000, k=1))) is None
    assert still(Spec("telescope", {})) is None


def test_a_lens_of_many_words_has_a_still_of_its_colours() -> None:
    few, many = (still(spec_of(logit_lens(layers=30, positions=n))) for n in (12, 30))
    assert few is not None
    assert many is not None
    sizes = [Image.open(io.BytesIO(made)).size for made in (few, many)]
    assert sizes[1][0] < sizes[0][0]  # narrow columns: nothing is written in them


def test_a_still_in_few_colours_is_the_figure_to_within_8_of_255() -> None:
    spec = SPECS["lens"]()
    drawn = _written(FIGURES["logit_lens"](spec), spec, "png", 100)
    full, few = (
        np.asarray(Image.open(io.BytesIO(made)).convert("RGB")).astype(int)
        for made in (drawn, _in_few_colours(drawn))
    )
    assert 0 < np.abs(full - few).max() <= 8
    assert Image.open(io.BytesIO(_in_few_colours(drawn))).text["Software"] == "Cutaway"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownError, match="telescope"):
        figure(Spec("telescope", {}), "svg")


def test_labels_at_the_ends_of_lines_do_not_meet() -> None:
    spec = spec_of(lens_made()["watch"])
    spec.arrays["rank"][-1] = np.arange(1, spec.arrays["rank"].shape[1] + 1)
    labels = {text.get_text(): text.get_position() for text in watch_figure(spec).axes[0].texts}
    ends = [labels[token] for token in spec.header["tokens"]]
    assert len({x for x, _ in ends}) == 1
    assert [y for _, y in ends] == sorted(y for _, y in ends)
    assert np.diff([y for _, y in ends]).min() > 0.12
