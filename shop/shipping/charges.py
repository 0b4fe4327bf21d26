"""What an order owes to the state it goes to: tax on goods and postage, duty paid in advance, the rest estimated. Pure.

The zone says how a tax is asked for: "included", the shown price contains it; "added", it comes on top; "none", the
buyer owes it at the border. Rates and rules are the operator's dated data (shipping.models.Levy); where none holds, or
the order is worth more than its limit, nothing is collected. What is not collected is estimated by the rules that say so,
never charged. Values are of the whole order, because parcels of one order may be counted together by customs; headings are
of a parcel, because each has a declaration of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar

from shop.core.money import allocate, round_half_up, smallest_charge

# Digits of the Harmonized System that every country shares: what a duty calls one tariff heading.
HEADING_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Rule:
    """A levy of one zone; fields as in shipping.models.Levy."""

    kind: str
    from_on: date
    rate_bp: int
    country: str = ""
    heading: str = ""
    on_shipping: bool = False
    amounts: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    collected: bool = True
    source: str = ""

    def reaches(self, value_minor: int, currency: str) -> bool:
        """Whether it holds for goods of this value; never in a currency for which its figures name nothing."""
        named = not self.amounts or currency in self.amounts
        return named and (not self.limits or value_minor <= self.limits.get(currency, -1))


@dataclass(frozen=True, slots=True)
class Goods:
    """An order line as far as a state is concerned: its price as shown, its tariff code, and which parcel it is in."""

    minor: int
    hs_code: str | None
    parcel: int = 0


@dataclass(frozen=True, slots=True)
class LineTax:
    """A line's price divided; "included": net + tax is the shown price, "added": net is."""

    net_minor: int
    tax_minor: int = 0
    tax_mode: str = "none"
    tax_rate_bp: int = 0


