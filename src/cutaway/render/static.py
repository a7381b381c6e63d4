"""A Spec as HTML that needs no script: for <noscript> and for notebooks without widgets."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

from ..view.spec import Spec
from .table import table
from .tabular import Table

__all__ = ["kept", "safe", "static"]

_TAGS = {"b": "strong", "in": "code", "out": "code"}
_STYLE = (
    ".cutaway-static{overflow:auto;max-width:100%;"
    "font:14px/1.45 ui-sans-serif,system-ui,sans-serif}"
    ".cutaway-static table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    ".cutaway-static th,.cutaway-static td{padding:2px 8px;text-align:left;white-space:pre;"
    "border-bottom:1px solid #8884}"
    ".cutaway-static caption{text-align:left;padding:4px 0}"
    ".cutaway-static code{font-family:ui-monospace,monospace;white-space:pre-wrap}"
    ".cutaway-static img{max-width:100%;background:#fff}"
)
#: Said below what a notebook keeps: who reads it has no widget before them, and may want one.
_ASLEEP = (
    "This is what the notebook keeps of a live picture. It comes alive when the cell is run in a "
    "notebook with widgets; in JupyterLab those need: pip install jupyterlab_widgets anywidget, "
    "and the page loaded again."
)


def static(spec: Spec) -> str:
    """The heading, the sentence and the table of a Spec, every string escaped."""
    return _framed(_words(spec) + _html(table(spec)), spec.header["notes"])


def kept(spec: Spec, picture: bytes | None) -> str:
    """What a notebook keeps for where no widget runs: a still picture, and the table behind it.

    picture  a PNG, with the heading and the sentence drawn in it, or None: then all is text
    """
    if picture is None:
        return _framed(_words(spec) + _html(table(spec)), [*spec.header["notes"], _ASLEEP])
    header = spec.header
    says = header["heading"] + ". " + "".join(text for _, text in header["sentence"])
    data = base64.b64encode(picture).decode()
    return _framed(
        f'<img alt="{safe(says)}" src="data:image/png;base64,{data}"><p>{safe(header["about"])}</p>'
        f"<details><summary>The numbers as a table</summary>{_html(table(spec))}</details>",
        [*header["notes"], _ASLEEP],
    )


def _words(spec: Spec) -> str:
    header = spec.header
    return (
        f"<h2>{safe(header['heading'])}</h2><p>{safe(header['about'])}</p>"
        f"<p>{_sentence(header['sentence'])}</p>"
    )


def _framed(content: str, notes: Iterable[str]) -> str:
    said = "".join(f"<p>{safe(note)}</p>" for note in notes)
    return f'<style>{_STYLE}</style><div class="cutaway-static">{content}{said}</div>'


def safe(text: str) -> str:
    """Text that can stand in HTML and be encoded: markup escaped, lone surrogates replaced.

    >>> safe("</script><b>"), safe("a\\ud800")
    ('&lt;/script&gt;&lt;b&gt;', 'a?')
    """
    return escape(text.encode("utf-8", "replace").decode("utf-8"))


def _sentence(runs: Iterable[tuple[str, str]]) -> str:
    parts = []
    for style, text in runs:
        tag = _TAGS.get(style)
        parts.append(f"<{tag}>{safe(text)}</{tag}>" if tag else safe(text))
    return "".join(parts)


def _html(content: Table) -> str:
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in content.columns)
    body = "".join(
        f'<tr><th scope="row">{safe(row[0])}</th>'
        + "".join(f"<td>{safe(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in content.rows
    )
    return (
        f"<table><caption>{safe(content.caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
