"""Stripe's double behind the shop, and an operator with an identity."""

from datetime import date

import pytest
from flask import Flask

from shop.core.db import transaction
from shop.core.policies import decide_policy
from tests.payments.conftest import stripe  # noqa: F401 - the fixture

ISSUER = {
    "name": "Maison de l’export",
    "legal_form": "SARL au capital de 500 000 DH",
    "address": "18, avenue Mohammed V\n10000 Rabat, Maroc",
    "phone": "+212537000000",
    "email": "contact@example.org",
    "ice": "001234567000089",
    "tax_id": "12345678",
    "rc": "98765",
    "rc_city": "Rabat",
    "tp": "25123456",
    "cnss": "1234567",
    "other_numbers": "UK VAT: GB 123 4567 89",
    "exemption": {"ar": "معفاة عند التصدير.", "fr": "Exonération, article 92.", "en": "Exempt, article 92."},
}


@pytest.fixture
def issuer(app: Flask) -> dict[str, object]:
    """The operator's identity, decided."""
    with transaction():
        decide_policy("operator", ISSUER, date(2026, 1, 1))
    return ISSUER
