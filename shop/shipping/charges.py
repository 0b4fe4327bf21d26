"""What an order owes for the state it goes to: tax on goods and postage, duty paid in advance. Pure.

The zone says how a tax is asked for: "included", the shown price contains it; "added", it comes on top; "none", the
buyer owes it at the border. Rates and rules are the operator's dated data (shipping.models.Levy); where none holds, or
the order is worth more than its limit, nothing is collected.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import ClassVar

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

    def reaches(self, value_minor: int, currency: str) -> bool:
        """Whether it holds for goods of this value; never in a currency for which its figures name nothing."""
        named = not self.amounts or currency in self.amounts
        return named and (not self.limits or value_minor <= self.limits.get(currency, -1))


@dataclass(frozen=True, slots=True)
class Goods:
    """An order line as far as a state is concerned: its price as shown, and its tariff code."""

    minor: int
    hs_code: str | None


@dataclass(frozen=True, slots=True)
class LineTax:
    """A line's price divided; "included": net + tax is the shown price, "added": net is."""

    net_minor: int
    tax_minor: int = 0
    tax_mode: str = "none"
    tax_rate_bp: int = 0


@dataclass(frozen=True, slots=True)
class Charges:
    """An order's amounts before any discount, in minor units. `lines` in the order given; shipping without its tax.

    `incoterm` is DDP when a rule says what duty is owed on everything in the order, be it nothing, else DAP.
    """

    lines: tuple[LineTax, ...]
    shipping_minor: int
    shipping_tax_minor: int
    duty_minor: int
    incoterm: str
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
    """The rules that hold in a country on a day: of each kind, country and heading the newest not in the future."""
    newest: dict[tuple[str, str, str], Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.from_on):
        if rule.country in ("", country) and rule.from_on <= on:
            newest[rule.kind, rule.country, rule.heading] = rule
    return list(newest.values())


def charge(goods: Sequence[Goods], shipping_minor: int, *, currency: str, mode: str, rules: Sequence[Rule]) -> Charges:
    """What an order of these goods comes to. `rules` are in force; `shipping_minor` is the postage as shown."""
    step = smallest_charge(currency)
    chosen = [_most_special(rules, "tax", line.hs_code) if mode != "none" else None for line in goods]
    # A limit is on the value without tax, which is known once the tax is taken out.
    value = sum(
        _divide(line.minor, _rate(rule), mode, step).net_minor for line, rule in zip(goods, chosen, strict=True)
    )
    chosen = [rule if rule and rule.reaches(value, currency) else None for rule in chosen]
    lines = tuple(_divide(line.minor, _rate(rule), mode, step) for line, rule in zip(goods, chosen, strict=True))
    shipping_net, shipping_tax = _shipping(goods, chosen, shipping_minor, mode, step)
    duty, prepaid = _duty(goods, lines, rules, currency, step)
    return Charges(lines, shipping_net, shipping_tax, duty, "DDP" if prepaid else "DAP")


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
) -> tuple[int, bool]:
    """The duty paid in advance, by tariff heading, and whether a rule covers everything in the order."""
    values: dict[str, int] = {}
    for item, line in zip(goods, lines, strict=True):
        heading = (item.hs_code or "")[:HEADING_DIGITS]
        values[heading] = values.get(heading, 0) + line.net_minor
    whole, duty = sum(values.values()), 0
    for heading, value in values.items():
        rule = _most_special(rules, "duty", heading)
        if rule is None or not rule.reaches(whole, currency):
            # Paid in advance for a part of a parcel, it would be asked for again at the door.
            return 0, False
        duty += _part(value, rule.rate_bp, step) + rule.amounts.get(currency, 0)
    return duty, True
