"""What is collected for the state a parcel goes to: exact in every currency, dated, limited, by country and heading."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shop.core.money import smallest_charge
from shop.shipping.charges import Charges, Goods, Rule, charge, in_force

DAY = date(2026, 6, 15)
RUG, BOWL = "570110", "691200"


def tax(rate_bp: int, **more: object) -> Rule:
    return Rule("tax", **{"from_on": date(2020, 1, 1), "rate_bp": rate_bp, **more})  # type: ignore[arg-type]


def duty(rate_bp: int = 0, **more: object) -> Rule:
    return Rule("duty", **{"from_on": date(2020, 1, 1), "rate_bp": rate_bp, **more})  # type: ignore[arg-type]


def reckon(minor: int, shipping: int, mode: str, *rules: Rule, currency: str = "EUR", hs_code: str = RUG) -> Charges:
    return charge([Goods(minor, hs_code)], shipping, currency=currency, mode=mode, rules=rules)


def test_a_tax_on_top_of_2499_at_10_75_per_cent_is_a_whole_number_of_cents() -> None:
    found = reckon(2499, 0, "added", tax(1075))
    assert (found.goods_minor, found.tax_minor, found.total_minor) == (2499, 269, 2768)


@pytest.mark.parametrize(
    ("currency", "minor", "rate_bp", "taxed"),
    [
        ("JPY", 2499, 1075, 269),
        # 2686.425 fils: Stripe takes tens.
        ("KWD", 24990, 1075, 2690),
        # 2686.425 aurar: nobody pays less than a whole króna.
        ("ISK", 249900, 1075, 26900),
    ],
)
def test_a_tax_is_an_amount_that_can_be_charged(currency: str, minor: int, rate_bp: int, taxed: int) -> None:
    assert reckon(minor, 0, "added", tax(rate_bp), currency=currency).tax_minor == taxed


def test_an_included_tax_is_taken_out_of_the_price_and_the_price_stays() -> None:
    found = reckon(12000, 1201, "included", tax(2000, on_shipping=True))
    assert (found.goods_minor, found.lines[0].tax_minor) == (10000, 2000)
    assert (found.shipping_minor, found.shipping_tax_minor) == (1001, 200)
    assert found.total_minor == 13201


@given(
    prices=some.lists(some.integers(1, 10**9), min_size=1, max_size=6),
    shipping=some.integers(0, 10**6),
    rate_bp=some.integers(0, 10_000),
    other_bp=some.integers(0, 10_000),
    mode=some.sampled_from(["none", "included", "added"]),
    currency=some.sampled_from(["EUR", "JPY", "KWD", "ISK"]),
)
def test_whatever_the_prices_nothing_is_lost_between_price_and_tax(
    prices: list[int], shipping: int, rate_bp: int, other_bp: int, mode: str, currency: str
) -> None:
    step = smallest_charge(currency)
    goods = [Goods(price * step, BOWL if index % 2 else RUG) for index, price in enumerate(prices)]
    shipping *= step
    rules = [tax(rate_bp, on_shipping=True), tax(other_bp, heading="69", on_shipping=True)]
    found = charge(goods, shipping, currency=currency, mode=mode, rules=rules)
    shown = sum(line.minor for line in goods) + shipping
    assert found.goods_minor + found.shipping_minor + (found.tax_minor if mode != "added" else 0) == shown
    assert found.total_minor == shown + (found.tax_minor if mode == "added" else 0)
    assert found.total_minor % step == 0
    if mode == "none":
        assert found.tax_minor == 0


def test_the_newest_rate_not_in_the_future_holds() -> None:
    rules = [tax(rate, from_on=date(year, 1, 1)) for year, rate in ((2027, 2200), (2020, 2000), (2026, 2100))]
    assert [rule.rate_bp for rule in in_force(rules, "FR", DAY)] == [2100]
    assert [rule.rate_bp for rule in in_force(rules, "FR", date(2025, 12, 31))] == [2000]
    assert in_force(rules, "FR", date(2019, 12, 31)) == []


def test_a_country_of_a_zone_has_its_own_rate_and_another_country_none_of_it() -> None:
    rules = [tax(2000, country="GB"), tax(500, country="JE")]
    assert [rule.rate_bp for rule in in_force(rules, "GB", DAY)] == [2000]
    assert in_force(rules, "GG", DAY) == []
    both = [tax(2000), tax(500, country="JE")]
    assert reckon(10000, 0, "added", *in_force(both, "JE", DAY)).tax_minor == 500


def test_the_longest_heading_says_the_rate_and_postage_follows_the_goods() -> None:
    rules = [tax(2000, on_shipping=True), tax(0, heading="6912")]
    goods = [Goods(30000, RUG), Goods(10000, BOWL)]
    found = charge(goods, 1000, currency="EUR", mode="added", rules=rules)
    assert [(line.tax_minor, line.tax_rate_bp, line.tax_mode) for line in found.lines] == [
        (6000, 2000, "added"),
        (0, 0, "none"),
    ]
    # Three quarters of the parcel's value are taxed, and so three quarters of its postage.
    assert found.shipping_tax_minor == 150


@pytest.mark.parametrize(("shown", "taxed"), [(16200, 2700), (16201, 0)])
def test_above_the_limit_nothing_is_collected_and_the_limit_is_without_tax(shown: int, taxed: int) -> None:
    rule = tax(2000, limits={"GBP": 13500})
    assert reckon(shown, 0, "included", rule, currency="GBP").tax_minor == taxed


def test_a_limit_says_nothing_of_a_currency_it_does_not_name() -> None:
    assert reckon(100, 0, "added", tax(2000, limits={"GBP": 13500})).tax_minor == 0


def test_postage_is_left_alone_where_no_tax_is_due_on_it() -> None:
    assert reckon(10000, 1000, "added", tax(2000)).shipping_tax_minor == 0


def test_a_duty_is_asked_for_once_for_each_heading_and_makes_the_order_delivered_duty_paid() -> None:
    goods = [Goods(3000, "57011010"), Goods(2000, "57011090"), Goods(4000, BOWL)]
    rule = duty(amounts={"EUR": 300}, limits={"EUR": 15000})
    found = charge(goods, 900, currency="EUR", mode="none", rules=[rule])
    assert (found.duty_minor, found.incoterm, found.total_minor) == (600, "DDP", 10500)


def test_a_duty_by_rate_is_on_the_goods_alone_without_their_tax() -> None:
    found = reckon(12000, 1000, "included", tax(2000, on_shipping=True), duty(250, heading="57"))
    assert (found.duty_minor, found.incoterm) == (250, "DDP")


def test_a_duty_known_for_a_part_of_the_parcel_is_not_prepaid_at_all() -> None:
    goods = [Goods(3000, RUG), Goods(4000, BOWL)]
    found = charge(goods, 0, currency="EUR", mode="none", rules=[duty(500, heading="57")])
    assert (found.duty_minor, found.incoterm) == (0, "DAP")
    assert reckon(3000, 0, "none", duty(amounts={"GBP": 300})).incoterm == "DAP"


def test_without_a_rule_nothing_is_collected() -> None:
    found = reckon(32000, 6000, "added")
    assert (found.tax_minor, found.duty_minor, found.total_minor, found.incoterm) == (0, 0, 38000, "DAP")


def test_a_heading_is_declared_for_each_parcel() -> None:
    goods = [Goods(3000, RUG), Goods(2000, RUG), Goods(4000, RUG, parcel=1)]
    found = charge(goods, 900, currency="EUR", mode="none", rules=[duty(amounts={"EUR": 300})])
    assert (found.duty_minor, found.landed.kind) == (600, "paid")


def test_what_is_not_collected_is_estimated_and_never_charged() -> None:
    rules = [
        tax(2000, on_shipping=True, collected=False, source="VAT"),
        duty(250, collected=False, source="tariff", from_on=date(2026, 1, 1)),
    ]
    found = reckon(10000, 1000, "none", *rules)
    assert (found.total_minor, found.incoterm) == (11000, "DAP")
    # A fortieth of the goods; a fifth of goods, duty and postage.
    assert (found.landed.duty_minor, found.landed.tax_minor) == (250, 2250)
    assert (found.landed.sources, found.landed.since) == (("tariff", "VAT"), date(2026, 1, 1))


def test_a_tax_that_was_collected_is_not_asked_for_again() -> None:
    rules = [tax(2000), tax(2000, collected=False), duty(0, collected=False)]
    found = reckon(10000, 0, "added", *rules)
    assert (found.tax_minor, found.landed.kind, found.landed.total_minor) == (2000, "estimate", 0)


def test_above_the_limit_of_what_is_collected_the_estimate_holds() -> None:
    rules = [
        tax(2000, limits={"EUR": 15000}),
        duty(limits={"EUR": 15000}, amounts={"EUR": 300}),
        tax(2000, collected=False),
        duty(collected=False),
    ]
    below, above = reckon(15000, 0, "added", *rules), reckon(15001, 0, "added", *rules)
    assert (below.tax_minor, below.duty_minor, below.landed.kind) == (3000, 300, "paid")
    assert (above.tax_minor, above.duty_minor, above.landed.kind, above.landed.tax_minor) == (0, 0, "estimate", 3000)


@pytest.mark.parametrize("rules", [[], [tax(2000, collected=False)], [duty(collected=False)]])
def test_half_a_rule_is_no_estimate(rules: list[Rule]) -> None:
    assert reckon(10000, 0, "none", *rules).landed.kind == "unknown"


def test_what_is_collected_and_what_is_estimated_follow_their_own_days() -> None:
    rules = [tax(2000), tax(2100, collected=False, from_on=date(2026, 1, 1))]
    assert sorted(rule.rate_bp for rule in in_force(rules, "FR", DAY)) == [2000, 2100]
