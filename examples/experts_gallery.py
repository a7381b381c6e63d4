"""Draws docs/gallery/experts.md: what the routers of a mixture go by, where it can be counted.

    python examples/experts_gallery.py [FOLDER]

A text is a sign and letters: after "+" each letter is followed by the next of the alphabet, after
"-" by the one before it; now and then it jumps. Token (the letter) and subject (the rule) are
independent of each other, so that what an expert is chosen by can be counted. Trained in a quarter
of a minute on one core. Each part asserts what its words say, loosely enough for another
machine's rounding; the pictures are photographs of the saved pages.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

import numpy as np
import torch
from _gallery import Gallery, draw
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import MixtralConfig, MixtralForCausalLM, PreTrainedTokenizerFast

import cutaway as ct

INTRODUCTION = """\
# Gallery: token or subject

Do the experts of a mixture stand for subjects? Here subject and token can be told apart. A text is
a sign and letters: after “+” each letter is followed by the next of the alphabet, after “-” by the
one before it, and one time in seven it jumps to any letter. Every letter is as common under either
rule. `examples/experts_gallery.py` trains a small Mixtral on such texts (three layers of eight
experts, of which two are called), counts what its routers go by, and draws these pictures.
[What the numbers mean](../experts.md)."""
LETTERS, SIGNS, JUMP = string.ascii_lowercase, "+-", 1 / 7
STEPS, ROWS, LENGTH, RATE = 120, 64, 24, 4e-3
LAYERS, EXPERTS, CALLED = 3, 8, 2
#: Texts whose experts are counted.
COUNTED = 150
#: The same letters under either rule.
TEXTS = ("+ d e f g h i j k l", "- l k j i h g f e d")
GRID = ("section.card:has(.grid)",)


def texts(count: int, draw: np.random.Generator) -> list[str]:
    """A sign and letters that follow its rule, but where they jump."""
    found = []
    for sign in draw.choice(list(SIGNS), count):
        at = int(draw.integers(26))
        row = [sign, LETTERS[at]]
        while len(row) < LENGTH:
            jumps = draw.random() < JUMP
            at = int(draw.integers(26)) if jumps else (at + (1 if sign == "+" else -1)) % 26
            row.append(LETTERS[at])
        found.append(" ".join(row))
    return found


def tokenizer() -> PreTrainedTokenizerFast:
    """A token for each letter and sign."""
    words = {word: i for i, word in enumerate([*SIGNS, *LETTERS])}
    made = Tokenizer(models.WordLevel(words, "+"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=made, clean_up_tokenization_spaces=False)


def load() -> ct.LM:
    """The trained mixture."""
    torch.manual_seed(0)
    tokens = tokenizer()
    model = MixtralForCausalLM(
        MixtralConfig(
            vocab_size=len(tokens), hidden_size=48, intermediate_size=64, num_hidden_layers=LAYERS,
            num_attention_heads=4, num_key_value_heads=2, num_local_experts=EXPERTS,
            num_experts_per_tok=CALLED, router_aux_loss_coef=0.02, output_router_logits=True,
            max_position_embeddings=64, bos_token_id=None, eos_token_id=None,
        )
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    drawn = np.random.default_rng(0)
    with torch.enable_grad():
        for _ in range(STEPS):
            ids = tokens(texts(ROWS, drawn), return_tensors="pt")["input_ids"]
            model(ids, labels=ids).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    return ct.wrap(model.eval(), tokens)


@dataclass(frozen=True)
class Read:
    """What was read and called at n letters of many texts, all but each text's first.

    called  (layer, n) the strongest expert;  letter, coming  (n,) the letter, and the one that its
    rule says comes next;  rule  (n,) 0 for "+", 1 for "-"
    """

    called: NDArray[np.int64]
    letter: NDArray[np.int64]
    rule: NDArray[np.int64]

    @property
    def coming(self) -> NDArray[np.int64]:
        return (self.letter + np.where(self.rule == 0, 1, -1)) % 26


def read(lm: ct.LM) -> Read:
    """The experts of texts that it never learnt from."""
    drawn = texts(COUNTED, np.random.default_rng(1))
    called = [ct.experts(trace).data["chosen"].values[:, 2:, 0] for trace in lm.trace(drawn)]
    letters = [LETTERS.index(letter) for text in drawn for letter in text.split()[2:]]
    rules = np.repeat([SIGNS.index(text[0]) for text in drawn], LENGTH - 2)
    return Read(np.hstack(called), np.asarray(letters), rules)


def known_by(it: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """How much of one thing is known when another is: 1 - H(it | other) / H(it)."""
    counts = np.zeros((it.max() + 1, other.max() + 1))
    np.add.at(counts, (it, other), 1)
    alone = entropy(counts.sum(1))
    return (alone + entropy(counts.sum(0)) - entropy(counts.ravel())) / alone


def entropy(counts: NDArray[np.float64]) -> float:
    """In nats, of shares in proportion to the counts."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def guessed(lm: ct.LM) -> float:
    """The share of letters that are the likeliest by the model, over texts never learnt from."""
    ranks = [
        ct.logit_lens(trace, rank_of="next", k=1).data["rank"].values[-1, 1:-1]
        for trace in lm.trace(texts(COUNTED // 3, np.random.default_rng(2)))
    ]
    return float((np.concatenate(ranks) == 1).mean())


def counted(lm: ct.LM, page: Gallery) -> None:
    right, seen = guessed(lm), read(lm)
    shuffled = np.random.default_rng(0).permutation(seen.letter)
    both = 2 * seen.letter + seen.rule
    found = {
        "the rule, when the expert is": [known_by(seen.rule, row) for row in seen.called],
        **{
            f"the expert, when {name}": [known_by(row, it) for row in seen.called]
            for name, it in (
                ("the letter that is read is", seen.letter),
                ("the letter that is to come is", seen.coming),
                ("letter and rule are", both),
                ("the letter of another place is", shuffled),
            )
        },
    }
    rule, letter, coming, together, chance = found.values()
    assert right > 0.8
    assert min(together) > 0.8
    assert max(chance) < 0.05
    assert rule[0] > 0.4
    assert rule[-1] < 0.1
    assert coming[-1] > max(0.85, letter[-1])

    page.say(
        "## Counted",
        f"It learns all there is: of texts it never saw, {percent(right)} of the letters are the "
        f"likeliest by the model, and about {percent(1 - JUMP * 25 / 26)} can be. "
        f"Of the strongest expert at {len(seen.letter):,} letters (how much is known: 1 − the "
        "entropy that is left over the entropy that there was):",
        "\n".join([
            f"| known is | {' | '.join(f'layer {layer}' for layer in range(LAYERS))} |",
            "|---" * (LAYERS + 1) + "|",
            *[f"| {name} | {' | '.join(map(percent, row))} |" for name, row in found.items()],
        ]),
        f"The first layer's expert tells {percent(rule[0])} of the rule: there, experts do stand "
        "for subjects, several for each. In the last layer nothing is left of that "
        f"({percent(rule[-1])}), and {percent(coming[-1])} of the choice follow from the letter "
        "that is about to be said, whichever rule says it.",
        "A model trained from another seed (1, run by hand) divides the first layer otherwise: "
        "there 69 % of the choice follow from the letter that is read. Its last layer does as "
        "this one does: 99 % follow from the letter that is to come.",
    )  # fmt: skip


def both_ways(lm: ct.LM, page: Gallery) -> None:
    up, down = (ct.experts(lm.trace(text)) for text in TEXTS)
    seen = read(lm)
    usual = [
        [np.bincount(seen.called[-1][(seen.coming == it) & (seen.rule == rule)]).argmax()
         for it in range(26)]
        for rule in (0, 1)
    ]  # fmt: skip
    same = sum(a == b for a, b in zip(*usual, strict=True))
    assert same >= 20
    low, high = (
        [view.data["chosen"].sel(layer=layer).values[1:] for view in (up, down)]
        for layer in (0, LAYERS - 1)
    )
    shared = set(low[0].ravel()) & set(low[1].ravel())
    n = len(TEXTS[0].split()) - 3  # of the letters that come, those that come in both
    alike = sum(bool(set(high[0][i]) & set(high[1][n - 1 - i])) for i in range(n))
    assert len(shared) <= 1
    assert alike >= n - 2
    page.say(
        "## The same letters, up and down",
        f"“{TEXTS[0]}” and “{TEXTS[1]}”. A cell names the two experts called, the strongest first. "
        f"Experts that layer 0 calls in both texts: {len(shared)}. Layer 2 calls an expert in "
        f"common before {alike} of the {n} letters that come in both.",
    )
    for view, way in ((up, "up"), (down, "down")):
        page.show(view, f"experts-{way}", f"The alphabet {way}wards", parts=GRID, width=1300)
    page.say(
        f"In the last layer {same} of the 26 letters have one expert that is called most often "
        "before them whichever rule says them."
    )


def percent(part: float) -> str:
    return f"{100 * part:.0f} %"


if __name__ == "__main__":
    draw("experts", INTRODUCTION, (counted, both_ways), load)
