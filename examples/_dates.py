"""Dates to be written anew: "12 march 2021" as "2021-03-12".

Every token of a date comes from known tokens of its source, so that what attention and saliency
find can be counted. The parts stand in many orders: a model that goes along the source from left
to right does not get far.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass
from string import Formatter

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
]  # fmt: skip
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
FORMS = (
    "{d} {m} {y}", "{m} {d}, {y}", "{d}{th} of {m} {y}", "{y}, {m} {d}", "{d}.{n}.{y}",
    "{w}, {d} {m} {y}", "{m} {d}{th}, in {y}", "on {w} the {d}{th} of {m} in the year {y}",
)  # fmt: skip
FIRST, DAYS = datetime.date(1900, 1, 1), 73_000
#: Every so many days one is never learnt from.
HELD_OUT = 7
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
#: The parts that a date is made from; n, the number of the month, is told as the month.
_PARTS = {"y": "y", "m": "m", "n": "m", "d": "d"}


@dataclass(frozen=True)
class Example:
    """A date as it is given and as it is to be written.

    spans  field -> (start, end) of the characters of the source that it takes
    """

    source: str
    target: str
    spans: dict[str, tuple[int, int]]


def example(day: datetime.date, form: str) -> Example:
    """A day in one of FORMS.

    >>> example(datetime.date(2021, 3, 12), "{m} {d}, {y}").source
    'march 12, 2021'
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10 if day.day // 10 != 1 else 0, "th")
    values = {
        "d": day.day, "m": MONTHS[day.month - 1], "n": day.month, "y": day.year, "th": ending,
        "w": WEEKDAYS[day.weekday()],
    }  # fmt: skip
    source, spans = "", {}
    for before, field, _, _ in Formatter().parse(form):
        source += before
        value = str(values[field]) if field else ""
        if field in _PARTS:
            spans[_PARTS[field]] = (len(source), len(source) + len(value))
        source += value
    return Example(source, day.isoformat(), spans)


def examples(seed: int, held_out: bool = False) -> Iterator[Example]:
    """Random days in random forms, without end; held out are days that are never learnt from."""
    draw = random.Random(seed)
    while True:
        number = draw.randrange(DAYS)
        if (number % HELD_OUT == 0) == held_out:
            yield example(FIRST + datetime.timedelta(number), draw.choice(FORMS))


def tokenizer() -> PreTrainedTokenizerFast:
    """A token for each digit, sign and word, with the space before it."""
    little = ["st", "nd", "rd", "th", "of", "in", "on", "the", "year"]
    words = [*MONTHS, *WEEKDAYS, *little, *"0123456789", *",.-"]
    vocabulary = [*SPECIAL, *words, *(f" {word}" for word in words)]
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, "<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?(\d|[a-z]+|[^\da-z ])"), "isolated")
    made.decoder = decoders.Fuse()
    made.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", pad_token="<pad>", eos_token="</s>",
        unk_token="<unk>", clean_up_tokenization_spaces=False,
    )  # fmt: skip


def alignment(known: Example, tokens: PreTrainedTokenizerFast) -> list[set[int]]:
    """For each token of the target the positions of the source that it is made from.

    A digit of the year comes from that digit, one of the month from the month, one of the day from
    that digit, or from the only one there is. The signs between, and the end, come from nowhere.
    """
    offsets = tokens(known.source, return_offsets_mapping=True)["offset_mapping"]
    places = {
        field: [i for i, (start, end) in enumerate(offsets) if start < span[1] and span[0] < end]
        for field, span in known.spans.items()
    }
    year, month, day = places["y"], places["m"], places["d"]
    of_day = [day, day] if len(day) == 1 else [day[:1], day[1:]]
    rows = [*([place] for place in year), [], month, month, [], *of_day, []]
    return [set(row) for row in rows]
