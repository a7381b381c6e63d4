"""tuned-lens: the statistics of its PredictionTrajectory under its logit lens."""

from __future__ import annotations

from transformers import AutoModelForCausalLM, AutoTokenizer
from tuned_lens.nn.lenses import LogitLens
from tuned_lens.plotting import PredictionTrajectory

from benchmarks.peers.work import given, work


def main() -> None:
    """Answer with the model in the folder that was given."""
    folder = given()["model"]
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer, lens = AutoTokenizer.from_pretrained(folder), LogitLens.from_model(model)

    def statistics(ids: list[int]) -> object:
        found = PredictionTrajectory.from_lens_and_model(lens, model, ids, tokenizer)
        return found.entropy(), found.forward_kl(), found.max_probability()

    work({"statistics": statistics})


if __name__ == "__main__":
    main()
