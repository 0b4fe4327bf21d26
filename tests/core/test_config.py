"""Settings: a senseless value stops the start with its name."""

from pathlib import Path

import pytest

from shop.core.config import check_production, from_environment
from shop.core.db import in_wal_reset_range
from shop.core.errors import ConfigurationError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHOP_DATABASE_URL", "mysql://x"),
        ("SHOP_BASE_URL", "ftp://x"),
        ("SHOP_STORAGE_URL", "nonsense"),
        ("SHOP_STORAGE_URL", "file://media"),
        ("SHOP_STORAGE_URL", "file:///"),
        ("SHOP_STORAGE_URL", "s3://"),
        ("SHOP_STORAGE_URL", "s3://No_Bucket"),
        ("SHOP_STORAGE_URL", "s3://key@bucket"),
        ("SHOP_STORAGE_URL", "s3://bucket?endpoint=ftp://x"),
        ("SHOP_STORAGE_URL", "s3://bucket?acl=public"),
        ("SHOP_MAIL_URL", "pigeon://x"),
        ("SHOP_TRUSTED_PROXIES", "many"),
        ("SHOP_LOG_FORMAT", "poem"),
        ("STRIPE_API_BASE", "stripe"),
        ("STRIPE_JS_URL", "stripe.js"),
    ],
)
def test_a_senseless_value_is_refused_by_name(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=name):
        from_environment({"SHOP_INSTANCE": str(tmp_path), name: value})


def test_a_secret_can_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    settings = from_environment({"SHOP_INSTANCE": str(tmp_path), "STRIPE_SECRET_KEY_FILE": str(tmp_path / "key")})
    assert settings.stripe_secret_key == "from a file"
    with pytest.raises(ConfigurationError, match="SHOP_SECRET_KEY_FILE"):
        from_environment({"SHOP_SECRET_KEY_FILE": str(tmp_path / "missing")})


def test_production_needs_its_secrets_and_stripes_own_address(tmp_path: Path) -> None:
    whole = {
        "SHOP_INSTANCE": str(tmp_path),
        "SHOP_SECRET_KEY": "x" * 40,
        "STRIPE_SECRET_KEY": "sk_test_x",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_x",
        "STRIPE_WEBHOOK_SECRET": "whsec_a,whsec_b",
    }
    settings = from_environment(whole)
    check_production(settings)
    assert settings.stripe_webhook_secrets == ("whsec_a", "whsec_b")
    for name in ("SHOP_SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET"):
        with pytest.raises(ConfigurationError, match=name):
            check_production(from_environment({**whole, name: ""}))
    for name in ("STRIPE_API_BASE", "STRIPE_JS_URL"):
        with pytest.raises(ConfigurationError, match=name):
            check_production(from_environment({**whole, name: "http://127.0.0.1:1"}))


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    bucket = "s3://key:very_secret@pictures/shop?endpoint=https://s3.example"
    given = {"STRIPE_SECRET_KEY": "sk_live_very_secret", "SHOP_STORAGE_URL": bucket}
    settings = from_environment({"SHOP_INSTANCE": str(tmp_path), **given})
    shown = settings.shown()
    assert "very_secret" not in f"{shown} {settings!r}"
    assert shown["SHOP_STORAGE_URL"] == "s3://pictures/shop?endpoint=https://s3.example"
    assert shown["STRIPE_SECRET_KEY"] == "(set, hidden)"
    assert shown["SHOP_BASE_URL"] == "http://127.0.0.1:8000"


def test_sqlite_libraries_that_can_corrupt_a_wal_are_known() -> None:
    assert [in_wal_reset_range(v) for v in [(3, 40, 1), (3, 51, 2), (3, 44, 5), (3, 50, 6)]] == [True] * 4
    assert [in_wal_reset_range(v) for v in [(3, 6, 9), (3, 51, 3), (3, 53, 4), (3, 44, 6), (3, 50, 7)]] == [False] * 5
