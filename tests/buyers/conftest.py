"""The shop beside Stripe's double."""

from tests.payments.conftest import stripe  # noqa: F401 - the fixture
