"""POST /webhooks/stripe."""

import logging

from flask import Blueprint, Response, request

from shop.core.db import transaction
from shop.payments import inbox

log = logging.getLogger("shop.webhooks")
blueprint = Blueprint("webhooks", __name__)
# Stripe's events are far smaller; whoever sends more is not Stripe.
LARGEST = 256 * 1024


@blueprint.post("/webhooks/stripe")
def create() -> Response:
    """Store a verified event. 200 also for one that was here before; a storage failure is a 500, so Stripe repeats."""
    if (request.content_length or 0) > LARGEST:
        return Response("too large\n", 413, mimetype="text/plain")
    body = request.get_data(cache=False)
    try:
        event = inbox.verify(body, request.headers.get("Stripe-Signature", ""))
    except inbox.Forged as refused:
        log.warning("webhook refused: %s", refused.text)
        return Response("the signature does not fit\n", 400, mimetype="text/plain")
    with transaction():
        inbox.accept(event, body.decode())
    return Response("stored\n", 200, mimetype="text/plain")
