"""Tokens at rest: AES-GCM under a key that is not in the database (safety, row 77)."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import OperatorError

_FORM: Final = "v1"
_NONCE: Final = 12  # bytes


class SealBroken(OperatorError):
    """What was sealed cannot be opened: another key, or not as it was."""


class Seal:
    """Seals texts under a key derived from the server's own secret. What is sealed says under
    which key (its id tells nothing of it), and belongs to one place: moved to another row, it
    does not open."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derived(secret, b"cuebook: tokens of workspaces, v1", 32))
        self.key = _derived(secret, b"cuebook: id of the key for tokens, v1", 6).hex()

    def seal(self, text: str, place: str) -> str:
        """`text`, for nobody to read."""
        nonce = secrets.token_bytes(_NONCE)
        body = nonce + self._cipher.encrypt(nonce, text.encode(), place.encode())
        return f"{_FORM}.{self.key}.{urlsafe_b64encode(body).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """What was sealed. Raises SealBroken."""
        if not self.fits(sealed):
            raise SealBroken(
                f"{place} was sealed under another key: set CUEBOOK_SECRET_KEY to what it was "
                "(or put back .cuebook/secret-key), or install the app there again"
            )
        try:
            body = urlsafe_b64decode(sealed.rpartition(".")[2])
            return self._cipher.decrypt(body[:_NONCE], body[_NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{place} is not as it was sealed: install the app there again") from error

    def fits(self, sealed: str) -> bool:
        """Whether it was sealed under this key."""
        return sealed.startswith(f"{_FORM}.{self.key}.")


def _derived(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length=length, salt=None, info=purpose).derive(secret)


class Tokens(msgspec.Struct, frozen=True):
    """The secrets of one workspace. `refresh` is empty where tokens do not expire."""

    token: str
    refresh: str = ""

    def __repr__(self) -> str:
        return "Tokens(•••)"


class Vault:
    """Tokens in and out of rows; each that passes is masked from then on."""

    def __init__(self, seal: Seal, hide: Callable[[str], None]) -> None:
        self.seal, self._hide = seal, hide

    def sealed(self, tokens: Tokens, place: str) -> str:
        """For the row `place`."""
        self._mask(tokens)
        return self.seal.seal(msgspec.json.encode(tokens).decode(), place)

    def opened(self, sealed: str, place: str) -> Tokens:
        """Of the row `place`. Raises SealBroken."""
        tokens = msgspec.json.decode(self.seal.open(sealed, place), type=Tokens)
        self._mask(tokens)
        return tokens

    def _mask(self, tokens: Tokens) -> None:
        for value in (tokens.token, tokens.refresh):
            self._hide(value)
