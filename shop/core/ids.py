"""Identifiers shown to people, and secrets. One place for chance."""

import hashlib
import secrets

# Crockford's letters without the vowels that make words and without l, which reads as 1.
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"


def public_id() -> str:
    """Ten random base32 letters, no hyphen: 50 bits, safe in any address."""
    return "".join(secrets.choice(BASE32) for _ in range(10))


def order_number() -> str:
    """Random and free of meaning: nobody learns how many orders there are. Eight letters after the prefix."""
    return "M" + "".join(secrets.choice("0123456789ACDEFGHJKMNPQRTVWXYZ") for _ in range(8))


def token() -> str:
    """256 random bits for a cookie or a link."""
    return secrets.token_urlsafe(32)


def token_hash(value: str) -> str:
    """What is stored of a token, so that a stolen database opens nothing: 256 random bits need no slower hash."""
    return hashlib.sha256(value.encode()).hexdigest()
