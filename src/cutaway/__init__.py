"""Cutaway opens a transformer language model while it runs and shows how it came by each token.

>>> import cutaway as ct
>>> lm = ct.load()                                  # doctest: +SKIP
>>> trace = lm.trace("The capital of France is")    # doctest: +SKIP
>>> ct.logit_lens(trace).save("lens.html")          # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .trace.logger import logged_by as _logged_by

__version__ = "0.1.0"

#: Where each public name lives. Nothing is imported before it is asked for.
_HOMES = {
    "CutawayError": "core.errors",
    "LM": "model.lm",
    "LensCallback": "app.trackers.callback",
    "Run": "app.runs.run",
    "Runs": "app.runs.store",
    "Trace": "trace.trace",
    "View": "app.view",
    "anatomy": "app.api",
    "attention": "app.attention",
    "classes": "app.classes",
    "clusters": "app.neurons",
    "compare": "app.compare",
    "embed": "app.embedding",
    "experts": "app.routing",
    "explore": "app.explore",
    "factors": "app.neurons",
    "load": "app.api",
    "logit_lens": "app.api",
    "neurons": "app.neurons",
    "open": "app.api",
    "pairs": "app.watch",
    "predictions": "app.api",
    "report": "app.report",
    "runs": "app.runs.store",
    "saliency": "app.saliency",
    "serve": "app.serving",
    "walk": "app.walk",
    "watch": "app.watch",
    "wrap": "app.api",
}

__all__ = [
    "LM", "CutawayError", "LensCallback", "Run", "Runs", "Trace", "View", "anatomy", "attention",
    "classes", "clusters", "compare", "embed", "experts", "explore", "factors", "load",
    "logit_lens", "neurons", "open", "pairs", "predictions", "report", "runs", "saliency", "serve",
    "walk", "watch", "wrap",
]  # fmt: skip

if TYPE_CHECKING:
    from .app.api import anatomy, load, logit_lens, predictions, wrap
    from .app.api import open as open  # noqa: A004 - ct.open, as in tarfile
    from .app.attention import attention
    from .app.classes import classes
    from .app.compare import compare
    from .app.embedding import embed
    from .app.explore import explore
    from .app.neurons import clusters, factors, neurons
    from .app.report import report
    from .app.routing import experts
    from .app.runs.run import Run
    from .app.runs.store import Runs, runs
    from .app.saliency import saliency
    from .app.serving import serve
    from .app.trackers.callback import LensCallback
    from .app.view import View
    from .app.walk import walk
    from .app.watch import pairs, watch
    from .core.errors import CutawayError
    from .model.lm import LM
    from .trace.trace import Trace


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'cutaway' has no attribute {name!r}") from None
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _log(trace: Any, run: Any, name: str | None, step: int | None) -> tuple[str, ...]:
    """What trace.log does: the app's work, of which the room of traces must know nothing."""
    from .app.trackers.known import log
    from .app.trackers.made import asset_of_trace

    return log(run, asset_of_trace(trace, name, step))


_logged_by(_log)
