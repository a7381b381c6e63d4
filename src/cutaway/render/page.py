"""A Spec as one HTML file that opens offline: words, data and front end inside, nothing loaded."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator

from ..core.errors import MissingError
from ..core.numbers import byte_size
from ..view.spec import Spec
from .bundle import bundle
from .packet import packet
from .static import safe, static

__all__ = ["page"]

#: The most bytes of numbers in one page, before they are packed.
LARGEST = 1_000_000_000
_RAW_DEFLATE = -15
_LEVEL = 6


def page(spec: Spec) -> str:
    """The whole page; the same Spec gives the same characters.

    The envelope is JSON, the arrays are base64 of raw deflate, the front end is one inline module.
    The module runs as soon as it is read; sections, each a packet, and the chunks of arrays for
    later come behind it, so that the picture is drawn before they are read. A content security
    policy allows that module by its hash, and no request at all. Without scripts the table of the
    picture is shown.

    Raises MissingError where the front end was not built, and where the numbers are too many.
    """
    _check_size(spec)
    code = bundle()
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(code)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="generator" content="Cutaway">',
            f"<title>{_ascii(safe(spec.header['title']))}</title>",
            "</head>",
            "<body>",
            f"<noscript>{_ascii(static(spec))}</noscript>",
            f'<script type="application/json" id="cutaway-spec">{_envelope(spec)}</script>',
            _inert("cutaway-data", spec.data()),
            f'<script type="module" async>{code}</script>',
            *(_inert(f"cutaway-section-{name}", packet(s)) for name, s in spec.sections.items()),
            *_chunks(spec),
            *(chunk for name, s in spec.sections.items() for chunk in _chunks(s, f"{name}.")),
            "</body>",
            "</html>",
            "",
        ]
    )


def _check_size(spec: Spec) -> None:
    pictures = (spec, *spec.sections.values())
    size = sum(array.nbytes for one in pictures for array in one.arrays.values())
    if size > LARGEST:
        raise MissingError(
            "room for this page", because=f"its numbers take {byte_size(size)}, and a page may "
            f"hold {byte_size(LARGEST)}",
            fix="give layers=[...] or heads=[...], or see it with .show() or cutaway serve",
        )  # fmt: skip


def _ascii(html: str) -> str:
    # A page of ASCII alone is decoded ten times as fast, and holds its tokens in any encoding.
    return html.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _policy(code: str) -> str:
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _envelope(spec: Spec) -> str:
    # ASCII with "<" written as \u003c: no token can close the element or start a comment.
    text = json.dumps(spec.to_json(), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _chunks(spec: Spec, scope: str = "") -> Iterator[str]:
    """An element per chunk; `scope` stands before the names of a section's arrays."""
    for name in spec.later:
        for index, chunk in enumerate(spec.chunks(name)):
            yield _inert(f"cutaway-{scope}{name}-{index}", chunk)


def _inert(name: str, data: bytes) -> str:
    return f'<script type="application/octet-stream" id="{name}">{_packed(data)}</script>'


def _packed(data: bytes) -> str:
    # Level 9 takes four times as long for 1 % less; "filtered" suits numbers that vary slowly.
    packer = zlib.compressobj(_LEVEL, wbits=_RAW_DEFLATE, strategy=zlib.Z_FILTERED)
    return base64.b64encode(packer.compress(data) + packer.flush()).decode()