@dataclass(frozen=True, slots=True)
class Landed:
    """What the border asks the buyer for besides the total, in minor units of the order's currency.

    `kind`: "paid", nothing, it is in the total; "estimate", about so much, after the rules of `sources`, the youngest of
    which holds since `since`; "unknown", no rule says.
    """

    kind: str = "unknown"
    tax_minor: int = 0
    duty_minor: int = 0
    sources: tuple[str, ...] = ()
    since: date | None = None

    @property
    def total_minor(self) -> int:
        return self.tax_minor + self.duty_minor

    def as_data(self, on: date) -> dict[str, Any]:
        """To be kept with an order: {"kind", "tax_minor", "duty_minor", "sources", "since", "on"}; days as ISO text."""
        return {
            "kind": self.kind,
            "tax_minor": self.tax_minor,
            "duty_minor": self.duty_minor,
            "sources": list(self.sources),
            "since": self.since.isoformat() if self.since else None,
            "on": on.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Charges:
    """An order's amounts before any discount, in minor units. `lines` in the order given; shipping without its tax.

    `incoterm` is DDP when a rule says what duty is owed on everything in the order, be it nothing, else DAP. `landed` is
    what the border asks for besides.
    """

    lines: tuple[LineTax, ...]
    shipping_minor: int
    shipping_tax_minor: int
    duty_minor: int
    incoterm: str
    landed: Landed = Landed()
    # A discount is agreed with the order, not quoted.
    discount_minor: ClassVar[int] = 0

    @property
    def goods_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        """Of goods and shipping."""
        return sum(line.tax_minor for line in self.lines) + self.shipping_tax_minor

    @property
    def total_minor(self) -> int:
        return self.goods_minor + self.shipping_minor + self.tax_minor + self.duty_minor


def in_force(rules: Iterable[Rule], country: str, on: date) -> list[Rule]:
    """The rules that hold in a country on a day: of each kind, country and heading the newest not in the future.

    What is collected and what is only estimated follow one another each for itself: above the limit of the one, the other.
    """
    newest: dict[tuple[str, str, str, bool], Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.from_on):
        if rule.country in ("", country) and rule.from_on <= on:
            newest[rule.kind, rule.country, rule.heading, rule.collected] = rule
    return list(newest.values())


def charge(goods: Sequence[Goods], shipping_minor: int, *, currency: str, mode: str, rules: Sequence[Rule]) -> Charges:
    """What an order of these goods comes to. `rules` are in force; `shipping_minor` is the postage as shown."""
    step = smallest_charge(currency)
    asked = [rule for rule in rules if rule.collected]
    chosen = [_most_special(asked, "tax", line.hs_code) if mode != "none" else None for line in goods]
    # A limit is on the value without tax, which is known once the tax is taken out.
    value = sum(
        _divide(line.minor, _rate(rule), mode, step).net_minor for line, rule in zip(goods, chosen, strict=True)
    )
    chosen = [rule if rule and rule.reaches(value, currency) else None for rule in chosen]
    lines = tuple(_divide(line.minor, _rate(rule), mode, step) for line, rule in zip(goods, chosen, strict=True))
    shipping_net, shipping_tax = _shipping(goods, chosen, shipping_minor, mode, step)
    duty, known = _duty(goods, lines, asked, currency, step)
    if known is not None:
        return Charges(lines, shipping_net, shipping_tax, duty, "DDP", Landed("paid"))
    later = [rule for rule in rules if not rule.collected]
    landed = _land(goods, lines, shipping_net, later, currency, step)
    return Charges(lines, shipping_net, shipping_tax, 0, "DAP", landed)


def _land(
    goods: Sequence[Goods],
    lines: Sequence[LineTax],
    shipping_minor: int,
    rules: Sequence[Rule],
    currency: str,
    step: int,
) -> Landed:
    """What the carrier will ask for: duty by heading, and the tax of import on goods, duty and, where it is due, postage.

    Known only if a rule says it of everything in the order. A tax that was collected is not asked for again.
    """
    duty, used = _duty(goods, lines, rules, currency, step)
    if used is None:
        return Landed()
    value, taxes = sum(line.net_minor for line in lines), [_most_special(rules, "tax", line.hs_code) for line in goods]
    tax = 0
    if not any(line.tax_mode != "none" for line in lines):
        known = [rule for rule in taxes if rule is not None and rule.reaches(value, currency)]
        if len(known) < len(goods):
            return Landed()
        weights = [line.net_minor for line in lines]
        shares = zip(weights, allocate(duty, weights), allocate(shipping_minor, weights), known, strict=True)
        for net, duty_share, shipping_share, rule in shares:
            tax += _part(net + duty_share + (shipping_share if rule.on_shipping else 0), rule.rate_bp, step)
        used = [*used, *known]
    sources = tuple(dict.fromkeys(rule.source for rule in used if rule.source))
    return Landed("estimate", tax, duty, sources, max(rule.from_on for rule in used))


def _most_special(rules: Sequence[Rule], kind: str, hs_code: str | None) -> Rule | None:
    """One that names the country before one that does not, and then the longest heading."""
    fitting = [rule for rule in rules if rule.kind == kind and (hs_code or "").startswith(rule.heading)]
    return max(fitting, key=lambda rule: (rule.country != "", len(rule.heading)), default=None)


def _rate(rule: Rule | None) -> int:
    return rule.rate_bp if rule else 0


def _divide(minor: int, rate_bp: int, mode: str, step: int) -> LineTax:
    if not rate_bp:
        return LineTax(minor)
    if mode == "added":
        return LineTax(minor, _part(minor, rate_bp, step), mode, rate_bp)
    net, tax = allocate(minor // step, [10_000, rate_bp])
    # What is less than the smallest charge belongs to the price.
    return LineTax(net * step + minor % step, tax * step, mode, rate_bp)


def _part(minor: int, rate_bp: int, step: int) -> int:
    return round_half_up(Fraction(minor * rate_bp, 10_000 * step)) * step


def _shipping(
    goods: Sequence[Goods], rules: Sequence[Rule | None], minor: int, mode: str, step: int
) -> tuple[int, int]:
    """Postage and its tax: as the goods it carries, and where these have several rates in proportion to their prices."""
    weights: dict[int, int] = {}
    for line, rule in zip(goods, rules, strict=True):
        rate_bp = rule.rate_bp if rule and rule.on_shipping else 0
        weights[rate_bp] = weights.get(rate_bp, 0) + line.minor
    parts = allocate(minor // step, list(weights.values()))
    divided = [_divide(part * step, rate_bp, mode, step) for part, rate_bp in zip(parts, weights, strict=True)]
    return sum(part.net_minor for part in divided) + minor % step, sum(part.tax_minor for part in divided)


def _duty(
    goods: Sequence[Goods], lines: Sequence[LineTax], rules: Sequence[Rule], currency: str, step: int
) -> tuple[int, list[Rule] | None]:
    """The duty by parcel and tariff heading, and the rules it follows; None unless they cover everything in the order."""
    values: dict[tuple[int, str], int] = {}
    for item, line in zip(goods, lines, strict=True):
        key = item.parcel, (item.hs_code or "")[:HEADING_DIGITS]
        values[key] = values.get(key, 0) + line.net_minor
    whole, duty, used = sum(values.values()), 0, []
    for (_parcel, heading), value in values.items():
        rule = _most_special(rules, "duty", heading)
        if rule is None or not rule.reaches(whole, currency):
            # Paid in advance for a part of a parcel, it would be asked for again at the door.
            return 0, None
        duty += _part(value, rule.rate_bp, step) + rule.amounts.get(currency, 0)
        used.append(rule)
    return duty, used
