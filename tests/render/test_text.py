"""The terminal's tables fit their width, or cut nothing."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from cutaway.core.errors import UnknownError
from cutaway.core.numbers import percent
from cutaway.render.text import brief, text
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec
from tests.view.made import logit_lens, predictions

LONG = "·internationalisation" * 3


def lens(**options) -> Spec:
    data = logit_lens(**options)
    data["token"].values[-1, -1, 0], data["token_id"].values[-1, -1, 0] = LONG, 99
    data["input"].values[0] = LONG
    return spec_of(data)


@pytest.mark.parametrize("width", [30, 60, 80, 137])
@pytest.mark.parametrize("inside", [False, True])
def test_the_lens_fits_the_width(width: int, inside: bool) -> None:
    shown = text(lens(positions=20, inside=inside), width)
    assert max(cell_len(line) for line in shown.splitlines()) <= width


@pytest.mark.parametrize("width", [40, 80, 137])
def test_candidates_fit_the_width(width: int) -> None:
    data = predictions(k=10)
    data["token"].values[0, 0], data["token_id"].values[0, 0] = LONG, 99
    shown = text(spec_of(data), width)
    assert max(cell_len(line) for line in shown.splitlines()) <= width


def test_without_a_width_no_token_is_cut_and_no_line_broken() -> None:
    spec = lens(positions=40)
    shown = text(spec)
    assert "…" not in shown
    assert shown.count(LONG) == 3  # in the sentence, its cell and the row of what was read
    final = next(line for line in shown.splitlines() if line.lstrip().startswith("3 "))
    assert all(spec.header["vocabulary"][i] in final for i in spec.arrays["top_index"][-1, :, 0])


def test_plain_text_has_no_escape_codes_and_no_trailing_spaces() -> None:
    for width in (None, 80):
        shown = text(lens(), width)
        assert "\x1b" not in shown
        assert all(line == line.rstrip() for line in shown.splitlines())


def test_colour_changes_nothing_but_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    from rich.text import Text

    shown = text(lens(), 80, colour=True)
    assert "\x1b[" in shown
    plain = [line.rstrip() for line in Text.from_ansi(shown).plain.splitlines()]
    assert plain == text(lens(), 80).splitlines()


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[38" not in text(lens(), 80, colour=True)
    assert ";48;" not in text(lens(), 80, colour=True)


def test_every_column_is_in_exactly_one_table() -> None:
    spec = lens(positions=30)
    heads = [line for line in text(spec, 60).splitlines() if line.startswith("position")]
    numbers = [int(word) for line in heads for word in line.split()[1:] if word != "out"]
    assert numbers == list(range(30))
    assert len(heads) > 1


def test_markup_in_a_token_is_only_text() -> None:
    data = logit_lens()
    data["token"].values[...] = "[bold]x[/bold]"
    assert "[bold]x[/bold]" in text(spec_of(data))


def test_the_numbers_are_those_of_the_spec() -> None:
    spec = spec_of(predictions(k=3))
    for value in spec.arrays["top_probability"].ravel().tolist():
        assert percent(value) in text(spec)
    ranks = spec_of(logit_lens(rank_of="next"))
    assert "rank of the token that came next" in text(ranks)


def test_a_prompt_shows_a_long_text_from_its_end() -> None:
    spec = lens(positions=400)
    shown = brief(spec, 100)
    assert "the last 12 of 400 positions" in shown
    assert len(shown.splitlines()) < 60
    short = lens(positions=12)
    assert brief(short, 100) == text(short, 100)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownError, match="telescope"):
        text(Spec("telescope", {}))


def test_a_notebook_gets_no_output_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """rich displays what it prints where it finds itself in a notebook, an empty text too."""
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", lambda *_: pytest.fail("displayed"))
    assert "What it nearly said" in text(spec_of(predictions()), 80)
