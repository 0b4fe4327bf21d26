"""Settings, read once from the environment. A missing or senseless value stops the start with its name."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from shop.core.db import engine_options
from shop.core.errors import ConfigurationError

STRIPE_API = "https://api.stripe.com"
# The release that belongs to the API version of payments/gateway.py; @stripe/stripe-js 9 is its types.
STRIPE_JS = "https://js.stripe.com/dahlia/stripe.js"
SECRET = frozenset({"secret_key", "stripe_secret_key", "stripe_webhook_secrets", "database_url", "mail_url"})


# Names that do not follow from the field: the rest are SHOP_ and the field in capitals.
ENVIRONMENT = {
    "stripe_secret_key": "STRIPE_SECRET_KEY",
    "stripe_publishable_key": "STRIPE_PUBLISHABLE_KEY",
    "stripe_webhook_secrets": "STRIPE_WEBHOOK_SECRET",
    "stripe_api_base": "STRIPE_API_BASE",
    "stripe_js_url": "STRIPE_JS_URL",
    "demo": "demonstration",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Effective settings. Addresses carry no trailing slash."""

    instance: Path
    # Kept out of the representation, which ends up in tracebacks and logs.
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    base_url: str
    storage_url: str = field(repr=False)
    mail_url: str = field(repr=False)
    trusted_proxies: int = 0
    log_format: str = "text"
    stripe_secret_key: str = field(default="", repr=False)
    stripe_publishable_key: str = ""
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    stripe_api_base: str = STRIPE_API
    stripe_js_url: str = STRIPE_JS
    demo: bool = False
    testing: bool = field(default=False)

    @property
    def media_folder(self) -> Path | None:
        """Where pictures are kept; None when that is no folder."""
        return Path(self.storage_url.removeprefix("file://")) if self.storage_url.startswith("file:") else None

    @property
    def storage_shown(self) -> str:
        """Where pictures are kept, without the keys to it."""
        head, at, tail = self.storage_url.rpartition("@")
        return (
            f"{head.partition('://')[0]}://{tail}"
            if at and not self.storage_url.startswith("file:")
            else self.storage_url
        )

    @property
    def mail_folder(self) -> Path | None:
        parts = urlsplit(self.mail_url)
        return Path(parts.path) if parts.scheme == "file" else None

    def shown(self) -> dict[str, str]:
        """What `shop config` prints, by the names of the environment: secrets are named, never shown."""
        result = {}
        for item in fields(self):
            if item.name == "testing":
                continue
            value = self.storage_shown if item.name == "storage_url" else getattr(self, item.name)
            hidden = item.name in SECRET and value and not str(value).startswith(("sqlite:", "file:"))
            shown = ",".join(value) if isinstance(value, tuple) else str(value)
            result[ENVIRONMENT.get(item.name, f"SHOP_{item.name.upper()}")] = "(set, hidden)" if hidden else shown
        return result


def _read(environ: Mapping[str, str], name: str, default: str = "") -> str:
    path = environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(f"{name}_FILE names a file that cannot be read: {error}") from error
    return environ.get(name, default).strip()


def _url(name: str, value: str, schemes: tuple[str, ...]) -> str:
    if urlsplit(value).scheme not in schemes:
        raise ConfigurationError(
            f"{name} must begin with one of {', '.join(s + '://' for s in schemes)}; it is {value!r}."
        )
    return value.rstrip("/")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a bucket is; what is empty is left to the environment of AWS (AWS_ACCESS_KEY_ID and so on) and its defaults."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


def parse_bucket(url: str) -> BucketAddress:
    """`s3://[key:secret@]bucket[/folder][?endpoint=https://…&region=…]`, key and secret percent-encoded.

    Raises ConfigurationError.
    """
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    known = {name: value.rstrip("/") for name, value in given if name in ("endpoint", "region")}
    if (
        not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc.rpartition("@")[2])
        or parts.fragment
        or len(known) != len(given)
        or bool(parts.username) != bool(parts.password)
        or ("endpoint" in known and urlsplit(known["endpoint"]).scheme not in ("http", "https"))
    ):
        # The value is not repeated: it may hold the keys.
        raise ConfigurationError(
            "SHOP_STORAGE_URL must be s3://bucket, s3://bucket/folder or s3://key:secret@bucket, "
            "with ?endpoint=https://… and &region=… where the store is not Amazon's; % / @ : in a key are percent-encoded."
        )
    return BucketAddress(
        bucket=parts.netloc.rpartition("@")[2],
        prefix=parts.path.strip("/"),
        endpoint=known.get("endpoint", ""),
        region=known.get("region", ""),
        key=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
    )


