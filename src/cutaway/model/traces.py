"""How a model's traces are made: what is kept of each text, recorded alone or in batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from ..core.errors import InvalidError, MissingError
from ..core.progress import working
from ..trace.attention import AttentionCall
from ..trace.card import ModelCard
from ..trace.keep import CAPABILITIES, WHY_ABSENT, read_keep
from ..trace.lens_answers import lens_answers
from ..trace.trace import Trace
from .batch import Materials, padding_refused, record_rows
from .conditioned import GivenTypes
from .failures import explained_running
from .forward import as_input
from .next_tokens import NextTokens
from .prompt import Prompt, is_batch, read_prompt
from .record_attention import run_with_calls, with_written
from .token_spans import row

__all__ = ["Calls", "Keep", "Traces"]

Calls = dict[int, AttentionCall]
Keep = str | Iterable[str] | None


class Traces(NextTokens):
    """A model whose passes over texts are recorded; each trace asks it for what was not kept.

    card  its particulars
    """

    card: ModelCard
    #: What must be proven for a material that is not called after it.
    _needs: Mapping[str, str] = CAPABILITIES
    #: Why several texts can't share a pass; None: not tried yet.
    _padding_refused: str | None = None

    def _materials(self, keep: Keep) -> tuple[str, ...]:
        """What is asked for, refused where this model has it not; "all" is all it has."""
        names = read_keep(keep)
        lacking = {name: why for name in names if (why := self._lacks(name))}
        if lacking and keep != "all":
            name, why = next(iter(lacking.items()))
            raise MissingError(f"the material {name!r}", because=why, fix="leave it out of keep")
        return tuple(name for name in names if name not in lacking)

    def _lacks(self, material: str) -> str:
        """Why this model has not a material; "" where it has."""
        known = self.card.capabilities.get(self._needs.get(material, material))
        if known is None:
            return WHY_ABSENT.get(material, "")
        return "" if known.proven else known.why

    def _trace(
        self, x: Any, text_b: str | None, target: Any, materials: tuple[str, ...], **how: bool
    ) -> Trace | list[Trace]:
        """The traces of a text or of several; `how` a text and a chat are read."""
        if target is not None:
            raise InvalidError("target", target, allowed="None: this model reads no second text so")
        if not self._several(x):
            prompt = read_prompt(x, self._vocabulary, self.limits, text_b=text_b, **how)
            return self.traced([prompt], [()], materials, [{}])[0]
        if text_b is not None:
            raise InvalidError("text_b", text_b, allowed="with one text", fix="list tuples (a, b)")
        prompts = [read_prompt(one, self._vocabulary, self.limits, **how) for one in x]
        return self.traced(prompts, [()] * len(prompts), materials, [{}] * len(prompts))

    def _several(self, x: object) -> bool:
        """Whether it is several texts, and not one."""
        return is_batch(x)

    def _begun(self, text: Any, target: Any) -> tuple[Prompt, Prompt | None]:
        """What generation goes on with, and the source beside it."""
        return self.beginning(text, target)

    def _as_input(self, source: Prompt) -> Tensor:
        """A source as the model takes it."""
        return as_input(self.model, source.ids)

    def _record(
        self,
        begun: Prompt,
        source: Prompt | None,  # noqa: ARG002
        output: Sequence[int],
        materials: tuple[str, ...],
        made: Mapping[str, Any],
    ) -> Trace:
        """One trace of what was given and what the model said after it."""
        return self.traced([begun], [output], materials, [made])[0]

    def traced(
        self,
        prompts: Sequence[Prompt],
        outputs: Sequence[Sequence[int]],
        materials: tuple[str, ...],
        made: Sequence[Mapping[str, Any]],
    ) -> list[Trace]:
        """One trace of each prompt and its output, recorded together."""
        rows = [(*prompt.ids, *output) for prompt, output in zip(prompts, outputs, strict=True)]
        conditioned = [self._given_types(prompt.types) for prompt in prompts]
        kept = tuple(name for name in materials if name != "lens")
        with self._lock:
            versions = self.present_versions()
        recorded, note = self._recorded(rows, conditioned, kept)
        traces = []
        for prompt, ids, (arrays, calls), how in zip(prompts, rows, recorded, made, strict=True):
            n_prompt = len(prompt.ids)
            spoken = "assistant" if any(prompt.roles) else ""
            roles = (*prompt.roles, *[spoken] * (len(ids) - n_prompt))
            trace = Trace(
                tokens=row(self._vocabulary, ids, n_prompt, roles, prompt.types, prompt.segments),
                card=self.card,
                materials=arrays,
                calls=calls,
                source=self,
                options={**prompt.options(), **how},
                notes=(*prompt.notes, *note),
                weight_versions=versions,
            )
            traces.append(self._answered(trace) if "lens" in materials else trace)
        return traces

    def _recorded(
        self,
        rows: Sequence[tuple[int, ...]],
        conditioned: Sequence[nn.Module],
        materials: tuple[str, ...],
    ) -> tuple[list[tuple[Materials, Calls]], tuple[str, ...]]:
        """What was recorded of each row, and a note where several had to be run one by one."""
        if "attention" in materials:
            arrays = tuple(name for name in materials if name != "attention")
            pairs = zip(conditioned, rows, strict=True)
            return [self._recorded_with_calls(model, ids, arrays) for model, ids in pairs], ()
        with self._lock, explained_running():
            refused = self._why_apart(conditioned) if len(rows) > 1 else ""
            padded = len(rows) > 1 and not refused
            recorded = record_rows(conditioned, self.anatomy, rows, materials, padded=padded)
        note = (f"run one by one, not in batches: {refused}",)
        each: list[tuple[Materials, Calls]] = [(arrays, {}) for arrays in recorded]
        return each, note if len(rows) > 1 and not padded else ()

    def _why_apart(self, conditioned: Sequence[nn.Module]) -> str:
        """Why several rows can't share a pass; "" where padding was proven to change nothing."""
        if len(set(conditioned)) > 1:
            return "each has token types of its own"
        if self._padding_refused is None:
            rows = self.limits.rows
            self._padding_refused = padding_refused(self._given_types(), self.anatomy, rows)
        return self._padding_refused

    def _given_types(self, types: tuple[int, ...] = ()) -> nn.Module:
        """The model under what is given beside the ids; the same one where that is nothing."""
        return GivenTypes(self.model, types) if types else self.model

    def conditioned(self, trace: Trace) -> nn.Module:
        return self._given_types(trace.tokens.types)

    def _recorded_with_calls(
        self, model: nn.Module, ids: tuple[int, ...], materials: tuple[str, ...]
    ) -> tuple[Materials, Calls]:
        """One text, by itself: its masks and biases are then those of its own length."""
        with self._lock, explained_running(), working("reading"):
            arrays, calls = run_with_calls(model, self.anatomy, ids, materials)
            return arrays, {
                layer: with_written(self.model, self.anatomy, layer, record)
                for layer, record in calls.items()
            }

    def _answered(self, trace: Trace) -> Trace:
        """The trace with the logit lens' answers, so that it needs no model for them."""
        with self._lock, explained_running():
            return replace(trace, answers=lens_answers(trace))
