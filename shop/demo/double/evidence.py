"""Answering a dispute: its operations, and the words that decide it as in Stripe's test mode.

Source of the words: https://docs.stripe.com/testing#evidence. Other evidence leaves the dispute under review until the
`dispute` verb says how it ends.
"""

from typing import Any

from shop.demo.double import disputes, jobs
from shop.demo.double.changes import change
from shop.demo.double.errors import ApiError, invalid
from shop.demo.double.events import emit
from shop.demo.double.operations import ONE, lists, operation, reads
from shop.demo.double.params import DATED_PAGE, EXPAND, Boolean, Clearable, Fields, MetadataChange, Text, absent
from shop.demo.double.resources import get
from shop.demo.double.state import State

OUTCOMES = {"winning_evidence": "won", "losing_evidence": "lost", "escalate_inquiry_evidence": "escalated"}
WAITING = ("needs_response", "warning_needs_response")
LONGEST = 150_000
UPDATE = Fields(
    {
        "evidence": Fields(
            {
                **dict.fromkeys(disputes.TEXTS, Clearable(Text(20_000))),
                **absent(*disputes.FILES, "enhanced_evidence"),
            }
        ),
        "metadata": MetadataChange(),
        "submit": Boolean(),
        **EXPAND,
    }
)


def update(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Keep evidence and, unless told otherwise, hand it to the bank."""
    dispute = get(state, disputes.KIND, identifier)
    if "metadata" in params:
        change(state, "charge.dispute.updated", dispute, {"metadata": params["metadata"]})
    if "evidence" not in params and not params.get("submit"):
        return dispute
    if dispute["status"] not in WAITING:
        raise ApiError(400, f"Dispute {identifier} takes no evidence any more: its status is {dispute['status']}.")
    given = dispute["evidence"] | params.get("evidence", {})
    if sum(len(text) for text in given.values() if isinstance(text, str)) > LONGEST:
        raise invalid(f"The evidence has more than {LONGEST} characters.", "evidence")
    details = dispute["evidence_details"]
    changed = {"evidence": given, "evidence_details": details | {"has_evidence": any(given.values())}}
    before = {name: dispute[name] for name, value in changed.items() if dispute[name] != value}
    dispute |= changed
    if params.get("submit", True):
        return _submit(state, dispute)
    emit(state, "charge.dispute.updated", state.put(dispute), previous=before)
    return dispute


def close(state: State, params: dict[str, Any], host: str, identifier: str) -> dict[str, Any]:
    """Accept a dispute: it is lost. That an inquiry can be closed too is known from Stripe's command line alone."""
    dispute = get(state, disputes.KIND, identifier)
    if dispute["status"] == "warning_needs_response":
        return disputes.close_inquiry(state, dispute)
    if dispute["status"] != "needs_response":
        raise ApiError(400, f"Dispute {identifier} cannot be closed: its status is {dispute['status']}.")
    return disputes.lose(state, dispute)


def _submit(state: State, dispute: dict[str, Any]) -> dict[str, Any]:
    dispute["evidence_details"]["submission_count"] += 1
    disputes.review(state, dispute)
    outcome = OUTCOMES.get(dispute["evidence"]["uncategorized_text"] or "")
    if outcome:
        jobs.later(state, state.now(), "decide_dispute", dispute["id"], outcome=outcome)
    return dispute


OPERATIONS = (
    lists("GetDisputes", disputes.KIND, Fields({**DATED_PAGE, "charge": Text(), "payment_intent": Text()})),
    reads("GetDisputesDispute", disputes.KIND),
    operation("PostDisputesDispute", "POST", "/v1/disputes/{}", UPDATE, update),
    operation("PostDisputesDisputeClose", "POST", "/v1/disputes/{}/close", ONE, close),
)
