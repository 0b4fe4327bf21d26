"""Posting rules: what a business event writes, as plain rows. Pure; ledger.services reads and stores.

Every rule takes amounts in minor units and answers rows that each balance by themselves (one debit, one credit). In
every rule what the accounts gain sums to what Stripe owes, or it raises.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shop.core.money import allocate
from shop.ledger import accounts


@dataclass(frozen=True, slots=True)
class Row:
    """One row to be: `leg` is unique within its cause."""

    leg: str
    debit: str
    credit: str
    minor: int
    currency: str
    line_id: int | None = None
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class LinePart:
    """What a rule needs of an order line. `account` is where the maker's share stands now."""

    line_id: int
    unit_id: int
    net_minor: int
    tax_minor: int
    commission_minor: int
    account: str
    maker_bears_fee: bool = False


def _kept(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.minor]


def sale_parts(lines: Sequence[LinePart], currency: str, shipping: int, duty: int) -> list[Row]:
    """A sale in the order's currency: what Stripe owes, by whom it is earned."""
    rows = []
    for line in lines:
        share = line.net_minor - line.commission_minor
        name, ids = f"line:{line.line_id}", (line.line_id, line.unit_id)
        rows.append(Row(f"{name}:artisan", accounts.STRIPE_PENDING, line.account, share, currency, *ids))
        rows.append(
            Row(
                f"{name}:commission",
                accounts.STRIPE_PENDING,
                accounts.COMMISSION,
                line.commission_minor,
                currency,
                *ids,
            )
        )
        rows.append(Row(f"{name}:tax", accounts.STRIPE_PENDING, accounts.TAX, line.tax_minor, currency, *ids))
    rows.append(Row("shipping", accounts.STRIPE_PENDING, accounts.SHIPPING, shipping, currency))
    rows.append(Row("duty", accounts.STRIPE_PENDING, accounts.DUTY, duty, currency))
    return _kept(rows)


def mirrored(rows: Sequence[Row]) -> list[Row]:
    """The same rows with debit and credit exchanged: a refund at the sale's own amounts."""
    return [Row(r.leg, r.credit, r.debit, r.minor, r.currency, r.line_id, r.unit_id) for r in rows]


def charge_arrives(
    sale: Sequence[Row],
    *,
    gross: int,
    fee: int,
    currency: str,
    fee_weights: Mapping[int, int],
    other_weight: int,
    bearers: Mapping[int, LinePart],
) -> list[Row]:
    """The balance transaction of a charge: stripe_pending is cleared, the fee is taken, shares are converted.

    `sale` are the rows of the payment with each maker's share on the account where it stands now. In another settlement
    currency what every account is owed goes through fx_conversion at Stripe's own rate: `gross` is split by largest
    remainder over the rows. `fee_weights` are the net amounts of the lines, `other_weight` that of all else; a line
    whose maker bears the fee (in `bearers`) gives its part.
    """
    total = sum(row.minor for row in sale)
    rows: list[Row] = []
    if sale and sale[0].currency == currency:
        if gross != total:
            raise ValueError(f"Stripe reports {gross} where {total} was sold")
        rows.append(Row("gross", accounts.STRIPE_BALANCE, accounts.STRIPE_PENDING, gross, currency))
    else:
        own = sale[0].currency
        rows.append(Row("cleared", accounts.FX_CONVERSION, accounts.STRIPE_PENDING, total, own))
        rows.append(Row("gross", accounts.STRIPE_BALANCE, accounts.FX_CONVERSION, gross, currency))
        for row, share in zip(sale, allocate(gross, [r.minor for r in sale]), strict=True):
            ids = (row.line_id, row.unit_id)
            rows.append(Row(f"{row.leg}:out", row.credit, accounts.FX_CONVERSION, row.minor, own, *ids))
            rows.append(Row(f"{row.leg}:in", accounts.FX_CONVERSION, row.credit, share, currency, *ids))
    if fee:
        rows.append(_fee(fee, currency))
        order = list(fee_weights)
        parts = allocate(abs(fee), [*(fee_weights[key] for key in order), other_weight])
        for line_id, part in zip(order, parts, strict=False):
            line = bearers.get(line_id)
            if line is not None:
                ids = (line.line_id, line.unit_id)
                rows.append(Row(f"line:{line_id}:fee", line.account, accounts.PAYMENT_FEES, part, currency, *ids))
    return _kept(rows)


def _fee(fee: int, currency: str) -> Row:
    if fee > 0:
        return Row("fee", accounts.PAYMENT_FEES, accounts.STRIPE_BALANCE, fee, currency)
    return Row("fee", accounts.STRIPE_BALANCE, accounts.PAYMENT_FEES, -fee, currency)


def refund_arrives(
    refund: Sequence[Row],
    *,
    gross: int,
    fee: int,
    currency: str,
    sale_shares: Mapping[str, int],
    fees_back: Sequence[Row],
) -> list[Row]:
    """The balance transaction of a refund (`gross` is what left Stripe's balance, positive).

    In another settlement currency each account gives back exactly what the sale had brought it (`sale_shares`: the
    refund row's leg to minor units); what the refund cost more or less than that is the operator's fx_difference.
    `fees_back` return to makers the fees they bore, which Stripe keeps.
    """
    total = sum(row.minor for row in refund)
    rows: list[Row] = []
    if refund and refund[0].currency == currency:
        if gross != total:
            raise ValueError(f"Stripe reports {gross} where {total} was refunded")
        rows.append(Row("gross", accounts.STRIPE_PENDING, accounts.STRIPE_BALANCE, gross, currency))
    else:
        own = refund[0].currency
        rows.append(Row("cleared", accounts.STRIPE_PENDING, accounts.FX_CONVERSION, total, own))
        rows.append(Row("gross", accounts.FX_CONVERSION, accounts.STRIPE_BALANCE, gross, currency))
        given = 0
        for row in refund:
            share = sale_shares[row.leg]
            given += share
            ids = (row.line_id, row.unit_id)
            rows.append(Row(f"{row.leg}:out", accounts.FX_CONVERSION, row.debit, row.minor, own, *ids))
            rows.append(Row(f"{row.leg}:in", row.debit, accounts.FX_CONVERSION, share, currency, *ids))
        cost = gross - given
        if cost > 0:
            rows.append(Row("difference", accounts.FX_DIFFERENCE, accounts.FX_CONVERSION, cost, currency))
        elif cost < 0:
            rows.append(Row("difference", accounts.FX_CONVERSION, accounts.FX_DIFFERENCE, -cost, currency))
    rows.extend(fees_back)
    if fee:
        rows.append(_fee(fee, currency))
    return _kept(rows)


def unknown_arrives(net: int, currency: str) -> list[Row]:
    """A movement that belongs to nothing known stands in suspense until somebody has looked."""
    if net > 0:
        return [Row("net", accounts.STRIPE_BALANCE, accounts.SUSPENSE, net, currency)]
    return _kept([Row("net", accounts.SUSPENSE, accounts.STRIPE_BALANCE, -net, currency)])


def payout_arrives(net: int, currency: str) -> list[Row]:
    """Stripe pays its balance out to the operator's bank (`net` is negative), or takes a payout back."""
    if net < 0:
        return [Row("net", accounts.BANK, accounts.STRIPE_BALANCE, -net, currency)]
    return _kept([Row("net", accounts.STRIPE_BALANCE, accounts.BANK, net, currency)])
