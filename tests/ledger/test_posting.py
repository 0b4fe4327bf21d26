"""The posting rules on generated histories: whatever is sold, converted and given back, the books come out even."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from shop.core.money import allocate, basis_points
from shop.ledger import accounts, posting
from shop.ledger.posting import LinePart, Row

CURRENCIES = ("EUR", "USD", "GBP", "AED", "JPY", "KRW", "TND", "KWD")

line = st.builds(
    lambda number, net, tax, points, bears: LinePart(
        line_id=number,
        unit_id=number % 3,
        net_minor=net,
        tax_minor=tax,
        commission_minor=basis_points(net, points),
        account=accounts.pending(number % 3),
        maker_bears_fee=bears,
    ),
    st.integers(1, 10_000),
    st.integers(1, 5_000_000),
    st.integers(0, 100_000),
    st.integers(0, 4000),
    st.booleans(),
)
sales = st.fixed_dictionaries(
    {
        "lines": st.lists(line, min_size=1, max_size=6, unique_by=lambda part: part.line_id),
        "currency": st.sampled_from(CURRENCIES),
        "settlement": st.sampled_from(("EUR", "USD", "JPY")),
        "shipping": st.integers(0, 50_000),
        "rate_millionths": st.integers(1_000, 200_000_000),
        "refund_rate_millionths": st.integers(1_000, 200_000_000),
        "fee_bp": st.integers(0, 900),
    }
)


def balances(*groups: list[Row]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for rows in groups:
        for row in rows:
            assert row.minor > 0
            found[row.credit, row.currency] += row.minor
            found[row.debit, row.currency] -= row.minor
    return Counter({key: minor for key, minor in found.items() if minor})


def sell(sale: dict) -> tuple[list[Row], list[Row], int]:
    rows = posting.sale_parts(sale["lines"], sale["currency"], sale["shipping"], 0)
    total = sum(row.minor for row in rows)
    same = sale["currency"] == sale["settlement"]
    gross = total if same else max(1, total * sale["rate_millionths"] // 1_000_000)
    arrived = posting.charge_arrives(
        rows,
        gross=gross,
        fee=gross * sale["fee_bp"] // 10_000,
        currency=sale["settlement"],
        fee_weights={part.line_id: part.net_minor + part.tax_minor for part in sale["lines"]},
        other_weight=sale["shipping"],
        bearers={part.line_id: part for part in sale["lines"] if part.maker_bears_fee},
    )
    return rows, arrived, gross


@settings(max_examples=300, deadline=None)
@given(sales)
def test_a_charge_clears_what_was_pending_and_leaves_no_conversion_open(sale: dict) -> None:
    rows, arrived, gross = sell(sale)
    left = balances(rows, arrived)
    assert not any(account in {accounts.STRIPE_PENDING, accounts.FX_CONVERSION} for account, _ in left)
    fee = gross * sale["fee_bp"] // 10_000
    assert left[accounts.STRIPE_BALANCE, sale["settlement"]] == -(gross - fee)
    assert sum(left.values()) == 0
    assert {currency for _, currency in left} <= {sale["settlement"]}


@settings(max_examples=300, deadline=None)
@given(sales)
def test_a_full_refund_takes_every_share_back_and_the_operator_bears_the_difference(sale: dict) -> None:
    rows, arrived, gross = sell(sale)
    refund = posting.mirrored(rows)
    total = sum(row.minor for row in rows)
    same = sale["currency"] == sale["settlement"]
    back = gross if same else max(1, total * sale["refund_rate_millionths"] // 1_000_000)
    brought = {row.leg.removesuffix(":in"): row.minor for row in arrived if row.leg.endswith(":in")}
    fees_back = [
        Row(f"{row.leg}_back", row.credit, row.debit, row.minor, row.currency, row.line_id, row.unit_id)
        for row in arrived
        if row.leg.endswith(":fee") and row.line_id is not None
    ]
    returned = posting.refund_arrives(
        refund,
        gross=back,
        fee=0,
        currency=sale["settlement"],
        sale_shares={row.leg: brought.get(row.leg, 0) for row in refund},
        fees_back=fees_back,
    )
    left = balances(rows, arrived, refund, returned)
    assert sum(left.values()) == 0
    assert {account for account, _ in left} <= {
        accounts.STRIPE_BALANCE,
        accounts.PAYMENT_FEES,
        accounts.FX_DIFFERENCE,
    }
    assert -left[accounts.FX_DIFFERENCE, sale["settlement"]] == (0 if same else back - gross)


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_allocated_parts_sum_to_the_whole(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * whole - total * weight) < whole
