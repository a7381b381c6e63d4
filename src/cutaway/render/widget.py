"""A Spec as a notebook widget: the same front end as the page, fed by two traits."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from ..view.spec import Spec
from .bundle import bundle_path

if TYPE_CHECKING:
    import anywidget

__all__ = ["widget"]


def widget(spec: Spec) -> anywidget.AnyWidget:
    """A widget that shows the Spec; all widgets share one copy of the front end.

    Raises MissingError where the front end was not built.
    """
    return _widget_class()(envelope=spec.to_json(), data=spec.data())


@cache
def _widget_class() -> Callable[..., anywidget.AnyWidget]:
    # Made on first use: anywidget takes half a second to import, and reads the file here.
    import anywidget
    import traitlets

    class SpecWidget(anywidget.AnyWidget):
        """The envelope and the arrays of one Spec."""

        _esm = bundle_path()
        envelope = traitlets.Dict().tag(sync=True)
        data = traitlets.Bytes().tag(sync=True)

    return SpecWidget
