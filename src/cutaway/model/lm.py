"""The model in the user's hands: traces texts, generates, and answers its traces' questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..core.axes import as_list, read_layer
from ..core.errors import InvalidError
from ..core.progress import working
from ..trace.keep import material_bytes
from ..trace.lens_answers import lens_answers
from ..trace.trace import Trace
from .arguments import Chat, Ids
from .card import embedding_rows, write_card
from .conditioned import token_types
from .discover import discover
from .embed import PoolingConfig, embed, pooling_config, token_rows
from .failures import explained_discovery, explained_running
from .generate import continued, generated, read_options
from .materials import Keep, read_materials
from .model_lock import ModelLock
from .next_tokens import NextTokens
from .objective import causal_only
from .prompt import Limits, Prompt, read_prompt
from .streaming import OnToken
from .structure import Anatomy
from .text_recorder import TextRecorder
from .trial_text import trial_ids
from .vocabulary import Vocabulary

__all__ = ["LM"]

_AS_READ: Mapping[str, Any] = MappingProxyType({})


class LM(NextTokens):
    """A language model whose parts are found and proven; made by `load` or `wrap`.

    >>> import cutaway as ct
    >>> lm = ct.load()  # doctest: +SKIP
    >>> lm.trace("The capital of France is").tokens.texts  # doctest: +SKIP
    ('The', ' capital', ' of', ' France', ' is')

    model      the transformers model, left as it was given
    tokenizer  its tokenizer
    anatomy    where its parts are, and what is proven of them
    card       its particulars

    One thread at a time uses the model; others wait.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str,
        revision: str = "",
    ) -> None:
        self.tokenizer = tokenizer
        vocabulary = Vocabulary(tokenizer)
        with ModelLock(model), explained_discovery(), working("proving the parts"):
            anatomy = self._discover(model, vocabulary)
        super().__init__(model, anatomy, vocabulary)
        mask_id = getattr(tokenizer, "mask_token_id", None)
        self.card = write_card(model, self.anatomy, name, revision, mask_id)
        rows = embedding_rows(model, self.anatomy)
        self.limits = Limits(rows, self.card.context, token_types(model))
        self._recorder = TextRecorder(anatomy, rows)

    @overload
    def trace(
        self, x: str | Ids | Chat, text_b: str | None = None, *, target: str | Ids | None = None,
        keep: Keep = None, add_special_tokens: bool = True, add_generation_prompt: bool = True,
    ) -> Trace: ...  # fmt: skip

    @overload
    def trace(
        self, x: list[str] | list[tuple[str, str]] | list[list[int]] | list[list[dict[str, Any]]],
        *, target: Sequence[Any] | None = None, keep: Keep = None, add_special_tokens: bool = True,
        add_generation_prompt: bool = True,
    ) -> list[Trace]: ...  # fmt: skip

    def trace(
        self,
        x: Any,
        text_b: str | None = None,
        *,
        target: Any = None,
        keep: Keep = None,
        add_special_tokens: bool = True,
        add_generation_prompt: bool = True,
    ) -> Trace | list[Trace]:
        """Read a text in one forward pass and record it; a list of texts gives a list.

        >>> lm.trace("The capital of France is")  # doctest: +SKIP
        Trace('The capital of France is', 5 tokens read, 30 layers, ..., kept: states)

        x                      a text, token ids, a chat (through the model's template), or a
                               list of any of them, which is run in padded batches
        text_b                 a second text, read with the first as the tokenizer puts two texts
                               together; in a list, tuples (a, b) are such pairs
        target                 of an encoder-decoder what its decoder reads: a text, which goes
                               behind the decoder's start token as in training, or exactly these
                               token ids; None: the start token alone. Of several texts a list of
                               as many. Other models read none
        keep                   what is recorded beside the states: "neurons", "inside", "lens",
                               "experts", "attention", several of them, or "all"
        add_special_tokens     whether a text gets the tokens that the tokenizer puts around it
        add_generation_prompt  whether a chat ends with the opening of the assistant's answer

        Raises InvalidError for what can't be read: nothing, too much, ids out of range.
        """
        how = {
            "add_special_tokens": add_special_tokens, "add_generation_prompt": add_generation_prompt
        }  # fmt: skip
        return self._trace(x, text_b, target, read_materials(keep, self.card), **how)

    def generate(
        self,
        text: str | Ids | Chat,
        *,
        target: str | Ids | None = None,
        max_new_tokens: int = 20,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float | None = None,
        num_beams: int = 1,
        seed: int = 0,
        continuation: str | None = None,
        on_token: OnToken | None = None,
        keep: Keep = None,
    ) -> Trace:
        """Let the model go on with a text, then record prompt and output in one forward pass.

        >>> trace = lm.generate("The capital of France is", max_new_tokens=2)  # doctest: +SKIP
        >>> trace.text, trace.n_prompt, trace.n_positions  # doctest: +SKIP
        ('The capital of France is Paris.', 5, 7)

        target          of an encoder-decoder what its answer begins with, a language for example,
                        as text or as the decoder's token ids; None: its start token, and the one
                        that the model's own generation forces to come first. They count as given:
                        `trace.n_prompt`. Other models begin with the text
        max_new_tokens  at most so many; an end token stops it and is included
        temperature     0 takes the most probable token, above 0 draws with the seed
        top_k, top_p    draw only from the k most probable, or from the fewest that reach p
        num_beams       beam search, with temperature 0
        continuation    this text instead of what the model would say; the other options rest
        on_token        told of each token as it is chosen: its id, the characters it completes, and
                        the model's own probability of it (NaN in a continuation that was given)
        keep            as in `trace`

        Raises InvalidError for options out of range, for those that exclude each other, and
        where prompt and output together are longer than the model takes.
        """
        causal_only("generation", self.model)
        options = read_options(
            max_new_tokens=max_new_tokens, temperature=temperature, top_k=top_k, top_p=top_p,
            num_beams=num_beams, seed=seed,
        )  # fmt: skip
        materials = read_materials(keep, self.card)
        if self._several(text):
            raise InvalidError("prompt", text, allowed="one text", fix="generate one by one")
        begun, source = self._begun(text, target)
        if continuation is not None:
            output = continued(self._vocabulary, begun, continuation, self.limits, on_token)
            made: dict[str, Any] = {"continuation": continuation}
        else:
            given = self._source_input(source)
            with self._lock, explained_running():
                output = generated(
                    self.model, self._vocabulary, begun.ids, options, self.limits, on_token,
                    source=given,
                )  # fmt: skip
            made = options.to_json()
        return self._record(begun, source, output, materials, made)

    def embed(
        self, texts: Sequence[str], *, pooling: str = "mean", layer: int | str | None = None
    ) -> NDArray[np.floating[Any]]:
        """(n, width) a vector for each text: its states pooled over the tokens; see `ct.embed`.

        >>> lm.embed(["a cat", "a dog"]).shape  # doctest: +SKIP
        (2, 576)
        """
        at = None if layer is None else read_layer(layer, self.card.n_layers)
        given: list[Any] = as_list(texts)
        ids = [read_prompt(text, self._vocabulary, self.limits).ids for text in given]
        with self._lock, explained_running():
            return embed(self.model, self.anatomy, ids, pooling, at)

    def token_embeddings(self) -> tuple[tuple[int, ...], NDArray[np.floating[Any]]]:
        """The ids of all entries of the vocabulary, and (n, width) what enters the model for each.

        >>> ids, rows = lm.token_embeddings()  # doctest: +SKIP
        >>> rows.shape  # doctest: +SKIP
        (49152, 576)
        """
        named = range(min(self.limits.rows, len(self.tokenizer)))
        ids = tuple(token_id for token_id in named if self._vocabulary.word(token_id))
        with self._lock, explained_running():
            return ids, token_rows(self.model, self.anatomy, ids)

    def pooling_config(self) -> PoolingConfig:
        """How the model's own files say that a text becomes a vector.

        >>> lm.pooling_config()  # doctest: +SKIP
        PoolingConfig(pooling='mean', normalise=False, configured=False)

        Source: modules.json and its folders, as sentence-transformers writes them. Raises
        UnknownError for a pooling that Cutaway has not.
        """
        return pooling_config(self.model)

    def cost(self, x: str | Ids | Chat, keep: Keep = None) -> dict[str, int]:
        """Bytes that a trace of one text will hold, by material, before anything is run.

        >>> lm.cost("The capital of France is", keep="neurons")  # doctest: +SKIP
        {'states': 357120, 'neurons': 921600}
        """
        prompt = read_prompt(x, self._vocabulary, self.limits)
        return material_bytes(self.card, len(prompt.ids), read_materials(keep, self.card))

    def _trace(
        self, x: Any, text_b: str | None, target: Any, materials: tuple[str, ...], **how: bool
    ) -> Trace | list[Trace]:
        """The traces of a text or of several; `how` a text and a chat are read."""
        if target is not None:
            raise InvalidError("target", target, allowed="None: this model reads no second text so")
        if not self._several(x):
            prompt = read_prompt(x, self._vocabulary, self.limits, text_b=text_b, **how)
            return self.traced([prompt], materials)[0]
        if text_b is not None:
            raise InvalidError("text_b", text_b, allowed="with one text", fix="list tuples (a, b)")
        prompts = [read_prompt(one, self._vocabulary, self.limits, **how) for one in x]
        return self.traced(prompts, materials)

    def _record(
        self, begun: Prompt, _source: Prompt | None, output: Sequence[int],
        materials: tuple[str, ...], made: Mapping[str, Any],
    ) -> Trace:  # fmt: skip
        """One trace of what was given and what the model said after it."""
        return self.traced([begun], materials, output, made)[0]

    def traced(
        self,
        prompts: Sequence[Prompt],
        materials: tuple[str, ...],
        output: Sequence[int] = (),
        made: Mapping[str, Any] = _AS_READ,
    ) -> list[Trace]:
        """A trace of each prompt, recorded together; of one also what was said, and how made."""
        conditioned = [self._given_types(prompt.types) for prompt in prompts]
        rows = [prompt.row(self._vocabulary, output) for prompt in prompts]
        kept = tuple(name for name in materials if name != "lens")
        with self._lock, explained_running():
            versions = self._versions.present()
            recorded, note = self._recorder.record(conditioned, [row.ids for row in rows], kept)
        traces = [
            Trace(
                tokens=row, card=self.card, materials=arrays, calls=calls, source=self,
                options={**prompt.options(), **made}, notes=(*prompt.notes, *note),
                weight_versions=versions,
            )
            for prompt, row, (arrays, calls) in zip(prompts, rows, recorded, strict=True)
        ]  # fmt: skip
        return [self._answered(one) for one in traces] if "lens" in materials else traces

    def _answered(self, trace: Trace) -> Trace:
        """The trace with the logit lens' answers, so that it needs no model for them."""
        with self._lock, explained_running():
            return replace(trace, answers=lens_answers(trace))

    def _discover(self, model: PreTrainedModel, vocabulary: Vocabulary) -> Anatomy:
        """Where its parts are, and what is proven of them."""
        return discover(model, trial_ids(vocabulary, model.config))

    def _rebuilt(self, model: PreTrainedModel) -> LM:
        card = self.card
        return type(self)(model, self.tokenizer, name=card.name, revision=card.revision)

    def __repr__(self) -> str:
        card = self.card
        return (
            f"LM({card.name}: {card.model_type}, {card.n_layers} layers, width {card.width}, "
            f"{card.n_parameters / 1e6:,.1f} M parameters, {card.dtype} on {card.device})"
        )
