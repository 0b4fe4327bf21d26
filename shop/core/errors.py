"""What can go wrong, as types that carry data. Raised in services, turned into an answer once, in shop/web.

ShopError
├── NotFound      404  there is no such thing, or it is not yours to know
├── Refused       403  it exists, you may not
├── Conflict      409  it was possible a moment ago
├── Invalid       422  what was sent cannot be taken; names the fields
├── TooMany       429  slow down
└── EdgeFailed    502  somebody else's machine did not answer
"""


class ShopError(Exception):
    """Base of all expected errors. `text` is a whole sentence for a person, already in their language."""

    status = 500

    def __init__(self, text: str = "", **data: object) -> None:
        super().__init__(text)
        self.text = text
        self.data = data

    def __str__(self) -> str:
        """For logs: what people read, else what the error carries."""
        return self.text or ", ".join(f"{name}: {value}" for name, value in self.data.items())


class NotFound(ShopError):
    status = 404


class Refused(ShopError):
    status = 403


class Conflict(ShopError):
    status = 409


class Invalid(ShopError):
    """`fields` maps a form field to its sentence; an empty mapping means the whole input."""

    status = 422

    def __init__(self, text: str = "", fields: dict[str, str] | None = None, **data: object) -> None:
        super().__init__(text, **data)
        self.fields = fields or {}


class TooMany(ShopError):
    status = 429


class EdgeFailed(ShopError):
    status = 502


class ConfigurationError(Exception):
    """A missing or senseless setting; the message names it and says what to do."""
