"""Inseq: input x gradient of the logit of every output token, or of some, one text each."""

from __future__ import annotations

import inseq
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.peers.work import given, work


def main() -> None:
    """Answer with the model in the folder that was given."""
    folder = given()["model"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    inner = AutoModelForCausalLM.from_pretrained(folder)
    model = inseq.load_model(inner, "input_x_gradient", tokenizer=tokenizer)

    def outputs(spans: list[tuple[list[int], list[int]]]) -> object:
        return [
            model.attribute(
                tokenizer.decode(before), tokenizer.decode([*before, *after]),
                attributed_fn="logit", show_progress=False,
            )
            for before, after in spans
        ]  # fmt: skip

    work({"outputs": outputs})


if __name__ == "__main__":
    main()
