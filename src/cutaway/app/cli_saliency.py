"""`cutaway saliency`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .options import Generation, ModelChoice, Subject, read_numbers, read_trace, verb
from .outcome import Outputs

__all__ = ["saliency"]


@verb
def saliency(
    subject: Subject,
    choice: ModelChoice,
    generation: Generation,
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
    samples: Annotated[int | None, typer.Option(help="Of the samplers of Captum.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Show its deletion curve instead: is it true?")
    ] = False,
) -> None:
    """What it read: the share of each earlier token in the tokens that were said."""
    from .saliency import saliency as ask

    given: dict[str, Any] = {"steps": steps, "samples": samples}
    trace = read_trace(subject, choice, generation)
    view = ask(
        trace, method=method, targets=read_numbers("targets", targets), contrast=contrast,
        quantity=quantity, at_layer=at_layer, label=label,
        **{name: value for name, value in given.items() if value is not None},
    )  # fmt: skip
    outputs.give(view.check() if check else view)
