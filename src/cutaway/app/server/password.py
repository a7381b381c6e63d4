"""A password, held as its scrypt hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from ...core.errors import InvalidError

__all__ = ["Password"]

#: About 50 ms and 16 MB a guess.
_COST = {"n": 2**14, "r": 8, "p": 1}
_SHORTEST = 8


@dataclass(frozen=True)
class Password:
    """A password as salt and hash; the words themselves are not kept.

    >>> Password.of("correct horse").verify("correct horse"), Password.of("12345678").verify("")
    (True, False)
    """

    salt: bytes
    hashed: bytes

    @classmethod
    def of(cls, words: str) -> Password:
        """A password from its words; raises InvalidError for one of fewer than 8 characters."""
        if len(words) < _SHORTEST:
            raise InvalidError(
                "password", "•" * len(words), allowed=f"at least {_SHORTEST} characters"
            )
        salt = secrets.token_bytes(16)
        return cls(salt, _hashed(words, salt))

    def verify(self, words: str) -> bool:
        """Whether these are its words, in the same time for all of them."""
        return hmac.compare_digest(_hashed(words, self.salt), self.hashed)


def _hashed(words: str, salt: bytes) -> bytes:
    return hashlib.scrypt(words.encode("utf-8", "surrogatepass"), salt=salt, **_COST)
