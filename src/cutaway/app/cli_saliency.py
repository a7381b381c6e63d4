"""`cutaway saliency`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

import typer

from ..core.errors import InvalidError
from ..core.extras import check_installed
from .options import Generation, ModelChoice, Reading, Subject, read_numbers, read_trace, verb
from .outcome import Outputs

__all__ = ["saliency"]

_INSTEAD = "one of --check and --alignment"


@verb
def saliency(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    outputs: Outputs,
    method: Annotated[
        str,
        typer.Option(
            help="input_x_gradient, gradient_norm, integrated_gradients, occlusion, "
            "shapley_value_sampling, kernel_shap or lime."
        ),
    ] = "input_x_gradient",
    targets: Annotated[
        str | None, typer.Option(help='Such as "5,7" or "5:9". [default: the outputs, or all]')
    ] = None,
    contrast: Annotated[
        str | None, typer.Option(help='Rather than this token, such as " are".')
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Of a classifier: the label explained. [default: its own]")
    ] = None,
    quantity: Annotated[
        str | None,
        typer.Option(help="logit, log_probability, probability. [default: the method's]"),
    ] = None,
    at_layer: Annotated[
        str | None, typer.Option(help='Explain by the states after this block, or "in".')
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Of integrated gradients.")] = None,
    spacing: Annotated[str | None, typer.Option(help="Of these steps: adaptive or even.")] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Where they begin: mean, zero, or a token's text.")
    ] = None,
    keep_first: Annotated[
        bool | None, typer.Option(help="Whether they leave the first token as it is.")
    ] = None,
    samples: Annotated[int | None, typer.Option(help="Of the samplers of Captum.")] = None,
    how: Annotated[
        str | None, typer.Option(help="How a token is taken out: replace or delete.")
    ] = None,
    replacement: Annotated[
        str | None,
        typer.Option(help="The token put in its place, in the method and in --check."),
    ] = None,
    start_seed: Annotated[
        int | None, typer.Option(help="Of the samplers, and of the random orders of --check.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Show its deletion curve instead: is it true?")
    ] = False,
    check_target: Annotated[
        int | None, typer.Option(help="Of --check: which target. [default: the last]")
    ] = None,
    alignment: Annotated[
        bool,
        typer.Option("--alignment", help="Of an encoder-decoder: each target's source instead."),
    ] = False,
) -> None:
    """What it read: the share of each earlier token in the tokens that were said."""
    from .saliency import saliency as ask

    if check and alignment:
        raise InvalidError("--alignment", alignment, allowed=_INSTEAD)
    if check_target is not None and not check:
        raise InvalidError("--check-target", check_target, allowed="with --check")
    own = _given(steps=steps, spacing=spacing, baseline=baseline, keep_first=keep_first,
                 samples=samples, how=how)  # fmt: skip
    taken = _given(replacement=replacement, seed=start_seed)
    at, options = read_numbers("targets", targets), _options(method)
    trace = read_trace(subject, choice, generation, reading=reading)
    view = ask(
        trace, method=method, targets=at, contrast=contrast,
        quantity=quantity, at_layer=at_layer, label=label, **own,
        **{name: value for name, value in taken.items() if name in options or not check},
    )  # fmt: skip
    if check:
        view = view.check(check_target, **taken)  # type: ignore[assignment]
    outputs.give(view.alignment() if alignment else view)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _options(method: str) -> Collection[str]:
    """The options of a method; an unknown or missing one is refused before a model is loaded."""
    from ..lens.saliency_methods import read_method

    options = read_method(method).options
    if "samples" in options:
        check_installed("captum", because=f"{method} is its method", extra="captum")
    return options
