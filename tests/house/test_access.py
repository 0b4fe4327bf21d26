"""Every route of the app, asked by nobody, a buyer, a maker, the maker next door and an officer.

What each may have is written down below; a route that is not written down fails, and so does one that is gone. Whoever
is refused has changed nothing, and no maker meets anything of another's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from werkzeug.test import TestResponse

from shop.core import clock as clock_module
from shop.core.clock import VirtualClock
from tests.conftest import MORNING
from tests.house.world import ROLES, World, build_world


class Ask(NamedTuple):
    """One request and the status each role gets, in the order of ROLES."""

    endpoint: str
    method: str
    path: str
    statuses: tuple[int, ...]
    data: dict[str, str]


def get(endpoint: str, path: str, *statuses: int) -> Ask:
    return Ask(endpoint, "GET", path, statuses * len(ROLES) if len(statuses) == 1 else statuses, {})


def post(endpoint: str, path: str, *statuses: int, **data: str) -> Ask:
    return Ask(endpoint, "POST", path, statuses * len(ROLES) if len(statuses) == 1 else statuses, data)


#          nobody buyer artisan neighbour staff
MAKERS = (303, 303, 200, 200, 403)  # a page of the makers' door that shows each their own
OWNER = (303, 303, 200, 404, 403)  # a thing of one maker: to the neighbour it does not exist
OWNER_DOES = (303, 303, 303, 404, 403)
OFFICE = (303, 303, 403, 403, 200)
OFFICE_DOES = (303, 303, 403, 403, 303)
ANOTHERS = (303, 303, 403, 403, 404)  # an address that joins things which do not belong together
WITH_LINK = (404, 200, 404, 404, 404)  # an order opens to whoever holds its signed link, and to no account

STEPS = {
    "photos": {"later": "1"},
    "craft": {"craft": "rug"},
    "name": {"title": "Tapis noué", "description": "Un tapis."},
    "price": {"ask": "2500"},
    "size": {"length": "200", "width": "120", "weight": "4"},
    "stock": {"kind": "one_of_a_kind"},
}
REPORT = "from=2026-06-01&to=2026-06-30"

ASKS = [
    # For machines and for everybody
    get("root.begin", "/", 302),
    get("root.robots", "/robots.txt", 200),
    get("sitemap.index", "/sitemap.xml", 200),
    get("sitemap.pages", "/sitemap-pages.xml", 200),
    get("sitemap.products", "/sitemap-products-1.xml", 200),
    get("feeds.show", "/feeds/products-fr-EUR.xml", 200),
    get("status.healthz", "/healthz", 200),
    get("status.readyz", "/readyz", 503),  # a database that no migration made is not at head
    get("status.version_", "/version", 200),
    get("assets.show", "/assets/nothing.css", 404),
    get("media.show", "/media/ab/nothing.webp", 404),
    post("webhooks.create", "/webhooks/stripe", 400),
    get("api.openapi.show", "/api/openapi.json", 200),
    get("api.reports.artisan_sales_json", f"/api/v1/reports/artisan-sales?{REPORT}", 401),
    get("api.reports.artisan_sales_csv", f"/api/v1/reports/artisan-sales.csv?{REPORT}", 401),
    # Storefront
    get("storefront.home.show", "/fr/", 200),
    get("storefront.products.index", "/fr/products", 200),
    get("storefront.products.show", "/fr/products/{piece_page}", 200),
    get("storefront.products.show", "/fr/products/{draft}", 404),
    get("storefront.products.show", "/fr/products/{review}", 404),
    get("storefront.artisans.index", "/fr/artisans", 200),
    get("storefront.artisans.show", "/fr/artisans/{artisan_page}", 200),
    get("storefront.crafts.index", "/fr/crafts", 200),
    get("storefront.crafts.show", "/fr/crafts/{craft_page}", 200),
    get("storefront.pages.about", "/fr/about", 200),
    get("storefront.pages.privacy", "/fr/privacy", 200),
    get("storefront.pages.returns", "/fr/returns", 200),
    get("storefront.pages.shipping", "/fr/shipping", 200),
    get("storefront.cart.show", "/fr/cart", 200),
    get("storefront.cart.count", "/fr/cart/count.json", 200),
    get("storefront.freight.new", "/fr/freight/{variant}", 200),
    post(
        "storefront.freight.create",
        "/fr/freight/{variant}",
        303,
        country="FR",
        quantity="1",
        name="Claire",
        email="claire@example.org",
    ),
    post("storefront.cart.add", "/fr/cart", 303, product="{piece}", variant="{variant}", quantity="1"),
    post("storefront.cart.update", "/fr/cart/lines/{variant}", 404, 303, 404, 404, 404, quantity="2"),
    post("storefront.cart.choose", "/fr/cart/choice", 404, 303, 404, 404, 404, country="FR", currency="EUR"),
    post("storefront.cart.accept", "/fr/cart/prices", 404, 303, 404, 404, 404),
    get("storefront.checkout.show", "/fr/checkout", 303, 200, 303, 303, 303),
    post("storefront.checkout.save", "/fr/checkout", 303, 422, 303, 303, 303),
    post("storefront.checkout.use_former", "/fr/checkout/former", 303),
    get("storefront.checkout.review", "/fr/checkout/review", 303),
    post("storefront.checkout.place", "/fr/checkout/review", 303),
    get("storefront.orders.find", "/fr/orders", 200),
    post("storefront.orders.find", "/fr/orders", 200, number="{number}", email="thief@example.org"),
    get("storefront.orders.show", "/fr/orders/{number}{link}", *WITH_LINK),
    get("storefront.orders.show", "/fr/orders/{waiting}?t={token}", 404),  # the link of another order
    get("storefront.orders.document", "/fr/orders/{number}/documents/{invoice}.pdf{link}", *WITH_LINK),
    get("storefront.orders.document", "/fr/orders/{number}/documents/{other_invoice}.pdf{link}", 404),
    get("storefront.orders.come_back", "/fr/orders/{number}/return{link}", *WITH_LINK),
    get("storefront.orders.pay", "/fr/orders/{waiting}/pay{waiting_link}", 404, 303, 404, 404, 404),
    post("storefront.orders.pay_again", "/fr/orders/{waiting}/pay{waiting_link}", 404, 303, 404, 404, 404),
    post("storefront.orders.find", "/fr/orders", 422, number="{number}", email="thief@example.org", open="1"),
    post(
        "storefront.orders.write",
        "/fr/orders/{number}/messages{link}",
        *(404, 303, 404, 404, 404),
        maker="{unit_id}",
        text="Bonjour",
    ),
    post("storefront.orders.arrive", "/fr/orders/{number}/parcels/{parcel}/arrived{link}", 404, 303, 404, 404, 404),
    post("storefront.orders.arrive", "/fr/orders/{waiting}/parcels/{parcel}/arrived{waiting_link}", 404),
    get("storefront.withdrawals.new", "/fr/orders/{number}/withdraw{link}", *WITH_LINK),
    get("storefront.withdrawals.new", "/fr/orders/{waiting}/withdraw?t={token}", 404),
    post(
        "storefront.withdrawals.create", "/fr/orders/{number}/withdraw{link}", 404, 303, 404, 404, 404, lines="{line}"
    ),
    post("storefront.withdrawals.create", "/fr/orders/{waiting}/withdraw{waiting_link}", 404, 303, 404, 404, 404),
    post(
        "storefront.withdrawals.send_back", "/fr/orders/{number}/returns/{way_back}/sent{link}", 404, 303, 404, 404, 404
    ),
    post("storefront.withdrawals.send_back", "/fr/orders/{waiting}/returns/{way_back}/sent{waiting_link}", 404),
    # Signed in by a letter's link, which none of the five has
    get("storefront.account.show", "/fr/account", 200),
    post("storefront.account.ask", "/fr/account", 422, email="claire"),
    get("storefront.account.enter", "/fr/account/enter?k=guessed", 410),
    post("storefront.account.sign_in", "/fr/account/enter", 410, k="guessed"),
    post("storefront.account.sign_out", "/fr/account/sign-out", 303),
    get("storefront.account.data", "/fr/account/data.json", 303),
    get("storefront.account.ask_erasure", "/fr/account/erase", 303),
    post("storefront.account.erase", "/fr/account/erase", 303),
    # The makers' door
    get("artisan.session.new", "/artisan/sign-in", 200, 200, 303, 303, 403),
    post("artisan.session.create", "/artisan/sign-in", 422, 422, 422, 422, 403, phone="+212600000000", pin="000000"),
    post("artisan.session.destroy", "/artisan/sign-out", 303, 303, 303, 303, 403),
    post("artisan.session.language", "/artisan/language", 303, 303, 303, 303, 403, language="fr"),
    get("artisan.home.enter", "/artisan", 303, 303, 308, 308, 403),
    get("artisan.home.show", "/artisan/", *MAKERS),
    get("artisan.money.show", "/artisan/money", *MAKERS),
    get("artisan.statements.list", "/artisan/money/statements", *MAKERS),
    get("artisan.statements.show", "/artisan/money/statements/EUR/2026-06", *MAKERS),
    get("artisan.statements.pdf", "/artisan/money/statements/EUR/2025-01.pdf", 303, 303, 404, 404, 403),
    get("artisan.transfers.list", "/artisan/money/transfers", *MAKERS),
    get("artisan.transfers.show", "/artisan/money/transfers/{transfer}", *OWNER),
    get("artisan.transfers.show", "/artisan/money/transfers/{unanswered}", 303, 303, 404, 404, 403),
    get("artisan.transfers.slip", "/artisan/money/transfers/{unanswered}/slip.pdf", 303, 303, 404, 404, 403),
    get("artisan.account.show", "/artisan/account", *MAKERS),
    post("artisan.account.choose_unit", "/artisan/account/unit", *OWNER_DOES, unit="{unit}"),
    post(
        "artisan.account.change_pin", "/artisan/account/pin", 303, 303, 422, 422, 403, current="1", pin="2", again="2"
    ),
    get("artisan.pieces.list", "/artisan/pieces", *MAKERS),
    get("artisan.pieces.show", "/artisan/pieces/{piece}", *OWNER),
    get("artisan.pieces.show", "/artisan/pieces/{draft}", *OWNER),
    post("artisan.pieces.submit", "/artisan/pieces/{draft}/submit", *OWNER_DOES),
    post("artisan.pieces.discard", "/artisan/pieces/{draft}/discard", *OWNER_DOES),
    post("artisan.pieces.change_stock", "/artisan/pieces/{piece}/stock/{sku}", *OWNER_DOES, available="3"),
    get("artisan.drafts.new", "/artisan/pieces/new", *MAKERS),
    post("artisan.drafts.create", "/artisan/pieces/new", 303, 303, 303, 303, 403, draft="{new_id}", later="1"),
    *(get("artisan.drafts.edit", f"/artisan/pieces/{{draft}}/{step}", *OWNER) for step in STEPS),
    *(post("artisan.drafts.save", f"/artisan/pieces/{{draft}}/{s}", *OWNER_DOES, **data) for s, data in STEPS.items()),
    post("artisan.drafts.save", "/artisan/pieces/{draft}/photos", *OWNER_DOES, remove="{picture}"),
    get("artisan.orders.list", "/artisan/orders", *MAKERS),
    get("artisan.orders.show", "/artisan/orders/{number}/{position}", *OWNER),
    get("artisan.orders.ask_reason", "/artisan/orders/{number}/{position}/decline", *OWNER),
    post("artisan.orders.accept", "/artisan/orders/{number}/{position}/accept", *OWNER_DOES),
    post("artisan.orders.call", "/artisan/orders/{number}/{position}/call", *OWNER_DOES),
    post("artisan.orders.decline", "/artisan/orders/{number}/{position}/decline", *OWNER_DOES, reason="sold"),
    post("artisan.orders.ready", "/artisan/orders/{number}/{position}/ready", *OWNER_DOES),
    get("artisan.messages.list", "/artisan/messages", *MAKERS),
    get("artisan.messages.show", "/artisan/messages/{sendable}", *OWNER),
    post("artisan.messages.answer", "/artisan/messages/{sendable}", *OWNER_DOES, text="Oui"),
    # An order of both: each has their own line of it, and only that
    get("artisan.orders.show", "/artisan/orders/{number}/{beside_position}", 303, 303, 404, 200, 403),
    # The officers' door
    get("staff.session.new", "/staff/sign-in", 200, 200, 403, 403, 303),
    post("staff.session.create", "/staff/sign-in", 422, 422, 403, 403, 422, email="x@example.org", password="wrong"),
    post("staff.session.destroy", "/staff/sign-out", 303, 303, 403, 403, 303),
    post("staff.session.language", "/staff/language", 303, 303, 403, 403, 303, language="fr"),
    get("staff.overview.index", "/staff/", *OFFICE),
    get("staff.orders.index", "/staff/orders", *OFFICE),
    get("staff.orders.show", "/staff/orders/{number}", *OFFICE),
    post("staff.orders.answer", "/staff/orders/{number}/lines/{line}/answer", *OFFICE_DOES, action="accept"),
    post(
        "staff.orders.answer", "/staff/orders/{waiting}/lines/{line}/answer", 303, 303, 403, 403, 404, action="accept"
    ),
    post(
        "staff.orders.send",
        "/staff/orders/{sendable}/units/{unit}/hand-over",
        *OFFICE_DOES,
        **{"{unit}-lines": "{sendable_line}", "{unit}-carrier": "Amana", "{unit}-tracking": "EE1"},
        **{"{unit}-handed_over_on": "2026-06-15"},
    ),
    *(
        post(
            "staff.orders.arrive",
            f"/staff/orders/{{{order}}}/parcels/{{parcel}}/arrived",
            *statuses,
            **{"{parcel}-arrived_on": "2026-06-15"},
        )
        for order, statuses in {"number": OFFICE_DOES, "sendable": ANOTHERS}.items()
    ),
    post("staff.orders.not_arrived", "/staff/orders/{number}/parcels/{parcel}/not-arrived", *OFFICE_DOES),
    post("staff.orders.not_arrived", "/staff/orders/{sendable}/parcels/{parcel}/not-arrived", *ANOTHERS),
    post(
        "staff.orders.refund",
        "/staff/orders/{number}/refund",
        *OFFICE_DOES,
        **{"refund-extent": "all", "refund-reason": "buyer"},
    ),
    post("staff.orders.refund_again", "/staff/orders/{number}/refunds/0/again", 303, 303, 403, 403, 404),
    post("staff.orders.write_note", "/staff/orders/{number}/notes", *OFFICE_DOES, words="Said on the telephone"),
    *(
        post(
            "staff.messages.answer",
            f"/staff/orders/{{{order}}}/messages/{{unit_id}}",
            *statuses,
            **{"reply{unit_id}-text": "It is made of wool"},
        )
        for order, statuses in (("number", OFFICE_DOES), ("waiting", ANOTHERS))
    ),
    post("staff.letters.again", "/staff/orders/{number}/letters/{letter}/again", *OFFICE_DOES),
    post("staff.letters.again", "/staff/orders/{waiting}/letters/{letter}/again", *ANOTHERS),
    *(
        post(
            f"staff.returns.{step}",
            f"/staff/orders/{{number}}/returns/{{way_back}}/{step}",
            *OFFICE_DOES,
            **{f"{step}{{way_back}}-words": "12 rue du Port"},
        )
        for step in ("approve", "refuse", "receive")
    ),
    post("staff.returns.refund", "/staff/orders/{number}/returns/{way_back}/refund", 303, 303, 403, 403, 409),
    post("staff.returns.refund", "/staff/orders/{sendable}/returns/{way_back}/refund", *ANOTHERS),
    get("staff.disputes.index", "/staff/disputes", *OFFICE),
    get("staff.freight_requests.index", "/staff/freight-requests", *OFFICE),
    get("staff.freight_requests.show", "/staff/freight-requests/{asked}", *OFFICE),
    post(
        "staff.freight_requests.answer",
        "/staff/freight-requests/{asked}",
        *OFFICE_DOES,
        verdict="quote",
        amount="380",
        answer="Par camion.",
    ),
    get("staff.freight.show", "/staff/orders/{number}/lines/{beside_line}/freight", *OFFICE),
    get("staff.freight.show", "/staff/orders/{number}/lines/{line}/freight", 303, 303, 403, 403, 403),
    post(
        "staff.freight.charge",
        "/staff/orders/{number}/lines/{beside_line}/freight",
        *OFFICE_DOES,
        **{"freight-charge": "{new_id}", "freight-currency": "EUR", "freight-amount": "12", "freight-remark": "DHL"},
    ),
    post("staff.orders.cancel", "/staff/orders/{waiting}/cancel", *OFFICE_DOES),
    get("staff.quarantine.index", "/staff/quarantine", *OFFICE),
    post("staff.quarantine.again", "/staff/quarantine/{aside}/again", *OFFICE_DOES),
    post("staff.quarantine.give_back", "/staff/quarantine/{aside}/return", 303, 303, 403, 403, 409),
    post(
        "staff.quarantine.explain",
        "/staff/quarantine/{aside}/explain",
        *OFFICE_DOES,
        **{"q{aside}-note": "A test of ours."},
    ),
    get("staff.pieces.index", "/staff/pieces", *OFFICE),
    get("staff.pieces.show", "/staff/pieces/{review}", *OFFICE),
    post("staff.pieces.save", "/staff/pieces/{review}", *OFFICE_DOES, title_fr="Tapis", craft="rug"),
    post("staff.pieces.give_back", "/staff/pieces/{review}/return", *OFFICE_DOES, note="Une photo plus claire."),
    post("staff.pieces.remove", "/staff/pieces/{piece}/archive", *OFFICE_DOES),
    get("staff.units.index", "/staff/units", *OFFICE),
    get("staff.units.new", "/staff/units/new", *OFFICE),
    post("staff.units.create", "/staff/units", 303, 303, 403, 403, 422, name_fr="Sans rien d’autre"),
    get("staff.units.show", "/staff/units/{unit}", *OFFICE),
    post(
        "staff.units.admit",
        "/staff/units/{unit}/admit",
        *OFFICE_DOES,
        **{"admit-edition": "aggregation-2026", "admit-from_on": "2026-02-01"},
    ),
    post(
        "staff.units.end",
        "/staff/units/{unit}/memberships/{membership}/end",
        *OFFICE_DOES,
        **{"end{membership}-to_on": "2026-06-30"},
    ),
    post("staff.units.carry", "/staff/units/{unit}/aggregator", *OFFICE_DOES, **{"carry-aggregator": ""}),
    post("staff.units.tell", "/staff/units/{unit}/public", *OFFICE_DOES, **{"public-email": "a@example.org"}),
    get("staff.bank_details.show", "/staff/units/{other}/bank", *OFFICE),
    post("staff.bank_details.save", "/staff/units/{other}/bank", *OFFICE_DOES, rib="001 810 0078000201106203 18"),
    post("staff.bank_details.save", "/staff/units/{other}/bank", 303, 303, 403, 403, 422, rib="001"),
    post(
        "staff.bank_details.consent",
        "/staff/units/{other}/bank/consents",
        *OFFICE_DOES,
        **{"consent-given_by": "F", "consent-given_on": "2026-06-01", "consent-document": "Lettre"},
    ),
    post("staff.bank_details.withdraw", "/staff/units/{other}/bank/consents/{consent}/withdraw", *OFFICE_DOES),
    post("staff.bank_details.withdraw", "/staff/units/{unit}/bank/consents/{consent}/withdraw", *ANOTHERS),
    get("staff.statements.index", "/staff/units/{unit}/statements", *OFFICE),
    get("staff.statements.show", "/staff/units/{unit}/statements/EUR/2026-06", *OFFICE),
    get("staff.statements.pdf", "/staff/units/{unit}/statements/EUR/2025-01.pdf", 303, 303, 403, 403, 404),
    get("staff.payouts.index", "/staff/payouts", *OFFICE),
    post("staff.payouts.create", "/staff/payouts", 303, 303, 403, 403, 409, currency="EUR"),
    get("staff.payouts.show", "/staff/payouts/{batch}", *OFFICE),
    get("staff.payouts.show", "/staff/payouts/{draft_batch}", *OFFICE),
    post("staff.payouts.approve", "/staff/payouts/{draft_batch}/approve", *OFFICE_DOES, executes_on="2026-06-16"),
    post("staff.payouts.cancel", "/staff/payouts/{draft_batch}/cancel", *OFFICE_DOES),
    *(get("staff.payouts.bank_file", f"/staff/payouts/{{batch}}/bank-file.{form}", *OFFICE) for form in ("xml", "csv")),
    get("staff.payouts.bank_file", "/staff/payouts/{draft_batch}/bank-file.xml", 303, 303, 403, 403, 409),
    get("staff.transfers.show", "/staff/transfers/{transfer}", *OFFICE),
    get("staff.transfers.show", "/staff/transfers/{unanswered}", *OFFICE),
    get("staff.transfers.slip", "/staff/transfers/{unanswered}/slip.pdf", 303, 303, 403, 403, 404),
    post(
        "staff.transfers.executed",
        "/staff/transfers/{unanswered}/executed",
        *OFFICE_DOES,
        **{"sent-on": "2026-06-15", "sent-rate": "10,7", "sent-reference": "VIR 18"},
    ),
    post("staff.transfers.refused", "/staff/transfers/{unanswered}/refused", *OFFICE_DOES, **{"refused-reason": "R"}),
    post(
        "staff.transfers.returned",
        "/staff/transfers/{transfer}/returned",
        *OFFICE_DOES,
        **{"back-on": "2026-06-15", "back-reason": "Compte clos"},
    ),
    get("staff.settings.index", "/staff/settings", *OFFICE),
    post(
        "staff.settings.save",
        "/staff/settings/commission_bp",
        *OFFICE_DOES,
        **{"commission_bp-value": "12,5", "commission_bp-from_on": "2026-07-01"},
    ),
    post(
        "staff.settings.pay_from",
        "/staff/settings/paying-account",
        *OFFICE_DOES,
        name="Maison",
        account="FR14 2004 1010 0505 0001 3M02 606",
        bic="",
    ),
    get("staff.programmes.index", "/staff/programmes", *OFFICE),
    post(
        "staff.programmes.create",
        "/staff/programmes/recipients",
        *OFFICE_DOES,
        programme_id="1",
        name="Une lectrice",
        email="lectrice@example.org",
        language="fr",
    ),
    get("staff.reports.sales", f"/staff/reports?{REPORT}", *OFFICE),
    get("staff.reports.lines", f"/staff/reports/lines?{REPORT}", *OFFICE),
    get("staff.reports.balances", "/staff/reports/balances", *OFFICE),
    *(get("staff.reports.download", f"/staff/reports/artisan-sales.{f}?{REPORT}", *OFFICE) for f in ("csv", "json")),
    get("staff.reports.sent", "/staff/reports/sent?recipient={recipient}&month=2026-06", *OFFICE),
    post(
        "staff.reports.send",
        "/staff/reports/send",
        *OFFICE_DOES,
        **{"send-recipient": "{recipient}", "send-month": "2026-05", "send-basis": "exported"},
    ),
    get("staff.invoices.index", "/staff/invoices?from=2026-06-01&to=2026-06-30", *OFFICE),
    get("staff.invoices.download", "/staff/invoices/invoices.csv?from=2026-06-01&to=2026-06-30", *OFFICE),
    get("staff.invoices.show", "/staff/invoices/{invoice}.pdf", *OFFICE),
    get("staff.issuer.show", "/staff/settings/issuer", *OFFICE),
    post(
        "staff.issuer.save",
        "/staff/settings/issuer",
        *OFFICE_DOES,
        name="Maison de l’export",
        email="contact@example.org",
        from_on="2026-07-01",
    ),
    get("staff.taxes.index", "/staff/settings/taxes", *OFFICE),
    post("staff.taxes.set_mode", "/staff/settings/taxes/world/mode", *OFFICE_DOES, **{"world-tax_mode": "added"}),
    post(
        "staff.taxes.create",
        "/staff/settings/taxes/world/levies",
        *OFFICE_DOES,
        **{
            "world-levy-kind": "tax",
            "world-levy-country": "FR",
            "world-levy-rate": "20",
            "world-levy-collected": "order",
        },
        **{"world-levy-from_on": "2026-07-01", "world-levy-source": "CGI"},
    ),
    get("staff.destinations.index", "/staff/settings/destinations", *OFFICE),
    post(
        "staff.destinations.open_zone",
        "/staff/settings/destinations",
        *OFFICE_DOES,
        **{"new-code": "north", "new-countries": "IS, NO", "new-days_min": "4", "new-days_max": "9"},
        **{"new-source": "price list"},
    ),
    post(
        "staff.destinations.suspend",
        "/staff/settings/destinations/suspensions",
        *OFFICE_DOES,
        **{"suspension-country": "FR", "suspension-carrier": "Poste", "suspension-from_on": "2026-06-20"},
        **{"suspension-source": "letter"},
    ),
    post("staff.destinations.resume", "/staff/settings/destinations/suspensions/{suspension}/end", *OFFICE_DOES),
    post(
        "staff.destinations.decide",
        "/staff/settings/destinations/zones/world",
        *OFFICE_DOES,
        **{"world-countries": "FR, US, DE, SA", "world-days_min": "4", "world-days_max": "9", "world-source": "list"},
    ),
    post(
        "staff.destinations.charge",
        "/staff/settings/destinations/zones/world/bands",
        *OFFICE_DOES,
        **{"world-band-up_to": "2", "world-band-amount_eur": "21.50"},
    ),
    get("staff.currencies.index", "/staff/settings/currencies", *OFFICE),
    post("staff.currencies.add", "/staff/settings/currencies", *OFFICE_DOES, code="MAD"),
    post("staff.currencies.drop", "/staff/settings/currencies/AED/drop", *OFFICE_DOES),
    get("staff.responsible.show", "/staff/settings/responsible-person", *OFFICE),
    post(
        "staff.responsible.save",
        "/staff/settings/responsible-person",
        *OFFICE_DOES,
        name="Artisans Europe SARL",
        postal_address="3 quai Voltaire, Paris",
        email="eu@example.org",
    ),
    # Only in a demonstration, where everything is everybody's
    get("demo.chairs.index", "/demo", 200),
    post("demo.chairs.sit", "/demo/chairs/officer", 303),
    get("demo.mail.index", "/demo/mail", 200),
    get("demo.mail.show", "/demo/mail/{letter}", 200),
    get("demo.mail.body", "/demo/mail/{letter}/body", 200),
    get("demo.mail.file", "/demo/mail/{letter}/files/{attachment}", 200),
]
# Reading these asks Stripe, and what it answers is kept.
READS_THAT_WRITE = {"storefront.orders.pay", "storefront.orders.come_back"}
TOKEN_DOORS = ("artisan.", "staff.")


def label(ask: Ask) -> str:
    return f"{ask.method} {ask.path}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[World]:
    clock = VirtualClock(MORNING)
    with clock_module.use(clock), build_world(tmp_path_factory.mktemp("world"), sqlite_template, clock) as built:
        yield built


@pytest.fixture
def fresh(world: World) -> World:
    world.restore()
    return world


def send(world: World, role: str, ask: Ask, **changes: Any) -> TestResponse:
    data = {world.fill(name, role): world.fill(value, role) for name, value in ask.data.items()}
    body = {**world.token(role), **data} if ask.method == "POST" else None
    options = {"method": ask.method, "data": body, **changes}
    return world.browser(role).open(world.fill(ask.path, role), **options)


def is_refused(answer: TestResponse) -> bool:
    return answer.status_code in (400, 401, 403, 404) or answer.headers.get("Location", "").endswith("/sign-in")


def test_every_route_is_listed_and_every_listed_route_exists(world: World) -> None:
    routes = {
        (rule.endpoint, method)
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(ask.endpoint, ask.method) for ask in ASKS} == routes


def test_an_address_of_the_list_leads_to_the_route_it_names(world: World) -> None:
    adapter = world.app.url_map.bind("localhost")
    wrong = [
        (label(ask), found)
        for ask in ASKS
        if (found := adapter.match(world.fill(ask.path, "buyer").partition("?")[0], ask.method)[0]) != ask.endpoint
    ]
    assert wrong == []


@pytest.mark.parametrize("ask", ASKS, ids=label)
def test_each_gets_what_is_theirs_and_the_refused_change_nothing(fresh: World, ask: Ask) -> None:
    got, before = [], fresh.rows()
    for role in ROLES:
        answer = send(fresh, role, ask)
        got.append(answer.status_code)
        after = fresh.rows()
        if is_refused(answer) or (ask.method == "GET" and ask.endpoint not in READS_THAT_WRITE):
            assert {name for name in after if after[name] != before[name]} == set(), f"{role} was refused and wrote"
        if after != before:
            fresh.restore()
        if role == "neighbour" and ask.endpoint.startswith("artisan."):
            # A refusal may repeat the address that was asked for; a page may not.
            told = [] if answer.status_code == 404 else [secret for secret in fresh.secrets if secret in answer.text]
            assert told == []
    assert tuple(got) == ask.statuses


@pytest.mark.parametrize(
    "ask", [ask for ask in ASKS if ask.method == "POST" and ask.endpoint.startswith(TOKEN_DOORS)], ids=label
)
def test_a_form_of_a_signed_in_page_counts_only_with_its_token(fresh: World, ask: Ask) -> None:
    role = ask.endpoint.partition(".")[0]
    data = {fresh.fill(name, role): fresh.fill(value, role) for name, value in ask.data.items()}
    before = fresh.rows()
    for token in ({}, {"csrf_token": "forged"}):
        assert send(fresh, role, ask, data={**data, **token}).status_code == 400
    assert fresh.rows() == before


@pytest.mark.parametrize(
    "ask",
    [
        a
        for a in ASKS
        if a.method == "POST" and a.endpoint.startswith(("storefront.", "demo.chairs", "artisan.session"))
    ],
    ids=label,
)
def test_a_form_of_a_public_page_counts_only_from_this_site(fresh: World, ask: Ask) -> None:
    before = fresh.rows()
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert send(fresh, "buyer", ask, headers=headers).status_code == 403
    assert fresh.rows() == before


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/artisan/pieces/{own_draft}/photos", {"remove": "{picture}"}),
        ("/artisan/pieces/{own_draft}/photos", {"first": "{picture}"}),
        ("/artisan/pieces/{beside}/stock/{sku}", {"available": "1"}),
        ("/artisan/pieces/new", {"draft": "{draft}", "later": "1"}),
        ("/artisan/pieces/new", {"draft": "{piece}", "later": "1"}),
        ("/artisan/orders/{number}/{position}/ready", {}),
        ("/artisan/orders/{sendable}/1/accept", {}),
        ("/artisan/account/unit", {"unit": "{unit}"}),
    ],
)
def test_another_makers_thing_named_in_a_form_of_ones_own_is_not_there(
    fresh: World, path: str, data: dict[str, str]
) -> None:
    before = fresh.rows()
    ask = Ask("", "POST", path, (), data)
    assert send(fresh, "neighbour", ask).status_code == 404
    assert fresh.rows() == before


def test_no_key_of_the_api_is_a_session_and_no_session_is_a_key(fresh: World) -> None:
    for token in ("", "Bearer ", "Bearer nothing", f"Basic {fresh.values['token']}"):
        answer = fresh.browser("staff").get(f"/api/v1/reports/artisan-sales?{REPORT}", headers={"Authorization": token})
        assert answer.status_code == 401


def test_outside_a_demonstration_its_pages_do_not_exist(app: Any) -> None:
    assert [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("demo.")] == []
    assert app.test_client().get("/demo").status_code == 404
