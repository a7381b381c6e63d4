"""Saliency by its definition: transformers' own model in float64, autograd, a target at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor

Texts = list[list[int]]
Parts = list[np.ndarray]
QUANTITIES: dict[str, Callable[[Tensor], Tensor]] = {
    "logit": lambda logits: logits,
    "log_probability": lambda logits: logits.log_softmax(-1),
    "probability": lambda logits: logits.softmax(-1),
}


class Plain:
    """One token explained: `texts` are an encoder-decoder's source and text, or the text.

    row    the row of the answer that says it
    block  the module whose output is the text's leaf, "" for the embedding's; the source's is then
           what the encoder gives
    sound  (1, mels, columns) what stands for the source, whose leaf is the output of conv2

    Every method answers one array for each text, a number a source.
    """

    def __init__(
        self, model: Any, texts: Texts, row: int, token: int, quantity: str = "logit",
        contrast: int | None = None, block: str = "", sound: Tensor | None = None,
    ) -> None:  # fmt: skip
        self.model = deepcopy(model).double().eval().requires_grad_(False)
        self.texts, self.row, self.token = texts, row, token
        self.quantity, self.contrast = QUANTITIES[quantity], contrast
        self.block = block
        self.sound = None if sound is None else sound.double()

    def value(self, texts: Texts, leaves: Sequence[Tensor] | None = None) -> Tensor:
        """What is explained, of some texts, or of some leaves in their place."""
        given, hooks = self._given(texts), []
        if leaves is not None and self.block:
            if len(texts) > 1:
                given |= {"input_ids": None, "encoder_outputs": (leaves[0],)}
            hooks = [self._hook(self.block, lambda _: leaves[-1])]
        elif leaves is not None:
            names = ["inputs_embeds", "decoder_inputs_embeds"]
            given |= {"input_ids": None, "decoder_input_ids": None}
            if self.sound is None:
                given |= dict(zip(names, leaves, strict=False))
            else:
                hooks = [self._hook("model.encoder.conv2", lambda _: leaves[0].transpose(1, 2))]
                given |= {names[1]: leaves[1]}
        logits = self._answer(given, hooks).logits[0]
        number = self.quantity(logits[self.row])
        against = 0 if self.contrast is None else number[self.contrast]
        return number[self.token] - against

    def leaves(self, texts: Texts) -> list[Tensor]:
        """(1, n, d) what each text's leaf is by itself."""
        model, held = self.model, []
        if self.block:
            answer = self._answer(self._given(texts), [self._hook(self.block, held.append)])
            return [answer.encoder_last_hidden_state, *held] if len(texts) > 1 else held
        parts = [model]
        if model.config.is_encoder_decoder:
            parts = [model.get_encoder(), model.get_decoder()]
        if self.sound is not None:
            self._answer(self._given(texts), [self._hook("model.encoder.conv2", held.append)])
            held, parts, texts = [held[0].transpose(1, 2)], parts[1:], texts[1:]
        return held + [
            part.get_input_embeddings()(torch.tensor([text]))
            for part, text in zip(parts, texts, strict=True)
        ]

    def products(self, *, times_input: bool) -> tuple[Parts, Parts]:
        """The norms over the numbers of a source, and the signed sums."""
        leaves = [leaf.requires_grad_() for leaf in self.leaves(self.texts)]
        slopes = torch.autograd.grad(self.value(self.texts, leaves), leaves)
        rows = [
            (slope * leaf if times_input else slope)[0].detach().numpy()
            for slope, leaf in zip(slopes, leaves, strict=True)
        ]
        return [np.linalg.norm(row, axis=-1) for row in rows], [row.sum(-1) for row in rows]

    def integrated(
        self, baseline: str | int, *, keep_first: bool, steps: int
    ) -> tuple[Parts, float]:
        """Signed parts, and by how much their sum misses the rise from the baseline."""
        own = self.leaves(self.texts)
        start = [leaf.clone() for leaf in self._baseline(baseline, own)]
        if keep_first:
            start[-1][:, 0] = own[-1][:, 0]
        spans = [here - there for here, there in zip(own, start, strict=True)]
        parts = [np.zeros(span.shape[1]) for span in spans]
        for node, weight in zip(*np.polynomial.legendre.leggauss(steps), strict=True):
            at = [
                (there + (1 + node) / 2 * span).requires_grad_()
                for there, span in zip(start, spans, strict=True)
            ]
            slopes = torch.autograd.grad(self.value(self.texts, at), at)
            for part, slope, span in zip(parts, slopes, spans, strict=True):
                part += weight / 2 * (slope * span)[0].sum(-1).numpy()
        rise = float(self.value(self.texts, own) - self.value(self.texts, start))
        return parts, abs(sum(part.sum() for part in parts) - rise) / abs(rise)

    def lost(self, replacement: int | None) -> Parts:
        """What is lost where a source is another token, or (None) is not there."""
        whole, put = self.value(self.texts), [] if replacement is None else [replacement]
        return [
            np.array([
                float(whole - self.value([
                    [*one[:i], *put, *one[i + 1 :]] if k == side else one
                    for k, one in enumerate(self.texts)
                ]))
                for i in range(len(text))
            ])
            for side, text in enumerate(self.texts)
        ]  # fmt: skip

    def _baseline(self, baseline: str | int, own: list[Tensor]) -> list[Tensor]:
        if baseline == "zero":
            return [torch.zeros_like(leaf) for leaf in own]
        if baseline == "mean":
            every = [list(range(self.model.config.get_text_config().vocab_size))] * len(own)
            means = (leaf.mean(1, keepdim=True) for leaf in self.leaves(every))
            return [mean.expand_as(leaf) for mean, leaf in zip(means, own, strict=True)]
        return self.leaves([[int(baseline)] * len(text) for text in self.texts])

    def _given(self, texts: Texts) -> dict[str, Any]:
        ids = [torch.tensor([text]) for text in texts]
        names = ["input_ids", "decoder_input_ids"]
        given: dict[str, Any] = dict(zip(names, ids, strict=False))
        if self.sound is not None:
            given |= {"input_ids": None, "input_features": self.sound}
        return given

    def _answer(self, given: dict[str, Any], hooks: list[Any]) -> Any:
        given = {name: value for name, value in given.items() if value is not None}
        try:
            return self.model(**given)
        finally:
            for hook in hooks:
                hook.remove()

    def _hook(self, name: str, swap: Callable[[Tensor], Tensor | None]) -> Any:
        def through(_module: Any, _args: Any, output: Any) -> Any:
            state = output[0] if isinstance(output, tuple) else output
            other = swap(state)
            if other is None:
                return None
            return (other, *output[1:]) if isinstance(output, tuple) else other

        return self.model.get_submodule(name).register_forward_hook(through)
