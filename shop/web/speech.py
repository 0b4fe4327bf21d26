"""The language of a request: set once by the door, undone when the request ends."""

from contextlib import ExitStack
from typing import Any

from flask import Flask, g

from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, use_language


def speak(code: str) -> None:
    """Answer the current request in a language."""
    if "speech" not in g:
        g.speech = ExitStack()
    g.speech.enter_context(use_language(code))


def init_speech(app: Flask) -> None:
    @app.teardown_request
    def fall_silent(error: BaseException | None) -> None:
        stack = g.pop("speech", None)
        if stack is not None:
            stack.close()

    @app.context_processor
    def language() -> dict[str, Any]:
        return {"language": LANGUAGES[current_language()]}
