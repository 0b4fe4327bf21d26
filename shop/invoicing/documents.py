"""A document as PDF, typeset from what was frozen when it was issued."""

from shop.core.typeset import typeset
from shop.invoicing.models import Invoice


def to_pdf(document: Invoice) -> bytes:
    """The paper of a document, the same bytes each time. Tagged (PDF/UA-1). Takes part of a second."""
    return typeset("shop.invoicing", "document.typ", document.printed)
