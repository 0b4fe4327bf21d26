"""A first PIN for somebody who has none yet."""

import secrets

from shop.accounts.secrets import PIN_LENGTH, is_trivial


def new_pin() -> str:
    """Six random digits that are not among those tried first."""
    while is_trivial(pin := f"{secrets.randbelow(10**PIN_LENGTH):0{PIN_LENGTH}d}"):
        pass
    return pin
