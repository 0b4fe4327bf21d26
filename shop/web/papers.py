"""PDFs of the two doors that show them: typeset when they are asked for, as the report's are, and never kept by a proxy."""

from flask import Response, request

from shop.artisans.models import Unit
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language, use_language
from shop.payouts.documents import slip_file_name, slip_pdf, statement_file_name, statement_pdf
from shop.payouts.models import Transfer
from shop.payouts.papers import Paper


def _asked_language() -> str:
    """The language a link asks for; that of the door where it asks for none."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else current_language()


def _pdf(content: bytes, name: str) -> Response:
    response = Response(content, content_type="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=name)
    return response


def send_statement(paper: Paper) -> Response:
    with use_language(_asked_language()):
        return _pdf(statement_pdf(paper), statement_file_name(paper))


def send_slip(transfer: Transfer, unit: Unit) -> Response:
    with use_language(_asked_language()):
        return _pdf(slip_pdf(transfer, unit), slip_file_name(transfer))
