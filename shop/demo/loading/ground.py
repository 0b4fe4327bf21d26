"""What stands before anybody sells: policies, exchange rates, programmes, the names things are sorted by."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

from shop.catalogue import safety
from shop.catalogue.models import Craft, Family, Material
from shop.core.db import db
from shop.core.policies import DEFAULTS, decide_policy
from shop.core.tables import Rate
from shop.demo.content.load import Content, Texts
from shop.demo.loading.calendar import Calendar, editions_of, months_before
from shop.programme.models import Edition, Programme
from shop.programme.recipients import add_recipient

SOURCE = "demonstration"
MONTHS_OF_RATES = 15
# Millionths of a dirham for one unit, about which the rates walk; the dirham of the Emirates follows the dollar.
ANCHORS = {"EUR": 10_780_000, "USD": 9_320_000, "GBP": 12_480_000}
DIRHAMS_PER_DOLLAR = 36_725  # in ten-thousandths
STEP = 22_000
DECIDED = (
    "commission_bp", "fee_bearer", "loss_bearer", "dispute_fee_bearer", "freight_bearer", "domestic_codes",
    "available_after_days",
)  # fmt: skip
# Who sells: invented, with numbers that have the right form and belong to nobody.
OPERATOR = {
    **DEFAULTS["operator"],
    "legal_form": "Société fictive au capital de 500 000 DH",
    "address": "18, avenue de la Démonstration\n10000 Rabat, Maroc",
    "phone": "+212 5 00 00 00 00",
    "ice": "000000000000097",
    "tax_id": "00000000",
    "rc": "00000",
    "rc_city": "Rabat",
    "tp": "00000000",
    "cnss": "0000000",
    "other_numbers": "UK VAT: GB 000 0000 00\nIOSS: IM2500000000",
    "exemption": {
        "ar": "معفاة من الضريبة على القيمة المضافة عند التصدير مع الحق في الخصم: المادة 92 من المدونة العامة للضرائب.",
        "fr": "Exportation exonérée de TVA avec droit à déduction : article 92 du Code général des impôts.",
        "en": "Export exempt from Moroccan VAT with right of deduction: article 92 of the Code général des impôts.",
    },
}

# Who answers for the pieces in the European Union: invented too.
RESPONSIBLE = {
    "name": "Artisans d’Europe SARL (fictive)",
    "postal_address": "1, rue de la Démonstration, 69000 Lyon, France",
    "email": "securite@example.org",
}


def by_language(field: str, texts: Texts) -> dict[str, str]:
    """Columns `field_ar`, `field_fr`, `field_en` of a text."""
    return {f"{field}_{language}": text for language, text in texts.as_dict().items()}


def write_policies(from_on: date) -> None:
    """The decisions of the operator, dated. Inside a transaction."""
    for key in DECIDED:
        decide_policy(key, DEFAULTS[key], from_on)
    decide_policy("operator", OPERATOR, from_on)
    decide_policy(safety.POLICY, RESPONSIBLE, from_on)


def write_rates(calendar: Calendar, seed: int) -> None:
    """A rate of every currency for each working day of fifteen months, ending today. Inside a transaction."""
    chance = Random(f"{seed}/rates")
    day = months_before(calendar.last_day, MONTHS_OF_RATES)
    # The last working day before the first one too, so that a month that begins on a Sunday has a rate.
    day -= timedelta(days=max(1, day.weekday() - 4))
    rates = dict(ANCHORS)
    while day <= calendar.last_day:
        if day.weekday() < 5:
            for currency, anchor in ANCHORS.items():
                rates[currency] += chance.randint(-STEP, STEP) + (anchor - rates[currency]) // 50
            today = {**rates, "AED": rates["USD"] * 10_000 // DIRHAMS_PER_DOLLAR}
            db.session.add_all(
                Rate(on=day, currency=currency, unit=1, mad_millionths=millionths, source=SOURCE)
                for currency, millionths in today.items()
            )
        day += timedelta(days=1)


def write_programmes(content: Content, calendar: Calendar) -> dict[str, int]:
    """Programmes, editions and recipients; ids of the editions by code. Inside a transaction."""
    ids: dict[str, int] = {}
    for written in content.programmes.values():
        aliases = "\n".join(written.aliases)
        programme = Programme(
            code=written.code, kind=written.kind, aliases=aliases, **by_language("name", written.names)
        )
        db.session.add(programme)
        db.session.flush()
        for row in editions_of(written, calendar):
            edition = Edition(
                programme_id=programme.id,
                code=row.code,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                **by_language("name", row.names),
            )
            db.session.add(edition)
            db.session.flush()
            ids[edition.code] = edition.id
        for recipient in content.recipients:
            if recipient.programme == written.code:
                details = {"name": recipient.name, "email": recipient.email, "language": recipient.language}
                add_recipient(programme.id, actor=None, **details)
    return ids


def write_names(content: Content, craft_pictures: Mapping[str, int]) -> None:
    """Families, crafts and materials. Inside a transaction."""
    for position, family in enumerate(content.families.values(), 1):
        db.session.add(Family(code=family.code, position=position, **by_language("name", family.names)))
    db.session.flush()
    for position, craft in enumerate(content.crafts.values(), 1):
        db.session.add(
            Craft(
                code=craft.code,
                family=craft.family,
                position=position,
                picture_id=craft_pictures.get(craft.code),
                **by_language("name", craft.names),
                **by_language("intro", craft.intro),
            )
        )
    db.session.add_all(
        Material(code=material.code, **by_language("name", material.names)) for material in content.materials.values()
    )
