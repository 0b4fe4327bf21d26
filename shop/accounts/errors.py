"""Why somebody does not come in, or a secret or handle is not taken."""

from shop.core.errors import Conflict, Invalid, TooMany


class WrongSecret(Invalid):
    """No such handle, an account that was closed, or a wrong secret: never said which."""


class TooManyAttempts(TooMany):
    """Too many tries for this handle or from this address; `minutes` until the window ends."""


class SecretTooWeak(Invalid):
    """A PIN or password that is guessed first."""


class HandleInvalid(Invalid):
    """Not a telephone number or e-mail address."""


class HandleTaken(Conflict):
    """Another account has this telephone number or e-mail address."""
