"""The verbs of neurons: their activations, which fire alike, which fire together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ..trace.trace import Trace
    from .view import View

__all__ = ["clusters", "factors", "neurons"]


def neurons(
    trace: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    neurons: int | Sequence[int] | None = None,
    stream: Literal["decoder", "encoder"] = "decoder",
) -> View:
    """Neuron activations: the values that enter each block's MLP down-projection.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("1, 2, 3,")  # doctest: +SKIP
    >>> ct.neurons(trace, layers=[0, 29]).data["activation"].shape  # doctest: +SKIP
    (2, 1536, 8)

    layers   blocks, None for all that have neurons
    neurons  numbers within a block, None for all
    stream   of an encoder-decoder, which blocks: the "decoder"'s or the "encoder"'s

    Its data hold activation (layer, neuron, position) in the model's own units; in a mixture of
    fused experts neuron e x width + j is neuron j of expert e, 0 where the expert was not called,
    and the coordinates expert and expert_neuron (layer, neuron) say both.
    The activation at position j - 1 is the one that produced token j. In a gated MLP its sign
    means nothing. Raises MissingError where a model or a block has no neurons.
    Source: Alammar 2020, https://jalammar.github.io/explaining-transformers/
    """
    from ..lens.neurons import neurons as ask
    from ..lens.stream import of_stream
    from .view import View

    return View(ask(of_stream(trace, stream), layers=layers, neurons=neurons))


def clusters(
    trace: Trace,
    *,
    n: int = 8,
    layers: int | Sequence[int] | None = None,
    by: str = "shape",
    exclude: Iterable[int] = (),
    seed: int = 0,
    stream: Literal["decoder", "encoder"] = "decoder",
) -> View:
    """Neurons that fire alike: k-means over their activations along the text.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("1, 2, 3,")  # doctest: +SKIP
    >>> ct.clusters(trace, n=8).data["cluster"].dims  # doctest: +SKIP
    ('layer', 'neuron')

    n        how many clusters
    layers   blocks, None for all that have neurons
    by       "shape": where they fire; "value": how strongly as well
    exclude  positions left out
    seed     of k-means' starts
    stream   of an encoder-decoder, which blocks: the "decoder"'s or the "encoder"'s

    Its data hold cluster (layer, neuron), -1 for a neuron that never fires; activation; size and
    centre of each cluster. Raises InvalidError for more clusters than neurons that fire,
    MissingError where a model or a block has no neurons.
    Source: Alammar 2020, https://jalammar.github.io/explaining-transformers/
    """
    from ..lens.clusters import clusters as ask
    from ..lens.stream import of_stream
    from .view import View

    own = of_stream(trace, stream)
    return View(ask(own, n=n, layers=layers, by=by, exclude=exclude, seed=seed))


def factors(
    trace: Trace,
    *,
    n: int = 6,
    layers: int | Sequence[int] | None = None,
    parts: str | Sequence[str] | None = None,
    exclude: Iterable[int] = (),
    seed: int = 0,
    stream: Literal["decoder", "encoder"] = "decoder",
) -> View:
    """Which neurons fired together: non-negative factors of all their activations.

    >>> import cutaway as ct
    >>> trace = ct.load().generate("1, 2, 3,", max_new_tokens=8)  # doctest: +SKIP
    >>> view = ct.factors(trace, n=5, exclude=[0])  # doctest: +SKIP
    >>> view.data["factor"].dims, view.data.attrs["error"] < 1  # doctest: +SKIP
    (('factor', 'position'), True)

    n        how many factors, at most the positions that are left
    layers   blocks, None for all that have neurons
    parts    "positive" (as in the article), or both parts; None: positive where the sign means
             something, both in a gated MLP
    exclude  positions left out: the first token's massive activations take a factor to themselves
    seed     of the start, where one is drawn
    stream   of an encoder-decoder, which blocks: the "decoder"'s or the "encoder"'s

    Its data hold factor (factor, position) and loading (factor, layer, neuron[, part]), both
    non-negative: activation ~ sum over factors of factor x loading; share, neurons, half, overlap
    and neurons_per_layer; attrs["error"] is |X - WH| / |X|. The variable factor has the name of
    its axis: pick one with isel(factor=0). Raises InvalidError for n above the positions that are
    left, MissingError where a model or a block has no neurons.
    Source: Alammar 2020, https://jalammar.github.io/explaining-transformers/
    """
    from ..lens.factors import factors as ask
    from ..lens.stream import of_stream
    from .view import View

    own = of_stream(trace, stream)
    return View(ask(own, n=n, layers=layers, parts=parts, exclude=exclude, seed=seed))
