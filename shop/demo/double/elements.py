"""The stand-in for Stripe.js on a page of the shop: a script that mounts frames of this origin, and what is in them.

What is typed into a frame never reaches the shop's page: the frame itself calls the API, with a publishable key and the
session's client secret, and tells the page only how it ended. The bank's question of 3-D Secure stands in a frame too.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template, request
from markupsafe import Markup

from shop.demo.double import pages, payments, sessions, timeline
from shop.demo.double.cards import MESSAGES
from shop.demo.double.currencies import money_text
from shop.demo.double.element_texts import LOCALES, TEXTS
from shop.demo.double.errors import ApiError
from shop.demo.double.state import State
from shop.demo.double.texts import TEST_CARDS

# The code of a payment whose 3-D Secure came to nothing.
UNANSWERED = "payment_intent_authentication_failure"
SCRIPTS_FOLDER = Path(__file__).parent / "scripts"
SCRIPTS = ("stripe", "frame", "bank")
STYLE = (Path(__file__).parent / "templates" / "elements" / "style.css").read_text(encoding="utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# A shop's page is of any origin; nothing but our own scripts runs in the frames.
POLICY = (
    f"default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'sha256-{STYLE_HASH}'; "
    "font-src http: https:; base-uri 'none'; form-action 'self'; frame-ancestors http: https:"
)


def register(app: Flask, state: State) -> None:
    """Add the script, the card form and the bank's question."""
    scripts = {name: (SCRIPTS_FOLDER / f"{name}.js").read_bytes() for name in SCRIPTS}

    @app.get("/elements/<name>.js")
    def element_script(name: str) -> Response:
        if name not in scripts:
            return Response("There is no such script.", 404, mimetype="text/plain")
        answer = Response(scripts[name], content_type="text/javascript; charset=utf-8")
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    @app.get("/elements/payment")
    def card_form() -> Response:
        return _frame(
            "payment.html",
            messages=_messages(),
            test_cards=[(number, pages.spaced(number), use) for number, use in TEST_CARDS],
        )

    @app.route("/elements/authenticate/<session_id>", methods=["GET", "POST"])
    def ask_in_frame(session_id: str) -> Response:
        timeline.tick(state)
        try:
            session = sessions.get(state, session_id)
            if request.method == "GET" and payments.awaits_bank(state, session_id):
                return _frame("bank.html", session=session)
            if request.method == "POST":
                payments.authenticate(state, session_id, request.form.get("answer") == "accept")
        except (ApiError, payments.SessionClosed):
            # How it ended the page asks anew.
            pass
        return _frame("answered.html")


def _messages() -> dict[str, str]:
    """What may go wrong, by its code, for the script of the frame."""
    texts = TEXTS[_locale()]
    return {name: texts[name] for name in texts if name.startswith("error_") or name in MESSAGES or name == UNANSWERED}


def _locale() -> str:
    locale = request.values.get("locale", "")
    return locale if locale in LOCALES else "en"


def _frame(template: str, **values: Any) -> Response:
    locale = _locale()

    def money(amount: int, currency: str) -> str:
        return money_text(amount, currency, "en" if locale == "en" else "fr")

    html = render_template(
        f"elements/{template}",
        t=TEXTS[locale],
        locale=locale,
        direction="rtl" if locale == "ar" else "ltr",
        style=Markup(STYLE),
        money=money,
        **values,
    )
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(html, 200, headers, mimetype="text/html")
