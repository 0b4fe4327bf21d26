"""The last step of checkout: what is paid, and the button that pays it.

In French and English it leads to Stripe's own page. That page has no Arabic: there Stripe's form stands in ours.
"""

from typing import Any

from flask import current_app, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from shop.core.errors import Conflict, EdgeFailed
from shop.i18n import formats
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language
from shop.media.queries import picture_views
from shop.orders.amounts import amounts_of
from shop.orders.links import order_token
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.orders.wording import border_text, included_text, total_rows
from shop.payments.checkout import HOSTED_LANGUAGES, PaymentPage, open_payment, pays_on_our_page
from shop.web.fonts import FACES, FAMILY
from shop.web.headers import let_stripe_in
from shop.web.storefront.own_orders import mask_email, secret, summary_line

REFRESH_SECONDS = 5


def address(order: Order, **more: Any) -> str:
    """Path of the page on which an order is paid."""
    return url_for("storefront.orders.pay", number=order.number, t=order_token(order.number, secret()), **more)


def show(order: Order) -> Response:
    """The page; while Stripe does not answer, one that waits for it."""
    if order.state != "awaiting_payment":
        return _to_order(order)
    if not pays_on_our_page(order):
        return _page(order, None)
    try:
        page = open_payment(order.id)
    except EdgeFailed:
        return wait(order, address(order))
    except Conflict:
        return _to_order(order)
    return let_stripe_in(_page(order, page)) if page.client_secret else _page(order, None)


def lead_on(order: Order, wanted: str) -> Response:
    """To where the money is given: Stripe's page, in the language `wanted` if it is one of Stripe's, or our own."""
    hosted_in = wanted if wanted in HOSTED_LANGUAGES else None
    if order.state == "awaiting_payment" and hosted_in is None and pays_on_our_page(order):
        return redirect(address(order), 303)
    try:
        page = open_payment(order.id, hosted_in=hosted_in)
    except EdgeFailed:
        return wait(order, address(order, now=1, hosted=hosted_in))
    except Conflict:
        return _to_order(order)
    return redirect(page.url or address(order), 303)


def wait(order: Order, again: str) -> Response:
    """A page that says that Stripe does not answer, and asks again by itself."""
    html = render_template(
        "storefront/orders/wait.html",
        order=order,
        refresh_url=again,
        refresh_seconds=REFRESH_SECONDS,
        currency=order.currency,
    )
    return make_response(html, 503)


def _to_order(order: Order) -> Response:
    """Paid meanwhile, or too late: its own page says which."""
    token = order_token(order.number, secret())
    return redirect(url_for("storefront.orders.show", number=order.number, t=token), 303)


def _page(order: Order, page: PaymentPage | None) -> Response:
    lines = list_lines(order.id)
    pictures = picture_views(line.picture_id for line in lines)
    amounts = amounts_of(order, lines)
    form = _form(order, page) if page else None
    html = render_template(
        "storefront/orders/pay.html",
        order=order,
        token=order_token(order.number, secret()),
        form=form,
        hosted_languages=[LANGUAGES[code] for code in HOSTED_LANGUAGES],
        summary_lines=[summary_line(order, line, pictures) for line in lines],
        totals=[(label, formats.money(minor, order.currency)) for label, minor in total_rows(amounts)],
        total=formats.money(order.total_minor, order.currency),
        included=included_text(amounts, order.currency),
        border=border_text(order.incoterm, order.tax_minor),
        masked_email=mask_email(order.email),
        currency=order.currency,
    )
    return make_response(html)


def _form(order: Order, page: PaymentPage) -> dict[str, Any]:
    """What the script of the page has to know, as JSON in its element."""
    settings = current_app.config["SETTINGS"]
    done = url_for(
        "storefront.orders.come_back",
        number=order.number,
        t=order_token(order.number, secret()),
        session_id=page.session_id,
    )
    return {
        "script": settings.stripe_js_url,
        "key": settings.stripe_publishable_key,
        "secret": page.client_secret,
        "locale": current_language(),
        "done": done,
        "fonts": _fonts(settings.base_url),
    }


def _fonts(base_url: str) -> list[dict[str, str]]:
    """The faces of the page for Stripe's form, which is of another origin: whole addresses."""
    found = current_app.extensions["assets"]
    return [
        {
            "family": FAMILY,
            "src": f"url({base_url}{found.address(face.file_name)})",
            "weight": str(face.weight),
            "unicodeRange": face.unicode_range,
        }
        for face in FACES
        if found.has(face.file_name)
    ]
