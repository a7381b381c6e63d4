"""Trains a tiny encoder-decoder to write dates anew, and counts whether lenses find who is whose.

    python examples/dates.py FOLDER

"12 march 2021" becomes "2021-03-12". Every digit comes from known tokens of the source
(examples/_dates.py), so that what cross attention and saliency point at can be counted, beside what
chance and the diagonal would find. The folder then holds the model, for `ct.load(FOLDER)`, and
alignment.json, the counts. About half a minute on one core.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from _dates import Example, alignment, examples, tokenizer
from transformers import BartConfig, BartForConditionalGeneration, PreTrainedTokenizerFast

import cutaway as ct

STEPS, ROWS, RATE = 500, 64, 2e-3
#: Held-out dates that are written by the model, and those whose lenses are counted.
WRITTEN, COUNTED = 512, 40
COUNTS = "alignment.json"


def model(vocabulary: int) -> BartForConditionalGeneration:
    """One block that reads, two that write: less than a megabyte."""
    torch.manual_seed(0)
    return BartForConditionalGeneration(
        BartConfig(
            vocab_size=vocabulary, d_model=64, max_position_embeddings=32, init_std=0.05,
            encoder_layers=1, decoder_layers=2, encoder_ffn_dim=128, decoder_ffn_dim=128,
            encoder_attention_heads=4, decoder_attention_heads=4, dropout=0.1,
            bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2,
            forced_eos_token_id=None,
        )
    )  # fmt: skip


def batch(
    tokens: PreTrainedTokenizerFast, drawn: Iterator[Example], count: int
) -> tuple[list[Example], dict[str, torch.Tensor]]:
    """The next dates, and what the model is given of them."""
    some = list(itertools.islice(drawn, count))
    given = tokens(
        [one.source for one in some], padding=True, return_tensors="pt",
        return_token_type_ids=False,
    )  # fmt: skip
    labels = tokens([one.target for one in some], return_tensors="pt")["input_ids"]
    return some, {**given, "labels": labels}


def train(tokens: PreTrainedTokenizerFast) -> BartForConditionalGeneration:
    learner = model(len(tokens)).train()
    optimizer = torch.optim.AdamW(learner.parameters(), lr=RATE, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=STEPS, pct_start=0.1
    )
    drawn = examples(seed=0)
    for _ in range(STEPS):
        optimizer.zero_grad()
        learner(**batch(tokens, drawn, ROWS)[1]).loss.backward()
        torch.nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return learner.eval()


def exact(learner: BartForConditionalGeneration, tokens: PreTrainedTokenizerFast) -> float:
    """The share of held-out dates that it writes without a fault."""
    some, given = batch(tokens, examples(seed=1, held_out=True), WRITTEN)
    with torch.no_grad():
        ids = learner.generate(
            input_ids=given["input_ids"], attention_mask=given["attention_mask"],
            max_new_tokens=12, do_sample=False, num_beams=1,
        )  # fmt: skip
    said = tokens.batch_decode(ids, skip_special_tokens=True)
    return float(np.mean([text == one.target for text, one in zip(said, some, strict=True)]))


def found(best: Iterable[int], known: list[set[int]]) -> list[bool]:
    """Whether the source token of each target is one that it is made from; signs aside."""
    return [place in row for place, row in zip(best, known, strict=True) if row]


def counts(lm: ct.LM, tokens: PreTrainedTokenizerFast) -> dict[str, float]:
    """How often the token that a lens points at is the right one, over held-out dates."""
    hits: dict[str, list[float]] = {}
    for one in itertools.islice(examples(seed=2, held_out=True), COUNTED):
        known = alignment(one, tokens)
        trace = lm.trace(one.source, target=one.target)
        S, T = len(trace.source_ids), len(known)
        looked = ct.attention(trace, kind="cross").alignment().data["best"]
        guesses = {
            f"attention, layer {layer}": looked.sel(layer=layer).values
            for layer in looked["layer"].values
        }
        guesses["saliency"] = ct.saliency(trace).alignment().data["best"].values
        guesses["diagonal"] = np.rint(np.arange(T) * (S - 1) / (T - 1)).astype(int)
        for name, best in guesses.items():
            hits.setdefault(name, []).extend(found(best.tolist(), known))
        hits.setdefault("chance", []).extend(len(row) / S for row in known if row)
    return {name: round(float(np.mean(values)), 3) for name, values in hits.items()}


def main(folder: Path) -> None:
    tokens = tokenizer()
    learner = train(tokens)
    share = exact(learner, tokens)
    assert share > 0.99
    learner.save_pretrained(folder)
    tokens.save_pretrained(folder)
    told = {"exact": share, **counts(ct.load(folder), tokens)}
    assert max(value for name, value in told.items() if name.startswith("attention")) > 0.6
    assert told["saliency"] > 0.6
    assert max(told["chance"], told["diagonal"]) < 0.2
    (folder / COUNTS).write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    for name, value in told.items():
        print(f"{name:22}{100 * value:6.1f} %")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
