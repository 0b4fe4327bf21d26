"""PINs and passwords: which are taken, how they are kept and compared."""

import threading
import unicodedata
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shop.accounts.errors import SecretTooWeak
from shop.i18n import gettext as _

PIN_LENGTH = 6
PASSWORD_LENGTH = 12
PASSWORD_MAX = 256

# OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# The hash of nothing anybody knows: comparing against it takes as long as against a real one.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$PkmwDZ0VOatCEOJd2Fbvng$y2hZd4ejUvRrH3r/2k3DVyYsH3jB4FpXOpMoQCkiSSI"
# A crowd of sign-ins must not take all memory and every core.
_at_once = threading.BoundedSemaphore(2)


def fold_secret(text: str) -> str:
    """One spelling of what was typed: NFKC, which also makes Arabic-Indic digits of a PIN Western ones."""
    text = unicodedata.normalize("NFKC", text)
    if all(character.isdecimal() or character.isspace() for character in text):
        return "".join(str(unicodedata.digit(character)) for character in text if not character.isspace())
    return text


def hash_secret(secret: str) -> str:
    """Argon2id of a secret."""
    with _at_once:
        return _hasher.hash(fold_secret(secret))


def matches(secret_hash: str, secret: str) -> bool:
    """Whether a secret is the one that was hashed; always as slow as hashing it."""
    with _at_once:
        try:
            return _hasher.verify(secret_hash, fold_secret(secret)[:PASSWORD_MAX])
        except (VerificationError, InvalidHashError):
            return False


def check_secret(role: str, secret: str) -> None:
    """Refuse a secret that is too short or guessed first. Raises SecretTooWeak."""
    text = _refusal(fold_secret(secret)) if role == "artisan" else _password_refusal(fold_secret(secret))
    if text:
        raise SecretTooWeak(text, {"secret": text})


def _refusal(pin: str) -> str:
    if len(pin) != PIN_LENGTH or not pin.isdecimal():
        return _("The PIN has six digits.")
    return _("This PIN is easy to guess. Choose other digits.") if is_trivial(pin) else ""


def is_trivial(pin: str) -> bool:
    """Digits that are all one, count up or down, or repeat a half or a third: what is tried first."""
    steps = {(int(later) - int(earlier)) % 10 for earlier, later in pairwise(pin)}
    halves = pin[:3] == pin[3:] or pin[:3] == pin[:2:-1]
    thirds = pin[:2] * 3 == pin
    pairs = all(pin[index] == pin[index + 1] for index in (0, 2, 4))
    return steps in ({0}, {1}, {9}) or halves or thirds or pairs


def _password_refusal(password: str) -> str:
    if len(password) < PASSWORD_LENGTH:
        return _("The password has at least twelve characters.")
    if len(password) > PASSWORD_MAX:
        return _("The password has at most 256 characters.")
    return _("This password is easy to guess. Choose another.") if len(set(password)) < 5 else ""
