"""Watches the lens change while a tiny GPT-2 learns to repeat; draws the pictures of its docs page.

    python examples/training.py [FOLDER]

A text is eight letters in random order, twice. The first eight can't be foretold; of the others
all but the first can, by reading what followed the same letter before. The figure "induction"
counts how much a head looks there; here that is always seven back, so a head may go by position
alone, and need not find the letter again (Olsson et al. 2022, https://arxiv.org/abs/2209.11895).
`ct.LensCallback` logs the logit lens and the attention of one
such text to TensorBoard at every evaluation. What the docs say of the pictures is asserted here,
loosely enough for another machine's rounding.
"""

from __future__ import annotations

import string
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib
import torch
from _camera import camera
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.utils.tensorboard import SummaryWriter
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    default_data_collator,
)

import cutaway as ct

DOCS = Path(__file__).resolve().parents[1] / "docs" / "images"
LETTERS, LENGTH = string.ascii_lowercase, 8
STEPS, EVERY, ROWS = 120, 20, 32
TEXT = " ".join("qcmxatjf" * 2)
#: The positions after which the next letter can be known.
KNOWABLE = slice(LENGTH, 2 * LENGTH - 1)
#: Steps whose pages are photographed.
SHOWN = (0, 20, 40)
CHARTS = {
    "repeat-logit_lens/mean_next_surprisal": "mean surprisal of the next token, nats",
    "repeat-attention/largest_induction": "most induction of one head, mean mass",
}


def tokenizer() -> PreTrainedTokenizerFast:
    """A token for each letter."""
    words = Tokenizer(models.WordLevel({letter: i for i, letter in enumerate(LETTERS)}, "a"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=words, clean_up_tokenization_spaces=False)


def texts(count: int, draw: torch.Generator) -> list[dict[str, torch.Tensor]]:
    """Eight letters twice; learnt from are those that can be known."""
    first = torch.stack(
        [torch.randperm(len(LETTERS), generator=draw)[:LENGTH] for _ in range(count)]
    )
    ids = torch.cat([first, first], 1)
    labels = ids.clone()
    labels[:, : LENGTH + 1] = -100
    return [{"input_ids": row, "labels": label} for row, label in zip(ids, labels, strict=True)]


def train(folder: Path) -> None:
    """A training with the callback; its events and pages are in the folder."""
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(LETTERS), n_positions=32, n_embd=64, n_layer=4, n_head=4,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    arguments = TrainingArguments(
        output_dir=str(folder / "checkpoints"), max_steps=STEPS, per_device_train_batch_size=ROWS,
        learning_rate=3e-3, lr_scheduler_type="constant", eval_strategy="steps", eval_steps=EVERY,
        eval_on_start=True, logging_steps=EVERY, save_strategy="no", report_to=[],
        disable_tqdm=True, use_cpu=True, seed=0,
    )  # fmt: skip
    draw = torch.Generator().manual_seed(0)
    with SummaryWriter(str(folder)) as writer:
        watching = ct.LensCallback(
            writer, {"repeat": TEXT},
            lenses={
                "logit_lens": lambda trace: ct.logit_lens(
                    trace, rank_of="next", positions=KNOWABLE
                ),
                "attention": ct.attention,
            },
        )  # fmt: skip
        Trainer(
            GPT2LMHeadModel(config), arguments, train_dataset=texts(STEPS * ROWS, draw),
            eval_dataset=texts(32, draw), processing_class=tokenizer(),
            data_collator=default_data_collator, callbacks=[watching],
        ).train()  # fmt: skip


def charts(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What the tracker has of each chart, as (step, value)."""
    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in CHARTS}


def draw_charts(found: dict[str, list[tuple[int, float]]], path: Path) -> None:
    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(found), figsize=(9, 2.8), layout="constrained")
    for part, (tag, points) in zip(axes, found.items(), strict=True):
        part.plot(*zip(*points, strict=True), marker="o", color="#b04a12")
        part.set_title(CHARTS[tag], fontsize=10, loc="left")
        part.set_xlabel("step")
        part.set_ylim(bottom=0)
        part.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=160)
    pyplot.close(figure)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        train(Path(place))
        found = charts(Path(place))
        surprisal, induction = ([value for _, value in points] for points in found.values())
        assert 2.5 < surprisal[0] < 4.5  # of 26 letters, knowing nothing: ln 26 is 3.3
        assert surprisal[-1] < 0.5
        assert induction[0] < 0.25 < 0.5 < induction[-1]
        draw_charts(found, folder / "training.png")
        with camera() as lens:
            for step in SHOWN:
                page = Path(place) / f"cutaway/repeat-logit_lens/step-{step:06d}.html"
                picture = folder / f"training-{step}.png"
                lens.photograph(page, picture, parts=(".grid", ".legend"), width=1700)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