def _storage(value: str) -> str:
    if value.startswith("s3://"):
        parse_bucket(value)
    elif not value.rstrip("/").startswith("file:///"):
        raise ConfigurationError("SHOP_STORAGE_URL must begin with file:/// or s3://.")
    return value.rstrip("/")


def demo_secret(instance: Path) -> str:
    """The demo's own secret key, made once per instance."""
    path = instance / "secret-key"
    if not path.exists():
        instance.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        path.chmod(0o600)
    return path.read_text(encoding="utf-8").strip()


def from_environment(environ: Mapping[str, str] | None = None, *, demo: bool = False) -> Settings:
    """Read the settings of contract.md. Raises ConfigurationError with the name of the setting and what to do."""
    env = os.environ if environ is None else environ
    instance = Path(_read(env, "SHOP_INSTANCE", "instance")).resolve()
    database = _read(env, "SHOP_DATABASE_URL") or f"sqlite:///{instance / 'shop.sqlite'}"
    try:
        engine_options(database)
    except Exception as error:
        raise ConfigurationError("SHOP_DATABASE_URL must be sqlite:///… or postgresql+psycopg://…") from error
    proxies = _read(env, "SHOP_TRUSTED_PROXIES", "0")
    if not proxies.isdigit():
        raise ConfigurationError("SHOP_TRUSTED_PROXIES must be a whole number: how many proxies stand in front.")
    log_format = _read(env, "SHOP_LOG_FORMAT", "text")
    if log_format not in {"text", "json"}:
        raise ConfigurationError("SHOP_LOG_FORMAT must be text or json.")
    secret = _read(env, "SHOP_SECRET_KEY") or (demo_secret(instance) if demo else "")
    return Settings(
        instance=instance,
        secret_key=secret,
        database_url=database,
        base_url=_url("SHOP_BASE_URL", _read(env, "SHOP_BASE_URL", "http://127.0.0.1:8000"), ("http", "https")),
        storage_url=_storage(_read(env, "SHOP_STORAGE_URL") or f"file://{instance / 'media'}"),
        mail_url=_url("SHOP_MAIL_URL", _read(env, "SHOP_MAIL_URL") or f"file://{instance / 'mail'}", ("file", "smtp")),
        trusted_proxies=int(proxies),
        log_format=log_format,
        stripe_secret_key=_read(env, "STRIPE_SECRET_KEY"),
        stripe_publishable_key=_read(env, "STRIPE_PUBLISHABLE_KEY"),
        stripe_webhook_secrets=tuple(s.strip() for s in _read(env, "STRIPE_WEBHOOK_SECRET").split(",") if s.strip()),
        stripe_api_base=_url("STRIPE_API_BASE", _read(env, "STRIPE_API_BASE", STRIPE_API), ("http", "https")),
        stripe_js_url=_url("STRIPE_JS_URL", _read(env, "STRIPE_JS_URL", STRIPE_JS), ("http", "https")),
        demo=demo,
    )


def check_production(settings: Settings) -> None:
    """What a production start demands; the demo, marked in its database, is the only exception."""
    if settings.demo or settings.testing:
        return
    if len(settings.secret_key) < 32:
        raise ConfigurationError("SHOP_SECRET_KEY is missing or shorter than 32 characters; set a long random value.")
    if settings.stripe_api_base != STRIPE_API:
        raise ConfigurationError("STRIPE_API_BASE may differ from Stripe's only in a demonstration; unset it.")
    if settings.stripe_js_url != STRIPE_JS:
        raise ConfigurationError("STRIPE_JS_URL may differ from Stripe's only in a demonstration; unset it.")
    if not settings.stripe_publishable_key:
        raise ConfigurationError("STRIPE_PUBLISHABLE_KEY is missing; take it from your Stripe dashboard.")
    if not settings.stripe_secret_key:
        raise ConfigurationError("STRIPE_SECRET_KEY is missing; take it from your Stripe dashboard.")
    if not settings.stripe_webhook_secrets:
        raise ConfigurationError(
            "STRIPE_WEBHOOK_SECRET is missing; take it from the webhook endpoint in Stripe's dashboard."
        )
