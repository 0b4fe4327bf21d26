"""Plain functions that make real-looking things with honest defaults. Each opens its own transaction."""

from datetime import date, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from shop.accounts.models import Account, Handle
from shop.artisans.models import Delegate, Person, Unit
from shop.catalogue.models import Craft, Family, Price, Product, ProductPicture, Variant
from shop.core import clock
from shop.core.db import db, transaction
from shop.core.ids import public_id
from shop.core.tables import Rate
from shop.i18n.texts import write_text
from shop.media.models import Picture
from shop.orders.cart import add_to_cart, read_cart, set_choice
from shop.orders.models import Order
from shop.payments.checkout import check_out
from shop.programme.models import Edition, Membership, Programme
from shop.shipping.models import Levy, Zone, ZoneRate

ADDRESS = {
    "name": "Claire Martin",
    "company": "",
    "street_address": "12 rue de la République",
    "city": "Lyon",
    "city_area": "",
    "country_area": "",
    "postal_code": "69001",
    "sorting_code": "",
    "country_code": "FR",
    "phone": "+33612345678",
}
TITLES = {"ar": "زربية من الصوف", "fr": "Tapis de laine noué", "en": "Knotted wool rug"}
PRICES = {"EUR": 32000, "USD": 35000, "GBP": 28000, "AED": 129000}


def _once(model: type[Any], key: Any, **values: Any) -> None:
    if db.session.get(model, key) is None:
        db.session.add(model(**values))
        db.session.flush()


def make_basics() -> None:
    """A family, a craft, the exporter programme with an edition, zones with postage, a year of rates."""
    with transaction():
        if db.session.get(Family, "TAP") is not None:
            return
        for position, code in enumerate(("TAP", "POT")):
            _once(Family, code, code=code, name_ar="الزرابي", name_fr="Tapis", name_en="Carpets", position=position)
        for code, family, name in (("rug", "TAP", "Rugs"), ("pottery", "POT", "Pottery")):
            texts = {f"{kind}_{language}": name for kind in ("name", "intro") for language in ("ar", "fr", "en")}
            _once(Craft, code, code=code, family=family, position=1, **texts)
        programme = Programme(
            code="excellence", kind="export", name_ar="برنامج التميز", name_fr="Excellence", name_en="Excellence"
        )
        carriers = Programme(
            code="aggregation", kind="aggregation", name_ar="التجميع", name_fr="Agrégation", name_en="Aggregation"
        )
        db.session.add_all([programme, carriers])
        db.session.flush()
        for owner, code in ((programme, "excellence-2026"), (carriers, "aggregation-2026")):
            db.session.add(
                Edition(
                    programme_id=owner.id,
                    code=code,
                    name_ar="دورة 2026",
                    name_fr="édition 2026",
                    name_en="2026 edition",
                    starts_on=date(2026, 1, 1),
                    ends_on=date(2026, 12, 31),
                )
            )
        zone = Zone(
            code="world",
            countries=["FR", "DE", "US", "GB", "AE", "JP", "CA", "ES"],
            days_min=5,
            days_max=9,
            verified_on=date(2026, 1, 1),
            source="tests",
        )
        db.session.add(zone)
        db.session.flush()
        for currency, amount in (("EUR", 6000), ("USD", 6600), ("GBP", 5200), ("AED", 24000)):
            db.session.add(ZoneRate(zone_id=zone.id, currency=currency, up_to_grams=30_000, amount_minor=amount))
        for currency, millionths in (
            ("EUR", 10_750_000),
            ("USD", 9_900_000),
            ("GBP", 12_600_000),
            ("AED", 2_700_000),
        ):
            db.session.add(
                Rate(on=date(2026, 1, 1), currency=currency, unit=1, mad_millionths=millionths, source="tests")
            )


def make_unit(*, admitted: bool = True, **values: Any) -> Unit:
    """A unit of one maker, admitted to the exporter programme since 1 January 2026 unless told otherwise."""
    make_basics()
    with transaction():
        fields: dict[str, Any] = {
            "public_id": public_id(),
            "legal_form": "artisan",
            "name_ar": "ورشة فاطمة",
            "name_fr": "Atelier Fatima",
            "name_en": "Fatima’s workshop",
            "region": "MA-03",
            "place_ar": "تازناخت",
            "place_fr": "Taznakht",
            "place_en": "Taznakht",
            "founded": 1998,
            "family": "TAP",
            "lead_sex": "f",
            "members_f": 1,
            "members_m": 0,
            "created_at": clock.now(),
        }
        unit = Unit(**{**fields, **values})
        db.session.add(unit)
        db.session.flush()
        db.session.add(
            Person(
                unit_id=unit.id,
                name_ar="فاطمة أيت علي",
                name_latin="Fatima Aït Ali",
                role_ar="نساجة",
                role_fr="tisserande",
                role_en="weaver",
                sex="f",
                share_bp=10_000,
            )
        )
        if admitted:
            edition = db.session.scalars(select(Edition).where(Edition.code == "excellence-2026")).one()
            db.session.add(
                Membership(unit_id=unit.id, edition_id=edition.id, from_on=date(2026, 1, 1), admitted_at=clock.now())
            )
    return unit


