"""The last step of checkout: Stripe's own page, or where that does not speak the order's language, Stripe's form in ours."""

from typing import Any

from flask import current_app, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from shop.core.errors import Conflict, EdgeFailed
from shop.i18n import formats
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language
from shop.media.queries import picture_views
from shop.orders.amounts import amounts_of
from shop.orders.links import order_path, order_token
from shop.orders.models import Order
from shop.orders.queries import list_lines
from shop.orders.wording import included_text, order_border_text, total_rows
from shop.payments.checkout import HOSTED_LANGUAGES, PaymentPage, open_payment
from shop.web.fonts import FACES, FAMILY
from shop.web.headers import let_stripe_in
from shop.web.storefront.own_orders import mask_email, secret, summary_line

REFRESH_SECONDS = 5


def lead_on(order: Order, *, hosted_in: str | None = None) -> Response:
    """To the page on which an order is paid; `hosted_in` as in open_payment. Outside any transaction.

    When Stripe does not answer, to our page, which waits for it.
    """
    try:
        return redirect(open_payment(order.id, hosted_in=hosted_in).url or address(order), 303)
    except EdgeFailed:
        return redirect(address(order), 303)
    except Conflict:
        # Paid meanwhile, or too late: its own page says which.
        return redirect(order_path(order, secret()), 303)


def show(order: Order) -> Response:
    """Our page with Stripe's form, or the way to Stripe's own; while Stripe does not answer, a page that waits for it."""
    try:
        page = open_payment(order.id)
    except EdgeFailed:
        return _wait(order)
    except Conflict:
        return redirect(order_path(order, secret()), 303)
    return redirect(page.url, 303) if page.url else let_stripe_in(_page(order, page))


def address(order: Order) -> str:
    """Path of our page on which an order is paid."""
    return url_for("storefront.orders.pay", number=order.number, t=order_token(order.number, secret()))


def _wait(order: Order) -> Response:
    html = render_template(
        "storefront/orders/wait.html",
        order=order,
        refresh_url=address(order),
        refresh_seconds=REFRESH_SECONDS,
        currency=order.currency,
    )
    return make_response(html, 503)


def _page(order: Order, page: PaymentPage) -> Response:
    lines = list_lines(order.id)
    pictures = picture_views(line.picture_id for line in lines)
    amounts = amounts_of(order, lines)
    html = render_template(
        "storefront/orders/pay.html",
        order=order,
        token=order_token(order.number, secret()),
        form=_form(order, page),
        hosted_languages=[LANGUAGES[code] for code in HOSTED_LANGUAGES],
        summary_lines=[summary_line(order, line, pictures) for line in lines],
        totals=[(label, formats.money(minor, order.currency)) for label, minor in total_rows(amounts)],
        total=formats.money(order.total_minor, order.currency),
        included=included_text(amounts, order.currency),
        border=order_border_text(order),
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
