"""Watching the lens change: a callback of transformers' Trainer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ...core.errors import InvalidError, MissingError
from ...model.load import wrap
from ...trace.trace import Trace
from ..api import logit_lens
from ..view import View
from .asset import read_name
from .known import tracker_of

__all__ = ["LensCallback"]

Lens = Callable[[Trace], View]


class LensCallback(TrainerCallback):
    """Logs lenses of chosen prompts to an experiment tracker, at every evaluation of a training.

    >>> watching = ct.LensCallback(mlflow, {"keys": "The keys to the cabinet"})  # doctest: +SKIP
    >>> trainer = Trainer(model, args, callbacks=[watching], ...)  # doctest: +SKIP

    run        what view.log takes; the module mlflow or wandb means the run that is active then
    prompts    name -> text
    lenses     name -> function of a trace that answers a view; by default the logit lens
    tokenizer  where the Trainer was given none as its processing_class

    Each view is logged as "PROMPT-LENS" at the Trainer's step. The weights, their gradients, the
    train mode and the random numbers stay as they are: a training with it ends with the same
    weights as one without. Parts that can't be found, a run that is none and a prompt or lens that
    fails are said before the training begins. Raises InvalidError where the weights are sharded.
    """

    def __init__(
        self,
        run: Any,
        prompts: Mapping[str, str],
        *,
        lenses: Mapping[str, Lens] | None = None,
        tokenizer: Any = None,
    ) -> None:
        tracker_of(run)
        if not isinstance(prompts, Mapping) or not prompts:
            raise InvalidError(
                "prompts", prompts, allowed="name -> text", fix="write {'keys': 'The keys to'}"
            )
        self.run, self.prompts, self.tokenizer = run, dict(prompts), tokenizer
        self.lenses = {"logit_lens": logit_lens} if lenses is None else dict(lenses)
        for prompt in self.prompts:
            for lens in self.lenses:
                read_name(f"{prompt}-{lens}")

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **trainer: Any,
    ) -> None:
        """Look once, so that what can't be logged is said now."""
        if args.fsdp or args.deepspeed:
            raise InvalidError(
                "training", "fsdp" if args.fsdp else "deepspeed",
                allowed="one whose processes hold the whole model",
                fix="load a checkpoint with ct.load and log its views instead",
            )  # fmt: skip
        if state.is_world_process_zero:
            for _ in self._views(**trainer):
                pass

    def on_evaluate(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **trainer: Any,
    ) -> None:
        """Log every lens of every prompt, in the first process."""
        if state.is_world_process_zero:
            for name, view in self._views(**trainer):
                view.log(self.run, name, step=state.global_step)

    def _views(
        self, model: Any, processing_class: Any = None, **_: Any
    ) -> Iterator[tuple[str, View]]:
        tokenizer = processing_class if self.tokenizer is None else self.tokenizer
        if tokenizer is None:
            raise MissingError(
                "the tokenizer", because="the Trainer has no processing_class",
                fix="write LensCallback(..., tokenizer=tokenizer)",
            )  # fmt: skip
        lm = wrap(model, tokenizer)
        for prompt, text in self.prompts.items():
            trace = lm.trace(text)
            for lens, ask in self.lenses.items():
                yield f"{prompt}-{lens}", ask(trace)
