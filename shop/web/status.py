"""Addresses for machines that watch: alive, ready, which release."""

from importlib.metadata import version

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select

from shop.core import clock
from shop.core.db import db
from shop.core.outbox import PATIENT
from shop.core.schema import at_head
from shop.core.tables import Job
from shop.media.storage import StorageFailed, store

blueprint = Blueprint("status", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers; nothing else is asked."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Database at head, storage there, and how long the oldest due job has waited (seconds)."""
    oldest = db.session.scalars(
        select(func.min(Job.run_at)).where(Job.done_at.is_(None), Job.run_at <= clock.now(), Job.kind.not_in(PATIENT))
    ).one()
    waited = int((clock.now() - oldest).total_seconds()) if oldest else 0
    state = {"database": at_head(), "storage": _stored(), "queue_seconds": waited}
    ready = state["database"] and state["storage"]
    return jsonify(state), 200 if ready else 503


def _stored() -> bool:
    try:
        store().demand()
    except StorageFailed:
        return False
    return True


@blueprint.get("/version")
def version_() -> Response:
    return Response(version("artisan-export-shop") + "\n", mimetype="text/plain")
