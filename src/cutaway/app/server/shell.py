"""The page around the app: no script stands in it, and the front end is one file beside it."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import MissingError
from ...render.bundle import bundle_path

__all__ = ["SHELL", "app_path", "login_page"]

_HEAD = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="color-scheme" content="light dark">\n<title>Cutaway</title>\n'
    '<link rel="icon" href="data:,">\n'
)
SHELL = (
    f'{_HEAD}<script type="module" src="/assets/app.js"></script>\n</head>\n<body>\n'
    "<noscript>Cutaway draws its pictures with JavaScript: allow it for this page.</noscript>\n"
    "</body>\n</html>\n"
)
_STYLE = (
    "<style>body{font:16px/1.5 ui-sans-serif,system-ui,sans-serif;max-width:34em;margin:15vh auto;"
    "padding:0 1em}input,button{font:inherit;padding:.4em .6em}</style>\n"
)
_FORM = (
    '<form method="post" action="/login"><p><label for="password">Password</label></p>'
    '<p><input id="password" name="password" type="password" autocomplete="current-password" '
    'required autofocus> <button type="submit">Enter</button></p></form>'
)


def login_page(*, with_password: bool, wrong: bool = False) -> str:
    """What somebody sees who has neither token nor cookie."""
    # A cookie of SameSite=Strict is held back where a page of another site has led here.
    words = (
        "This Cutaway server lets in who opens the address that it printed when it was started. "
        'If you have just done so, <a href="/">go on here</a>.'
    )
    said = "<p role=alert>That is not the password.</p>" if wrong else ""
    form = f"<p>Or give its password.</p>{said}{_FORM}" if with_password else ""
    body = f"<body>\n<h1>Cutaway</h1>\n<p>{words}</p>\n{form}\n</body>"
    return f"{_HEAD}{_STYLE}</head>\n{body}\n</html>\n"


def app_path() -> Path:
    """Where the built front end of the app lies.

    Raises MissingError where it was not built.
    """
    path = bundle_path().with_name("app.js")
    if not path.is_file():
        raise MissingError("the app's front end", because="it was not built", fix="make web")
    return path
