"""Whatever a verb can be asked in Python it can be asked on the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import typer

import cutaway as ct
from cutaway.app import cli
from cutaway.app.attention import AttentionView
from cutaway.app.embeddings import Embeddings
from cutaway.app.explore import Explorer
from cutaway.app.saliency import SaliencyView
from cutaway.lens.saliency_methods import METHODS

#: Command -> the calls behind it.
CALLS: dict[str, tuple[Callable[..., Any], ...]] = {
    "look": (ct.LM.trace, ct.LM.generate, ct.load),
    "lens": (ct.logit_lens, ct.LM.generate, ct.load),
    "predictions": (ct.predictions, ct.LM.generate, ct.load),
    "saliency": (ct.saliency, SaliencyView.check, SaliencyView.alignment, ct.LM.generate),
    "classes": (ct.classes,),
    "watch": (ct.watch, ct.LM.generate),
    "pairs": (ct.pairs,),
    "neurons": (ct.neurons, ct.LM.generate),
    "clusters": (ct.clusters, ct.LM.generate),
    "factors": (ct.factors, ct.LM.generate),
    "experts": (ct.experts, ct.LM.generate),
    "attention": (ct.attention, AttentionView.neuron, AttentionView.alignment, ct.LM.generate),
    "compare": (ct.compare,),
    "walk": (ct.walk, ct.LM.generate),
    "explore": (ct.explore, Explorer.sample, Explorer.ramble),
    "embed": (ct.embed, Embeddings.nearest, Embeddings.analogy, Embeddings.project),
    "anatomy": (ct.anatomy, ct.load),
    "report": (ct.report, ct.LM.generate),
    "serve": (ct.serve,),
    "runs add": (ct.Runs.add, ct.Runs.add_file, ct.LM.trace, ct.LM.generate),
    "runs list": (ct.Runs.list,),
    "runs export": (ct.Runs.export,),
}
#: An argument of the call -> what it is called on the command line, where that is another name.
NAMES = {
    "distances": "distance", "tokens": "token", "stream": "side", "parts": "part",
    "lenses": "lens", "tags": "tag", "opens": "view", "add_special_tokens": "special_tokens",
    "max_new_tokens": "generate", "on_token": "stream", "name": "model", "traces": "prompts",
    "target": "target_text",
}  # fmt: skip
#: The same, of one command.
OWN = {
    "attention": {"tokens": "tokens"},
    "saliency": {"seed": "start_seed", "target": "check_target"},
    "clusters": {"seed": "start_seed"},
    "factors": {"seed": "start_seed"},
    "predictions": {"target": "target"},
    "watch": {"target": "target"},
    "explore": {"target": "target", "n": "sample", "max_new_tokens": "max_new_tokens"},
    "embed": {"a": "analogy", "b": "analogy", "c": "analogy", "start": "project",
              "end": "project", "text": "nearest"},
    "runs add": {"name": "name", "path": "file"},
    "runs export": {"run_id": "run", "path": "file"},
    "serve": {"names": "name"},
}  # fmt: skip
#: What is not asked so: the prompt itself, and what only a program has a use for.
LEFT_OUT = {
    "self",
    "trace",
    "lm",
    "a",
    "b",
    "x",
    "text",
    "keep",
    "options",
    # A chat of one message always ends with the opening of the answer.
    "add_generation_prompt",
    # The file may be deleted by hand; `move` spares a copy of what is on the store's own disk.
    "move",
    # Some of the texts that were embedded: give these alone.
    "texts",
}


def of_saliency() -> set[str]:
    """The options of all its methods."""
    return {option for method in METHODS.values() for option in method.options}


@pytest.mark.parametrize("name", CALLS)
def test_every_argument_has_a_flag(name: str) -> None:
    command: Any = typer.main.get_command(cli.app)
    for part in name.split():
        command = command.commands[part]
    flags = {parameter.name for parameter in command.params}
    own = NAMES | OWN.get(name, {})
    asked = {argument for call in CALLS[name] for argument in inspect.signature(call).parameters}
    asked |= of_saliency() if name == "saliency" else set()
    lacking = {one for one in asked if one not in LEFT_OUT and own.get(one, one) not in flags}
    assert not lacking, f"cutaway {name} can't be asked for {lacking}"


def test_every_verb_is_held_to_it() -> None:
    calls = {name.split()[0] for name in CALLS}
    assert calls | {"doctor", "demo"} == set(cli.VERBS) | {"runs"}
