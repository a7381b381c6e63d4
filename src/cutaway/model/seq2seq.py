"""An encoder-decoder in the user's hands: its decoder is looked at, and its source beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.errors import InvalidError
from ..core.progress import working
from ..trace.keep import CAPABILITIES, WHY_ABSENT, material_bytes
from ..trace.source import Floats
from ..trace.trace import Trace
from .conditioned import Decoder
from .encoder import output_class, states_of
from .failures import explained_running
from .forward import as_input
from .lm import Chat, Ids
from .prompt import Prompt, read_prompt
from .record import run
from .record_attention import recording_cross_calls, run_with_calls, with_written
from .seq2seq_live_source import Seq2SeqLiveSource, key_of
from .target import read_beginning, read_target
from .token_spans import row
from .traces import Calls, Keep

__all__ = ["Seq2SeqLM"]

_APART = "run one by one, not in batches: every text has a source of its own"


class Seq2SeqLM(Seq2SeqLiveSource):
    """An encoder-decoder whose parts are found and proven; made by `load` or `wrap`.

    >>> trace = lm.trace("The keys", target="Les clefs")  # doctest: +SKIP
    >>> trace.source_ids, trace.token_ids  # doctest: +SKIP
    ((37, 9060, 1), (0, 622, 11737, 7, 1))

    encoder  the encoder as a model of its own, without a language head; all else, `anatomy`,
             `card` and every lens, is of the decoder under a source
    """

    def _trace(
        self, x: Any, text_b: str | None, target: Any, materials: tuple[str, ...], **how: bool
    ) -> Trace | list[Trace]:
        """The traces of a source or of several, each with its target; see `LM.trace`."""
        if text_b is not None:
            raise InvalidError("text_b", text_b, allowed="None: an encoder-decoder takes a target")
        several = self._several(x)
        sources, targets = (x, target) if several else ([x], [target])
        targets = [None] * len(sources) if targets is None else targets
        if isinstance(targets, str) or len(targets) != len(sources):
            raise InvalidError("target", target, allowed=f"a list of {len(sources)}, as of sources")
        special = how["add_special_tokens"]
        read = [
            (self._read_from(one, **how), self._read_target(given, special))
            for one, given in zip(sources, targets, strict=True)
        ]
        note = (_APART,) if len(read) > 1 else ()
        traces = [self._record(begun, source, (), materials, {}, note) for source, begun in read]
        return traces if several else traces[0]

    def _begun(self, text: Any, target: Any) -> tuple[Prompt, Prompt | None]:
        begun = read_beginning(target, self.model, self._vocabulary, self.limits)
        return begun, self._read_from(text)

    def cost(
        self, x: str | Ids | Chat, keep: Keep = None, *, target: str | Ids | None = None
    ) -> dict[str, int]:
        """Bytes that a trace of a source and a target will hold, by material, of both sides."""
        source = self._read_from(x)
        materials, S = self._materials(keep), len(source.ids)
        T = len(self._read_target(target, True).ids)
        own = material_bytes(self.card, T, materials, S)
        beside = material_bytes(self.encoder.card, S, self._encoder_materials(materials))
        return {name: size + beside.get(name, 0) for name, size in own.items()}

    def _read_from(self, x: Any, **how: bool) -> Prompt:
        """A source as the encoder reads it."""
        return read_prompt(x, self._vocabulary, self.encoder.limits, **how)

    def _read_target(self, target: object, special: bool) -> Prompt:
        return read_target(
            target, self.model, self._vocabulary, self.limits, add_special_tokens=special
        )

    def _encoder_materials(self, materials: tuple[str, ...]) -> tuple[str, ...]:
        """What is kept of the encoder: the same, as far as it has it."""
        if not self.encoder.card.n_layers:  # its blocks could not be proven
            return ()
        known = self.encoder.card.capabilities
        names = {name: known.get(CAPABILITIES.get(name, name)) for name in materials}
        return tuple(
            n for n, can in names.items() if (n not in WHY_ABSENT if can is None else can.proven)
        )

    def _record(
        self,
        begun: Prompt,
        source: Prompt | None,
        output: Sequence[int],
        materials: tuple[str, ...],
        made: Mapping[str, Any],
        notes: tuple[str, ...] = (),
    ) -> Trace:
        """One trace of a source and what the decoder reads under it, recorded in one pass."""
        assert source is not None
        ids = (*begun.ids, *output)
        with self._lock, explained_running(), working("reading"):
            versions = self.present_versions()
            encoder, decoder = self._read_source(source, materials)
            arrays, calls, crossings = self._run(decoder, ids, materials)
        trace = Trace(
            tokens=row(self._vocabulary, ids, len(begun.ids)),
            card=self.card,
            materials=arrays,
            calls=calls,
            source=self,
            options={"prompt": source.given, "target": begun.given, **made},
            notes=(*source.notes, *begun.notes, *notes),
            encoder=encoder,
            cross_calls=crossings,
            weight_versions=versions,
        )
        return self._answered(trace) if "lens" in materials else trace

    def _read_source(self, source: Prompt, materials: tuple[str, ...]) -> tuple[Trace, Decoder]:
        """The encoder's trace, and the decoder under its last states."""
        with self._encoder_outputs() as outputs:
            kept = self._encoder_materials(materials)
            (trace,) = self.encoder.traced([source], [()], kept, [{}])
        ids, output = as_input(self.encoder.model, source.ids), outputs[-1]
        decoder = Decoder(self.model, states_of(output), ids, output_class(output))
        self._sources.put(key_of(trace), decoder)
        return trace, decoder

    def _run(
        self, conditioned: Decoder, ids: tuple[int, ...], materials: tuple[str, ...]
    ) -> tuple[dict[str, dict[int, Floats]], Calls, Calls]:
        """What one pass of the decoder gives: arrays, its attention, and that to the source."""
        names = tuple(name for name in materials if name not in ("lens", "attention"))
        if "attention" not in materials:
            return run(conditioned, self.anatomy, ids, names), {}, {}
        crossings: Calls = {}
        with recording_cross_calls(conditioned, self.anatomy, crossings.__setitem__):
            arrays, calls = run_with_calls(conditioned, self.anatomy, ids, names)
        own, across = (
            {
                layer: with_written(self.model, self.anatomy, layer, call, cross=cross)
                for layer, call in of.items()
            }
            for of, cross in ((calls, False), (crossings, True))
        )
        return arrays, own, across
