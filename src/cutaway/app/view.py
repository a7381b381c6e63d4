"""What every verb answers: numbers that show themselves and can be saved."""

from __future__ import annotations

import base64
import shutil
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..view.kinds import spec_of
from ..view.spec import Spec

if TYPE_CHECKING:
    import anywidget
    import xarray as xr

    from ..render.widget import Answer

__all__ = ["View"]


class View:
    """The answer of a lens: `.data` holds its numbers, and it shows itself where it is.

    >>> view = ct.logit_lens(trace)  # doctest: +SKIP
    >>> view.data["rank"].sel(layer=29, position=4).item()  # doctest: +SKIP
    1
    >>> view.save("lens.html")  # doctest: +SKIP
    PosixPath('lens.html')

    In a notebook it is an interactive widget, in a terminal a table. `.save(path)` writes what the
    suffix says: .html a page that opens offline, .svg and .png a picture, .json, .csv and .nc the
    numbers. `.show()` displays it, `.log(run)` puts it into an experiment tracker.
    """

    def __init__(self, data: xr.Dataset) -> None:
        self._data = data

    @property
    def data(self) -> xr.Dataset:
        """The numbers: an xarray.Dataset with named axes, units and where they come from."""
        return self._data

    @property
    def _file_data(self) -> xr.Dataset:
        """What its files of numbers hold: `.data`, where a view does not say otherwise."""
        return self._data

    @cached_property
    def spec(self) -> Spec:
        """The picture as every renderer reads it: a JSON header and arrays."""
        return spec_of(self._data)

    @property
    def _live_spec(self) -> Spec:
        """The picture where Python is at hand: `.spec`, where a view answers no questions."""
        return self.spec

    @property
    def _text_spec(self) -> Spec:
        """The picture whose words a terminal prints: `.spec`, where a view has no quicker one."""
        return self.spec

    @property
    def _held_bytes(self) -> int:
        """Bytes of the numbers and pictures that it holds; what is computed when touched is not."""
        own = vars(self)
        pictures: dict[int, Spec] = {
            id(own[name]): own[name] for name in ("spec", "_live_spec") if name in own
        }
        numbers: int = self._data.nbytes if "_data" in own else 0
        return numbers + sum(picture.nbytes for picture in pictures.values())

    def json(self) -> str:
        """What it saves as .json: the numbers with their axes and where they come from, as text."""
        from .export import to_json

        return to_json(self._file_data)

    #: Answers what the picture asks while it is looked at; None where it has all it shows.
    answer: Answer | None = None

    def save(self, path: str | Path) -> Path:
        """Write it as .html, .svg, .png, .json, .csv or .nc; returns the path.

        >>> view.save("lens.svg")  # doctest: +SKIP
        PosixPath('lens.svg')

        The file is written whole or not at all. Raises InvalidError for another suffix,
        FileError where the path can't be written, MissingError where a package is missing.
        """
        from .export import export

        return export(self, Path(path))

    def log(self, run: Any, name: str | None = None, *, step: int | None = None) -> tuple[str, ...]:
        """Log page, numbers, scalars and provenance to a run of an experiment tracker.

        >>> with mlflow.start_run():  # doctest: +SKIP
        ...     view.log(mlflow)
        ('cutaway/logit_lens.html', 'cutaway/logit_lens.json', 'logit_lens/lead_layer', ...)

        run   the module mlflow or a run of it, (MlflowClient, run), a Comet experiment, the module
              wandb or a run of it, a TensorBoard SummaryWriter
        name  what it is called in the run, by default its lens's name: letters, digits and ._-
        step  of a training: pages and tables of every step are kept, scalars are charted over it

        Logged again under the same name (and step) it takes the earlier one's place; histories of
        scalars grow. Returns the names under which it is found there. Raises InvalidError for
        what is no run of these trackers, MissingError where none is active.
        """
        from .trackers.known import log
        from .trackers.made import asset_of_view

        return log(run, asset_of_view(self, name, step))

    def show(self) -> None:
        """Display it: the widget in a notebook, a table in a terminal."""
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython else None
        if shell is not None and "IPKernelApp" in shell.config:
            from IPython.display import display

            display(self)  # type: ignore[no-untyped-call]
            return
        marimo = sys.modules.get("marimo")
        if marimo is not None and marimo.running_in_notebook():
            marimo.output.append(self)
            return
        from .outcome import printed

        print(printed(self), end="")

    def __repr__(self) -> str:
        from ..render.text import brief

        return brief(self._live_spec, shutil.get_terminal_size((100, 24)).columns).rstrip("\n")

    @cached_property
    def _widget(self) -> anywidget.AnyWidget:
        """One for all the places where this view is displayed."""
        from ..render.widget import widget

        return widget(self._live_spec, self.answer)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The widget; for where no kernel runs a table and a still picture; and text."""
        from ..render.static import kept

        made = self._widget._repr_mimebundle_(include=include, exclude=exclude)
        data, metadata = made if isinstance(made, tuple) else (made or {}, {})
        forms = {"text/html": kept(self._live_spec, self._still), "text/plain": repr(self)}
        if self._still is not None:
            forms["image/png"] = base64.b64encode(self._still).decode()
        return {**data, **forms}, dict(metadata)

    @cached_property
    def _still(self) -> bytes | None:
        """The picture as a PNG, where one is drawn quickly."""
        from ..render.figure import still

        return still(self._live_spec)
