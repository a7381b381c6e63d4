"""An encoder-decoder in the user's hands: its decoder is looked at, and its source beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

from torch import Tensor

from ..core.errors import InvalidError
from ..core.progress import working
from ..trace.keep import ABSENT, CAPABILITIES, sizes
from ..trace.source import Floats
from ..trace.trace import Trace
from .answers import make_room
from .calls import recording_crossings, run_with_calls, with_written
from .encoder import kind_of, states_of
from .explain import explained_running
from .forward import as_input
from .generate import continued, generated, read_options
from .lm import Chat, Ids
from .posed import Decoder
from .prompt import Prompt, is_batch, read_prompt
from .record import run
from .sources import Sources, key_of
from .target import read_beginning, read_target
from .telling import OnToken
from .tokens import row
from .traces import Calls, Keep
from .watch import leaving

__all__ = ["Seq2SeqLM"]

_APART = "run one by one, not in batches: every text has a source of its own"


class Seq2SeqLM(Sources):
    """An encoder-decoder whose parts are found and proven; made by `load` or `wrap`.

    >>> trace = lm.trace("The keys", target="Les clefs")  # doctest: +SKIP
    >>> trace.source_ids, trace.token_ids  # doctest: +SKIP
    ((37, 9060, 1), (0, 622, 11737, 7, 1))

    encoder  the encoder as a model of its own, without a language head; all else, `anatomy`,
             `card` and every lens, is of the decoder under a source
    """

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
        """Read a source, and a target under it, in one forward pass and record both.

        target  what the decoder reads: a text, which goes behind the decoder's start token as in
                training, or exactly these token ids; None: the start token alone. Of several
                sources a list of as many

        The rest is as in `LM.trace`; a source that is a chat goes through the model's template.
        """
        materials = self._materials(keep)
        if text_b is not None:
            raise InvalidError("text_b", text_b, allowed="None: an encoder-decoder takes a target")
        several = self._several(x)
        sources, targets = (x, target) if several else ([x], [target])
        targets = [None] * len(sources) if targets is None else targets
        if isinstance(targets, str) or len(targets) != len(sources):
            raise InvalidError("target", target, allowed=f"a list of {len(sources)}, as of sources")
        read = [
            (
                self._read_from(
                    one, add_special_tokens=add_special_tokens,
                    add_generation_prompt=add_generation_prompt,
                ),
                self._read_target(given, add_special_tokens),
            )
            for one, given in zip(sources, targets, strict=True)
        ]  # fmt: skip
        note = (_APART,) if len(read) > 1 else ()
        traces = [self._read_both(*pair, (), materials, {}, note) for pair in read]
        return traces if several else traces[0]

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
        """Let the model answer a source, then record both in one forward pass.

        target  what the answer begins with, a language for example, as text or as the decoder's
                token ids; None: its start token, and the one that the model's own generation
                forces to come first. They count as given: `trace.n_prompt`

        The rest is as in `LM.generate`.
        """
        options = read_options(
            max_new_tokens=max_new_tokens, temperature=temperature, top_k=top_k, top_p=top_p,
            num_beams=num_beams, seed=seed,
        )  # fmt: skip
        materials = self._materials(keep)
        if self._several(text):
            raise InvalidError("prompt", text, allowed="one text", fix="generate one by one")
        source = self._read_from(text)
        begun = read_beginning(target, self.model, self._vocabulary, self._limits)
        if continuation is not None:
            output = continued(self._vocabulary, begun, continuation, self._limits, on_token)
            made: dict[str, Any] = {"continuation": continuation}
        else:
            with self._lock, explained_running():
                output = generated(
                    self.model, self._vocabulary, begun.ids, options, self._limits, on_token,
                    source=self._as_input(source),
                )  # fmt: skip
            made = options.to_json()
        return self._read_both(source, begun, output, materials, made)

    def cost(
        self, x: str | Ids | Chat, keep: Keep = None, *, target: str | Ids | None = None
    ) -> dict[str, int]:
        """Bytes that a trace of a source and a target will hold, by material, of both sides."""
        source = self._read_from(x)
        materials, S = self._materials(keep), len(source.ids)
        T = len(self._read_target(target, True).ids)
        own = sizes(self.card, T, materials, S)
        beside = sizes(self.encoder.card, S, self._encoder_materials(materials))
        return {name: size + beside.get(name, 0) for name, size in own.items()}

    def _several(self, x: object) -> bool:
        return is_batch(x)

    def _read_from(self, x: Any, **how: bool) -> Prompt:
        """A source as the encoder reads it."""
        return read_prompt(x, self._vocabulary, self.encoder._limits, **how)

    def _as_input(self, source: Prompt) -> Tensor:
        """A source as the model takes it."""
        return as_input(self.model, source.ids)

    def _read_target(self, target: object, special: bool) -> Prompt:
        return read_target(
            target, self.model, self._vocabulary, self._limits, add_special_tokens=special
        )

    def _encoder_materials(self, materials: tuple[str, ...]) -> tuple[str, ...]:
        """What is kept of the encoder: the same, as far as it has it."""
        if not self.encoder.card.n_layers:  # its blocks could not be proven
            return ()
        known = self.encoder.card.capabilities
        names = {name: known.get(CAPABILITIES.get(name, name)) for name in materials}
        return tuple(
            n for n, can in names.items() if (n not in ABSENT if can is None else can.proven)
        )

    def _read_both(
        self,
        source: Prompt,
        target: Prompt,
        output: Sequence[int],
        materials: tuple[str, ...],
        made: Mapping[str, Any],
        notes: tuple[str, ...] = (),
    ) -> Trace:
        """One trace of a source and what the decoder reads under it, recorded in one pass."""
        ids = (*target.ids, *output)
        with self._lock, explained_running(), working("reading"):
            encoder = self._read_source(source, materials)
            arrays, calls, crossings = self._run(self._sources[key_of(encoder)], ids, materials)
        trace = Trace(
            tokens=row(self._vocabulary, ids, len(target.ids)),
            card=self.card,
            materials=arrays,
            calls=calls,
            source=self,
            options={"prompt": source.given, "target": target.given, **made},
            notes=(*source.notes, *target.notes, *notes),
            encoder=encoder,
            crossings=crossings,
        )
        return self._answered(trace) if "lens" in materials else trace

    def _read_source(self, source: Prompt, materials: tuple[str, ...]) -> Trace:
        """The encoder's trace; its last states are held for the decoder."""

        def take(_key: int, _args: Any, _kwargs: Any, output: Any) -> None:
            make_room(self._sources)
            ids = as_input(self.encoder.model, source.ids)
            self._sources[source.ids] = Decoder(self.model, states_of(output), ids, kind_of(output))

        with leaving({0: self.encoder.model}, take):
            kept = self._encoder_materials(materials)
            return self.encoder._traced([source], [()], kept, [{}])[0]

    def _run(
        self, posed: Decoder, ids: tuple[int, ...], materials: tuple[str, ...]
    ) -> tuple[dict[str, dict[int, Floats]], Calls, Calls]:
        """What one pass of the decoder gives: arrays, its attention, and that to the source."""
        names = tuple(name for name in materials if name not in ("lens", "attention"))
        if "attention" not in materials:
            return run(posed, self.anatomy, ids, names), {}, {}
        crossings: Calls = {}
        with recording_crossings(posed, self.anatomy, crossings.__setitem__):
            arrays, calls = run_with_calls(posed, self.anatomy, ids, names)
        own, across = (
            {
                layer: with_written(self.model, self.anatomy, layer, call, cross=cross)
                for layer, call in of.items()
            }
            for of, cross in ((calls, False), (crossings, True))
        )
        return arrays, own, across
