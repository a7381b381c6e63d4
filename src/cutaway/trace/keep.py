"""What is recorded of a run, by name, and how many bytes each takes."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.axes import as_list
from ..core.errors import UnknownError
from .card import ModelCard

__all__ = [
    "CAPABILITIES", "DEFAULT", "MATERIALS", "WHY_ABSENT", "continuation_bytes", "material_bytes",
    "pass_bytes", "read_keep",
]  # fmt: skip

#: Every material by name, with what it is.
MATERIALS = {
    "states": "the residual state before block 0 and after every block",
    "inside": "the residual state between attention and MLP of every block",
    "neurons": "the values entering every MLP down-projection",
    "experts": "the router's scores in every mixture, the experts it chose and their weights",
    "lens": "the answers of the logit lens (of a classifier: the classes after each layer), so "
    "that a saved trace needs no model for it",
    "attention": "the queries, keys and values of every block, and what shapes their weights",
}
#: What must be proven of a model for a material that is not called after it.
CAPABILITIES = {"attention": "queries and keys", "lens": "logit lens"}
#: Why a model has not a material of which its card says nothing.
WHY_ABSENT = {"experts": "no block of this model is a mixture of experts"}
DEFAULT = ("states",)
_BYTES_PER_NUMBER = 4  # kept as float32, which holds bfloat16 and float16 exactly
_LENS_K = 10


def read_keep(keep: str | Iterable[str] | None) -> tuple[str, ...]:
    """The materials asked for, in the order of MATERIALS; states are always kept.

    >>> read_keep(None), read_keep("neurons"), read_keep("all")  # doctest: +ELLIPSIS
    (('states',), ('states', 'neurons'), ('states', 'inside', 'neurons', 'experts', ...))
    """
    if keep is None:
        return DEFAULT
    if isinstance(keep, str) and keep == "all":
        return tuple(MATERIALS)
    names = as_list(keep)
    for name in names:
        if not isinstance(name, str) or name not in MATERIALS:
            raise UnknownError("material in keep", name, allowed=[*MATERIALS, "all"])
    return tuple(name for name in MATERIALS if name in names or name in DEFAULT)


def material_bytes(
    card: ModelCard, n_positions: int, keep: tuple[str, ...], n_source: int = 0
) -> dict[str, int]:
    """Bytes that each material takes for a text of n_positions tokens.

    n_source  tokens of the source that a decoder reads; what the encoder keeps is not counted

    A mask that is neither causal nor a window, which a longer text may show, is not foreseen.
    """
    L, T = card.n_layers, n_positions
    lens_cell = _LENS_K * (8 + 4 + 4) + 3 * (8 + 4 + 4) + 4 + 2 * 3 * 4
    of_text, of_token, of_pair = card.call_bytes
    count = {
        "states": (L + 1) * T * card.width * _BYTES_PER_NUMBER,
        "inside": L * T * card.width * _BYTES_PER_NUMBER,
        "neurons": sum(card.neurons) * T * _BYTES_PER_NUMBER,
        "experts": sum((n if s else 0) + 2 * k for n, k, s in card.routers) * T * _BYTES_PER_NUMBER,
        "lens": _class_logit_bytes(card, T) if card.task else (L + 1) * T * lens_cell + 3 * 8 * T,
        "attention": of_text + of_token * T + of_pair * T**2 + _cross_call_bytes(card, T, n_source),
    }
    return {name: count[name] for name in keep}


def _class_logit_bytes(card: ModelCard, T: int) -> int:
    rows = 1 if card.task == "sequence" else T
    return (card.n_layers + 1) * rows * len(card.labels) * _BYTES_PER_NUMBER


def _cross_call_bytes(card: ModelCard, T: int, S: int) -> int:
    of_text, of_token, of_source, of_pair = card.cross_bytes
    return of_text + of_token * T + of_source * S + of_pair * T * S


def continuation_bytes(card: ModelCard, n_positions: int, n_continuations: int) -> int:
    """Bytes that continuations of one text take while they are drawn together.

    Each has keys and values of its own, and reads the text by itself. 0 where a model's queries and
    keys are not known.
    """
    of_token = card.call_bytes[1]
    heads, groups = max(card.heads, default=0), max(card.kv_heads, default=0)
    cached = of_token * 2 * groups // max(1, heads + 2 * groups)
    read = pass_bytes(card, n_positions)
    return n_continuations * (n_positions * cached + read) if of_token else 0


def pass_bytes(card: ModelCard, n_tokens: int) -> int:
    """Bytes that one block holds while it reads so many tokens.

    About 10 states and 4 rows of an MLP for each of them, as measured on 4,096 tokens of SmolLM2.
    """
    mlp = max(card.neurons, default=0) or 4 * card.width
    return _BYTES_PER_NUMBER * n_tokens * (10 * card.width + 4 * mlp)
