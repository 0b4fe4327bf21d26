"""`shop demo` with somebody's own Stripe test account, and beside what is not a demonstration."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from shop.core.config import STRIPE_API, STRIPE_JS, from_environment
from shop.core.errors import ConfigurationError
from shop.demo.run import NotADemo, environment, own_stripe, prepare


def test_without_a_key_the_double_is_used() -> None:
    assert own_stripe({}) == {}
    assert own_stripe({"STRIPE_SECRET_KEY": "sk_test_demo_x"}) == {}


def test_a_test_key_is_used_at_stripes_own_address() -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_test_abc", "STRIPE_PUBLISHABLE_KEY": "pk_test_abc"}
    given = {**keys, "STRIPE_WEBHOOK_SECRET": "whsec_x", "HOME": "/nowhere"}
    assert own_stripe(given) == {
        **keys,
        "STRIPE_WEBHOOK_SECRET": "whsec_x",
        "STRIPE_API_BASE": STRIPE_API,
        "STRIPE_JS_URL": STRIPE_JS,
    }


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"STRIPE_SECRET_KEY": "sk_live_abc", "STRIPE_WEBHOOK_SECRET": "whsec_x"}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "sk_test_abc"}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_SECRET_KEY": "sk_test_abc", "STRIPE_WEBHOOK_SECRET": "whsec_x"}, "STRIPE_PUBLISHABLE_KEY"),
        (
            {
                "STRIPE_SECRET_KEY": "sk_test_abc",
                "STRIPE_WEBHOOK_SECRET": "whsec_x",
                "STRIPE_PUBLISHABLE_KEY": "pk_live_x",
            },
            "STRIPE_PUBLISHABLE_KEY",
        ),
    ],
)
def test_a_live_key_or_a_missing_secret_is_refused_by_name(given: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        own_stripe(given)


def test_a_database_that_is_not_a_demonstration_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE precious (id INTEGER)"))
    engine.dispose()
    before = path.read_bytes()
    settings = from_environment(
        {"SHOP_INSTANCE": str(tmp_path), **environment(tmp_path, "127.0.0.1", 8000, 8001)}, demo=True
    )
    for reset in (False, True):
        with pytest.raises(NotADemo):
            prepare(settings, reset=reset, products=None, orders=0, seed=1, progress=lambda *_step: None)
    assert path.read_bytes() == before
