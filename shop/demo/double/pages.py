"""The pay page a buyer is sent to, and the bank's page of 3-D Secure. Both work without scripts."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from flask import Flask, Response, redirect, render_template, request
from markupsafe import Markup

from shop.demo.double import debits, ibans, payments, sessions, timeline
from shop.demo.double.cards import CARDS, expired, passes_luhn
from shop.demo.double.currencies import money_text
from shop.demo.double.errors import ApiError
from shop.demo.double.params import EMAIL
from shop.demo.double.state import State
from shop.demo.double.texts import COUNTRIES, LANGUAGES, TEST_ACCOUNTS, TEST_CARDS, TEXTS

STYLE = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# No `form-action`: browsers apply it to the redirect that leads back to the shop.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; img-src http: https: data:; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def register(app: Flask, state: State) -> None:
    """Add the pages to the application."""

    @app.route("/c/pay/<session_id>", methods=["GET", "POST"])
    def pay_page(session_id: str) -> Response:
        timeline.tick(state)
        try:
            session = sessions.get(state, session_id)
            if session["ui_mode"] != "hosted_page":
                return _page("closed.html", 404, _language(None), kind="missing", link=None)
            if session["status"] != "open":
                return _closed(session)
            if request.method == "POST":
                return _pay(state, session)
        except ApiError:
            return _page("closed.html", 404, _language(None), kind="missing", link=None)
        except payments.SessionClosed as closed:
            return _closed(closed.session)
        problem = payments.last_message(state, session) if "failed" in request.args else None
        return _form(state, session, problem, 200)

    @app.route("/c/authenticate/<session_id>", methods=["GET", "POST"])
    def bank_page(session_id: str) -> Response:
        timeline.tick(state)
        here = f"/c/pay/{session_id}"
        try:
            if not payments.awaits_bank(state, session_id):
                return _see(here)
            session = sessions.get(state, session_id)
            if request.method == "GET":
                return _page("authenticate.html", 200, _language(session), session=session)
            outcome = payments.authenticate(state, session_id, request.form.get("answer") == "accept")
        except payments.SessionClosed as closed:
            return _closed(closed.session)
        return _see(_success_url(session) if outcome == "paid" else f"{here}?failed=1")


def _pay(state: State, session: dict[str, Any]) -> Response:
    by_debit = ("iban" in request.form or "test_account" in request.form) and (
        ibans.METHOD in session["payment_method_types"]
    )
    payer, problem = _debtor(session) if by_debit else _payer(state, session)
    if payer is None:
        return _form(state, session, problem, 422, by_debit=by_debit)
    given = request.form.get("shipping_option", "0")
    option = int(given) if given.isdecimal() else 0
    if by_debit:
        debits.pay(state, session["id"], payer, option)
        return _see(_success_url(session))
    outcome = payments.pay(state, session["id"], payer, option)
    if outcome == "paid":
        return _see(_success_url(session))
    if outcome == "authenticate":
        return _see(f"/c/authenticate/{session['id']}")
    session = sessions.get(state, session["id"])
    return _form(state, session, payments.last_message(state, session), 402)


def _payer(state: State, session: dict[str, Any]) -> tuple[payments.Payer | None, str]:
    """Who pays, or None and what is wrong with what was typed."""
    form = request.form
    email = _email(session)
    country = form.get("country", "")
    if country not in {code for code, _, _ in COUNTRIES}:
        country = _home(_language(session))
    chosen = form.get("test_card")
    number = re.sub(r"[\s-]", "", chosen or form.get("number", ""))
    if not re.fullmatch(r"[0-9]{12,19}", number) or not passes_luhn(number):
        return None, "error_number"
    if number not in CARDS:
        return None, "error_unknown"
    if email and not EMAIL.fullmatch(email):
        return None, "error_email"
    name = form.get("name", "").strip()[:200] or None
    if chosen:
        return payments.Payer(number, name, email, country), ""
    expiry = _expiry(form.get("expiry", ""), state.now())
    if expiry is None:
        return None, "error_expiry"
    if not re.fullmatch(r"[0-9]{3,4}", form.get("cvc", "").strip()):
        return None, "error_cvc"
    return payments.Payer(number, name, email, country, *expiry), ""


def _debtor(session: dict[str, Any]) -> tuple[payments.Payer | None, str]:
    """Whose account is debited, or None and what is wrong with what was typed."""
    form, email = request.form, _email(session)
    chosen = form.get("test_account")
    iban = re.sub(r"[\s-]", "", chosen or form.get("iban", "")).upper()
    if not ibans.passes_check(iban):
        return None, "error_iban"
    if iban not in ibans.ACCOUNTS:
        return None, "error_account"
    if email and not EMAIL.fullmatch(email):
        return None, "error_email"
    name = form.get("name", "").strip()[:200] or None
    if not name and not chosen:
        return None, "error_holder"
    return payments.Payer(iban, name, email, iban[:2]), ""


def _email(session: dict[str, Any]) -> str | None:
    return session["customer_email"] or request.form.get("email", "").strip() or None


def _expiry(text: str, now: int) -> tuple[int, int] | None:
    match = re.fullmatch(r"\s*([0-9]{1,2})\s*[/-]?\s*(?:20)?([0-9]{2})\s*", text)
    if not match:
        return None
    month, year = int(match[1]), 2000 + int(match[2])
    if not 1 <= month <= 12 or expired(month, year, now):
        return None
    return month, year


def _form(
    state: State, session: dict[str, Any], problem: str | None, status: int, *, by_debit: bool = False
) -> Response:
    hidden = sessions.line_items(state, session["id"])
    lines = [
        {
            "name": item["description"],
            "quantity": item["quantity"],
            "amount": item["amount_total"],
            "image": next(iter((state.find(item["price"]["product"]) or {}).get("images", [])), None),
        }
        for item in hidden
    ]
    rates = [state.find(option["shipping_rate"]) for option in session["shipping_options"]]
    language = _language(session)
    return _page(
        "pay.html",
        status,
        language,
        session=session,
        lines=lines,
        rates=rates,
        problem=TEXTS[language].get(problem or "", problem),
        by_debit=by_debit,
        country=request.form.get("country") or _home(language),
        countries=[(code, french if language == "fr" else english) for code, english, french in COUNTRIES],
        test_cards=[(number, spaced(number), use) for number, use in TEST_CARDS],
        test_accounts=[(number, spaced(number), use) for number, use in TEST_ACCOUNTS],
        typed=request.form,
    )


def spaced(number: str) -> str:
    """A number in groups of four, as it stands on a card."""
    return " ".join(re.findall(".{1,4}", number))


def _closed(session: dict[str, Any]) -> Response:
    done = session["status"] == "complete"
    link = _success_url(session) if done else session["cancel_url"]
    status = (409 if request.method == "POST" else 200) if done else 410
    kind = "expired" if not done else "paid" if session["payment_status"] == "paid" else "ordered"
    return _page("closed.html", status, _language(session), kind=kind, link=link)


def _page(template: str, status: int, language: str, **values: Any) -> Response:
    def money(amount: int, currency: str) -> str:
        return money_text(amount, currency, language)

    html = render_template(template, t=TEXTS[language], language=language, money=money, style=Markup(STYLE), **values)
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(html, status, headers, mimetype="text/html")


def _see(address: str) -> Response:
    answer = redirect(address, 303)
    answer.headers["Cache-Control"] = "no-store"
    return answer  # type: ignore[return-value]


def _success_url(session: dict[str, Any]) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _language(session: dict[str, Any] | None) -> str:
    """The session's language where the page speaks it, else the browser's, else English."""
    wanted = (session or {}).get("locale") or "auto"
    if wanted == "auto":
        return request.accept_languages.best_match(LANGUAGES) or "en"
    return "fr" if wanted.startswith("fr") else "en"


def _home(language: str) -> str:
    return "FR" if language == "fr" else "US"