def make_product(
    unit: Unit | None = None, *, stock: int = 1, prices: dict[str, int] | None = None, **values: Any
) -> Variant:
    """A published piece in three languages with one variant, which is returned; a one-of-a-kind rug of 4 kg."""
    unit = unit or make_unit()
    with transaction():
        now = clock.now()
        # There are no files of it, and nobody is to make any.
        picture = Picture(
            public_id=public_id(),
            sha256=public_id() * 6,
            width=960,
            height=1200,
            colour="#c9a227",
            avif=True,
            created_at=now,
        )
        db.session.add(picture)
        db.session.flush()
        fields: dict[str, Any] = {
            "public_id": public_id(),
            "unit_id": unit.id,
            "craft": "rug",
            "family": "TAP",
            "kind": "one_of_a_kind",
            "state": "published",
            "origin_region": unit.region,
            "hs_code": "570110",
            "lead_time_days": 3,
            "weight_grams": 4000,
            "length_mm": 2000,
            "width_mm": 1200,
            "cover_id": picture.id,
            "created_at": now,
            "updated_at": now,
            "published_at": now,
        }
        titles = values.pop("titles", TITLES)
        product = Product(**{**fields, **values})
        db.session.add(product)
        db.session.flush()
        db.session.add(ProductPicture(product_id=product.id, picture_id=picture.id))
        for language, title in titles.items():
            write_text("product", product.id, "title", language, title)
            write_text("product", product.id, "description", language, f"{title}.")
        variant = Variant(
            product_id=product.id,
            sku=f"SKU-{public_id()}",
            available=stock,
            received=stock,
            ask_mad_minor=250_000,
        )
        db.session.add(variant)
        db.session.flush()
        for currency, amount in (PRICES if prices is None else prices).items():
            db.session.add(Price(variant_id=variant.id, currency=currency, amount_minor=amount))
    return variant


def make_account(role: str = "artisan", unit: Unit | None = None, **values: Any) -> Account:
    """An account; an artisan's acts for the unit. The secret is not usable: sign in by `sign_in`."""
    with transaction():
        fields: dict[str, Any] = {
            "public_id": public_id(),
            "role": role,
            "name": "Fatima Aït Ali" if role == "artisan" else "Omar Bennis",
            "language": "fr",
            "secret_hash": "!",
            "created_at": clock.now(),
        }
        account = Account(**{**fields, **values})
        db.session.add(account)
        db.session.flush()
        kind = "phone" if role == "artisan" else "email"
        value = f"+2126{account.id:08d}" if role == "artisan" else f"officer{account.id}@example.org"
        db.session.add(Handle(account_id=account.id, kind=kind, value=value))
        if unit is not None:
            db.session.add(Delegate(account_id=account.id, unit_id=unit.id))
    return account


def sign_in(client: FlaskClient, account: Account) -> None:
    """Give a test client the session of an account, as the sign-in page would."""
    from shop.core.ids import token, token_hash  # noqa: PLC0415
    from shop.web.sessions import WebSession  # noqa: PLC0415

    value = token()
    with transaction():
        db.session.add(
            WebSession(
                id_hash=token_hash(value),
                account_id=account.id,
                data={"csrf_token": "0" * 40},
                created_at=clock.now(),
                expires_at=clock.now() + timedelta(days=1),
            )
        )
    client.set_cookie("session", value)


def make_order(
    *variants: Variant,
    quantity: int = 1,
    currency: str = "EUR",
    country: str = "FR",
    language: str = "fr",
    email: str = "claire@example.org",
    address: dict[str, Any] | None = None,
) -> Order:
    """An order that waits for its payment, made as a buyer's is: cart, then checkout."""
    chosen = variants or (make_product(),)
    cart_token = None
    with transaction():
        for variant in chosen:
            cart = add_to_cart(cart_token, variant.id, quantity, currency)
            cart_token = cart.token
        set_choice(cart, currency, country)
    view = read_cart(cart_token, language)
    assert view is not None
    return check_out(view, email=email, address={**(address or ADDRESS), "country_code": country}, language=language)


def make_levy(*, mode: str | None = None, **values: Any) -> None:
    """A levy of the only zone, in force since the year began: 20 % on goods and postage unless told otherwise."""
    make_basics()
    with transaction():
        zone = db.session.scalars(select(Zone)).one()
        zone.tax_mode = mode or zone.tax_mode
        fields: dict[str, Any] = {
            "zone_id": zone.id,
            "kind": "tax",
            "from_on": date(2026, 1, 1),
            "rate_bp": 2000,
            "on_shipping": True,
            "source": "tests",
        }
        db.session.add(Levy(**{**fields, **values}))
