"""Refusals in the form Stripe gives them."""

from typing import Any

DOCUMENTATION = "https://stripe.com/docs/error-codes/"


class ApiError(Exception):
    """An answer that is not a success.

    `kept` says whether an idempotency key remembers it: Stripe keeps what happened once an endpoint began to work, and
    keeps nothing of a request it turned away beforehand.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        kept: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.code = code
        self.param = param
        self.kept = kept
        self.more = more

    def body(self) -> dict[str, Any]:
        """The JSON document Stripe answers with."""
        error: dict[str, Any] = {"type": self.kind, "message": self.message, **self.more}
        if self.code:
            error |= {"code": self.code, "doc_url": DOCUMENTATION + self.code.replace("_", "-")}
        if self.param:
            error["param"] = self.param
        return {"error": error}


class Declined(ApiError):
    """A bank said no, which is written down: unlike any other refusal it does not undo what was done before it.

    `error` is that of `cards.refusal`, with what else the answer names.
    """

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(402, error["message"])
        self.error = error

    def body(self) -> dict[str, Any]:
        """The JSON document Stripe answers with."""
        return {"error": self.error}


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A parameter Stripe refuses before it begins to work."""
    return ApiError(400, message, code=code, param=param, kept=False)


def missing_resource(kind: str, identifier: str, param: str, status: int = 404) -> ApiError:
    """An identifier that names nothing."""
    return ApiError(status, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def not_implemented(what: str) -> ApiError:
    """Something Stripe does and the double does not: said aloud, never guessed."""
    return ApiError(501, f"The Stripe double does not implement {what}.", kind="api_error", kept=False)
