"""News of a dispute: Stripe is asked how it stands, and how the payment and its refunds stand before it."""

from shop.core.db import transaction
from shop.payments.disputes import apply_dispute
from shop.payments.gateway import gateway
from shop.payments.refund_news import follow_refunds
from shop.payments.settle import settle_payment


def settle_dispute(stripe_id: str) -> bool:
    """Ask Stripe about a dispute and apply the answer. Outside any transaction. Whether its payment is one of ours."""
    view = gateway().fetch_dispute(stripe_id)
    # Without our metadata it is found by its charge or its payment (case 41).
    attempt = settle_payment(intent=view.payment_intent, charge=view.charge, key=view.attempt)
    if attempt is None:
        return False
    order_id, attempt_id = attempt.order_id, attempt.id
    if view.payment_intent:
        # What was given back before is booked before: a dispute takes from what is left.
        follow_refunds(view.payment_intent)
    with transaction():
        apply_dispute(order_id, attempt_id, view)
    return True
