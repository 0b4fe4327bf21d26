"""Posting rules: what a business event writes, as plain rows. Pure; ledger.services reads and stores.

Every rule takes amounts in minor units and answers rows that each balance by themselves (one debit, one credit). A rule
that must wait for other rows to stand first answers None; one whose amounts do not fit raises ValueError.

| event | source | source_id |
|---|---|---|
| a payment settled | payment | payment intent |
| money went back; later it came out that it did not | refund, refund_failed | refund |
| a dispute took money; was won; was lost | dispute, dispute_won, dispute_lost | dispute |
| a parcel was handed over | hand_over | parcel |
| a movement of Stripe's balance arrived | balance | balance transaction |
| one that stood in suspense has found its place | heal | balance transaction |
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shop.core.money import allocate
from shop.ledger import accounts
from shop.ledger.books import FOREIGN, GROSS, LOSS, Books, Part, Posted, Row, Terms, name_of, portion, undone

SP, FX = accounts.STRIPE_PENDING, accounts.FX_CONVERSION


@dataclass(frozen=True, slots=True)
class Movement:
    """A balance transaction in the settlement currency: what moved (negative when it leaves), and the fee on it."""

    id: str
    gross: int
    fee: int
    currency: str


@dataclass(frozen=True, slots=True)
class Cause:
    """What of an order a balance transaction belongs to, by the name of the event that was booked before it.

    `kind` is "payment", "refund", "refund_failed", "dispute", "dispute_won", or "failed_payment": one that came to
    nothing after its money had been shown. `id` is Stripe's, of the payment intent, the refund or the dispute.
    """

    kind: str
    id: str
    payment_intent: str


@dataclass(frozen=True, slots=True)
class Extras:
    """What an order charges beside its lines, in minor units; `discounts` by line id."""

    shipping: int = 0
    shipping_tax: int = 0
    duty: int = 0
    discounts: Mapping[int, int] = field(default_factory=dict)


NO_EXTRAS = Extras()


def owed(rows: Sequence[Row]) -> int:
    """What Stripe owes by the rows of a payment; negative for those of a refund."""
    return sum(row.minor if row.debit == SP else -row.minor for row in rows)


def _kept(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.minor]


def _moved(leg: str, minor: int, debit: str, credit: str, currency: str, line: Terms | None = None) -> Row:
    """A row from `credit` to `debit`; a negative amount goes the other way."""
    pair = (debit, credit) if minor >= 0 else (credit, debit)
    ids = (line.line_id, line.unit_id) if line else (None, None)
    return Row(leg, *pair, abs(minor), currency, *ids)


# In the order's currency ---------------------------------------------------------------------------------------------


def sale_parts(lines: Sequence[Terms], currency: str, extras: Extras = NO_EXTRAS) -> list[Row]:
    """A sale: what Stripe owes, by whom it is earned. Makers' shares await export."""
    rows = []
    for line in lines:
        name, share = name_of(line.line_id), line.net_minor - line.commission_minor
        rows += [
            _moved(f"{name}:artisan", share, SP, accounts.pending(line.unit_id), currency, line),
            _moved(f"{name}:commission", line.commission_minor, SP, accounts.COMMISSION, currency, line),
            _moved(f"{name}:tax", line.tax_minor, SP, accounts.TAX, currency, line),
            _moved(f"{name}:discount", extras.discounts.get(line.line_id, 0), accounts.DISCOUNT, SP, currency, line),
        ]
    rows += [
        _moved("shipping", extras.shipping, SP, accounts.SHIPPING, currency),
        _moved("shipping_tax", extras.shipping_tax, SP, accounts.TAX, currency),
        _moved("duty", extras.duty, SP, accounts.DUTY, currency),
    ]
    return _kept(rows)


def foreign_payment(minor: int, currency: str) -> list[Row]:
    """Money that was charged but buys nothing: a second payment, a wrong amount."""
    return [Row(FOREIGN, SP, accounts.SUSPENSE, minor, currency)]


def foreign_back(minor: int, currency: str) -> list[Row]:
    """Money that bought nothing goes back."""
    return [Row(FOREIGN, accounts.SUSPENSE, SP, minor, currency)]


def money_back(books: Books, parts: Sequence[Part], currency: str) -> list[Row]:
    """Parts of the sale given back at the sale's own terms: what is left of each share, by largest remainder.

    Raises ValueError for more than is left of a part.
    """
    rows: list[Row] = []
    for part in parts:
        if part.line_id is not None:
            rows += _line_back(books, part.line_id, part.minor, currency)
            continue
        legs = {"shipping": accounts.SHIPPING, "shipping_tax": accounts.TAX} if part.kind == "shipping" else {}
        legs = legs or {"duty": accounts.DUTY}
        left = [books.left(leg) for leg in legs]
        if not 0 <= part.minor <= sum(left):
            raise ValueError(f"{part.minor} of {part.kind} cannot go back, {sum(left)} are left")
        for (leg, account), share in zip(legs.items(), allocate(part.minor, left), strict=True):
            rows.append(_moved(leg, share, account, SP, currency))
    return _kept(rows)


def _line_back(books: Books, line_id: int, minor: int, currency: str) -> list[Row]:
    split, line, name = books.split(line_id, minor), books.terms[line_id], name_of(line_id)
    return [
        _moved(f"{name}:artisan", split.share_minor, books.account_of(line_id), SP, currency, line),
        _moved(f"{name}:commission", split.commission_minor, accounts.COMMISSION, SP, currency, line),
        _moved(f"{name}:tax", split.tax_minor, accounts.TAX, SP, currency, line),
        _moved(f"{name}:discount", split.discount_minor, SP, accounts.DISCOUNT, currency, line),
    ]


def money_gone(
    books: Books, payment_intent: str, minor: int, currency: str, wanted: Sequence[Part] = ()
) -> tuple[list[Part], list[Row]]:
    """Stripe has given money back, or a dispute has taken it: the parts it is of, and the rows.

    The wanted parts as far as they are left, the rest in proportion over what else is, at the sale's own terms; what is
    more than all that is a loss. Whether makers get back what a dispute took is decided when it is lost.
    """
    if books.is_foreign(payment_intent):
        taken = min(minor, books.left(FOREIGN))
        parts, rows = [], foreign_back(taken, currency)
    else:
        taken = min(minor, sum(part.minor for part in books.left_in_parts()))
        parts = books.fit(wanted, taken)
        rows = money_back(books, parts, currency)
    return parts, _kept([*rows, Row(LOSS, accounts.LOSSES, SP, minor - taken, currency)])


def funds_withdrawn(books: Books, payment_intent: str, minor: int, currency: str) -> list[Row]:
    """A dispute takes money: from all that is left of the order in proportion, then from the operator."""
    return money_gone(books, payment_intent, minor, currency)[1]


def undo(books: Books, source: str, cause: str) -> list[Row]:
    """A refund failed after all, or a dispute was won: the same rows the other way, to where the shares stand now."""
    return [books.placed(row.mirrored()) for row in books.rows(source, cause)]


def dispute_lost(books: Books, dispute: str) -> list[Row]:
    """What a dispute took from makers whose frozen terms let the operator bear losses, given back to them."""
    return [
        _moved(f"{name_of(line_id)}:{currency}", minor, accounts.LOSSES, books.account_of(line_id), currency, line)
        for (line_id, currency), minor in sorted(books.taken_from_makers(dispute).items())
        if (line := books.terms[line_id]).loss_bearer == "operator"
    ]


def hand_over(books: Books, line_ids: Sequence[int]) -> list[Row]:
    """Makers' shares of some lines become payable, in every currency they stand in."""
    rows = []
    for line_id in line_ids:
        line = books.terms[line_id]
        source, target = accounts.pending(line.unit_id), accounts.payable(line.unit_id)
        for currency, minor in sorted(books.standing(source, line_id).items()):
            rows.append(_moved(f"{name_of(line_id)}:{currency}", minor, source, target, currency, line))
    return rows


# Stripe's balance, in the settlement currency -------------------------------------------------------------------------


def arrives(books: Books, cause: Cause, moved: Movement) -> list[Row] | None:
    """The rows of a balance transaction by what it belongs to; None while that is not booked itself."""
    if cause.kind == "payment":
        return charge_arrives(books, cause.payment_intent, moved)
    if cause.kind == "failed_payment":
        return failed_payment_arrives(cause.payment_intent, moved)
    fees = accounts.DISPUTE_FEES if cause.kind.startswith("dispute") else accounts.PAYMENT_FEES
    if cause.kind in {"refund", "dispute"}:
        return reversal_arrives(books, cause.kind, cause.id, cause.payment_intent, moved, fees)
    return undo_arrives(books, cause.kind, cause.id, moved, fees)


def charge_arrives(books: Books, payment_intent: str, moved: Movement) -> list[Row] | None:
    """The balance transaction of a payment: stripe_pending is cleared, shares are converted, the fee is taken.

    In another settlement currency what every account is owed goes through fx_conversion at Stripe's own rate: the gross
    amount is split over the rows by largest remainder. Each line whose frozen terms say so bears its part of the fee.
    """
    paid = books.rows("payment", payment_intent)
    if not paid:
        return None
    total = owed(paid)
    given = [portion(moved.gross, row.minor, total) if row.credit == SP else 0 for row in paid]
    earned = allocate(moved.gross + sum(given), [row.minor if row.debit == SP else 0 for row in paid])
    shares = [a or b for a, b in zip(earned, given, strict=True)]
    rows = _clear(books, paid, shares, GROSS + payment_intent, moved)
    rows += _fee(moved, accounts.PAYMENT_FEES)
    return _kept([*rows, *_fees_borne(books, moved, rows)])


def failed_payment_arrives(payment_intent: str, moved: Movement) -> list[Row]:
    """A payment by a method that takes days was shown in the balance before it failed, or is taken out of it again.

    What comes and what goes meet on stripe_pending; nothing was bought.
    """
    cause = payment_intent if moved.gross >= 0 else undone(payment_intent)
    gross = _moved(GROSS + cause, moved.gross, accounts.STRIPE_BALANCE, SP, moved.currency)
    return _kept([gross, *_fee(moved, accounts.PAYMENT_FEES)])


def reversal_arrives(
    books: Books, source: str, cause: str, payment_intent: str, moved: Movement, fees: str = accounts.PAYMENT_FEES
) -> list[Row] | None:
    """The balance transaction of a refund or of a dispute's withdrawal (`source` says which; `moved.gross` < 0).

    In another settlement currency each account gives back exactly what the sale had brought it, in proportion to what
    goes back; what that costs more or less is an exchange difference. Fees Stripe keeps, exchange differences and the
    fee of a dispute are borne as each line's frozen terms say.
    """
    given = books.rows(source, cause)
    if not given or not books.settled(payment_intent):
        return None
    shares = []
    for row in given:
        brought = books.brought(row.leg, moved.currency, row.minor)
        # What the sale did not bring, such as a loss beyond it, is converted as Stripe did.
        shares.append(portion(moved.gross, row.minor, owed(given)) if brought is None else brought)
    return _arrival(books, given, shares, GROSS + cause, moved, fees)


def undo_arrives(
    books: Books, source: str, cause: str, moved: Movement, fees: str = accounts.PAYMENT_FEES
) -> list[Row] | None:
    """The money of a failed refund, or of a dispute that was won, is back at Stripe (`moved.gross` > 0).

    `source` is "refund_failed" or "dispute_won". Every account gets back what the reversal took.
    """
    back, before = books.rows(source, cause), books.settled(cause)
    if not back or not before:
        return None
    taken = {row.leg: row.minor for row in before if row.leg.endswith(":in")}
    shares = []
    for row in back:
        brought = books.brought(row.leg, moved.currency, -row.minor)
        shares.append(taken.get(f"{row.leg}:in", 0) if brought is None else -brought)
    return _arrival(books, back, shares, GROSS + undone(cause), moved, fees)


def _arrival(
    books: Books, rows: Sequence[Row], shares: Sequence[int], leg: str, moved: Movement, fees: str
) -> list[Row]:
    cleared = _clear(books, rows, shares, leg, moved)
    cleared += _difference(books, cleared, moved)
    cleared += _fee(moved, fees)
    if fees == accounts.DISPUTE_FEES:
        cleared += _dispute_fee_borne(books, rows, moved)
    return _kept([*cleared, *_fees_borne(books, moved, cleared)])


def _clear(books: Books, rows: Sequence[Row], shares: Sequence[int], leg: str, moved: Movement) -> list[Row]:
    """Clear stripe_pending and, in another currency, carry every row over with its share."""
    total, own = owed(rows), rows[0].currency
    if own == moved.currency:
        if moved.gross != total:
            raise ValueError(f"Stripe reports {moved.gross} where the books say {total}")
        return [_moved(leg, moved.gross, accounts.STRIPE_BALANCE, SP, own)]
    cleared = [
        _moved("cleared", total, FX, SP, own),
        _moved(leg, moved.gross, accounts.STRIPE_BALANCE, FX, moved.currency),
    ]
    for row, share in zip(map(books.placed, rows), shares, strict=True):
        ids = (row.line_id, row.unit_id)
        if row.debit == SP:
            leaves, enters = (row.credit, FX), (FX, row.credit)
        else:
            leaves, enters = (FX, row.debit), (row.debit, FX)
        cleared.append(Row(f"{row.leg}:out", *leaves, row.minor, own, *ids))
        cleared.append(Row(f"{row.leg}:in", *enters, share, moved.currency, *ids))
    return cleared


def _difference(books: Books, cleared: Sequence[Row], moved: Movement) -> list[Row]:
    """What is left in fx_conversion: the exchange difference, borne line by line as the terms say."""
    open_minor = sum(
        (row.credit == FX) * row.minor - (row.debit == FX) * row.minor
        for row in cleared
        if row.currency == moved.currency
    )
    entering = [row for row in cleared if row.leg.endswith(":in")]
    if not open_minor or not entering:
        return []
    rows: list[Row] = []
    shared = allocate(open_minor, [row.minor for row in entering])
    for row, minor in zip(entering, shared, strict=True):
        line = books.terms.get(row.line_id or 0)
        account = accounts.FX_DIFFERENCE
        if line is not None and line.loss_bearer == "maker":
            account = books.account_of(line.line_id)
        leg = row.leg.removesuffix(":in") + ":difference"
        rows.append(_moved(leg, minor, FX, account, moved.currency, line))
    return rows


def _fee(moved: Movement, account: str) -> list[Row]:
    return [_moved("fee", moved.fee, account, accounts.STRIPE_BALANCE, moved.currency)]


def _dispute_fee_borne(books: Books, rows: Sequence[Row], moved: Movement) -> list[Row]:
    """The fee of a dispute in parts of what it took; lines whose terms say so bear theirs."""
    sums: dict[int, int] = {}
    for row in rows:
        sums[row.line_id or 0] = sums.get(row.line_id or 0, 0) + row.minor
    borne = []
    for line_id, part in zip(sums, allocate(moved.fee, list(sums.values())), strict=True):
        line = books.terms.get(line_id)
        if line is not None and line.dispute_fee_bearer == "maker":
            leg = f"{name_of(line_id)}:dispute_fee"
            account = books.account_of(line_id)
            borne.append(_moved(leg, part, account, accounts.DISPUTE_FEES, moved.currency, line))
    return borne


def _fees_borne(books: Books, moved: Movement, rows: Sequence[Row]) -> list[Row]:
    """Bring what makers bear of the sale's fee to what the terms say, once `rows` stand.

    Of the part of a line that is sold, the fee's bearer bears it; of the part that went back, Stripe keeps the fee
    (docs.stripe.com/refunds), and the bearer of losses bears that.
    """
    after = Books(list(books.terms.values()), [*books.posted, *(Posted("balance", moved.id, row) for row in rows)])
    borne = []
    for line_id, part in after.fee_parts().items():
        line = after.terms[line_id]
        sold = after.sold(line_id)
        lost = portion(abs(part), after.gone(line_id), sold) * (1 if part > 0 else -1)
        target = (line.fee_bearer == "maker") * (part - lost) + (line.loss_bearer == "maker") * lost
        change = target - after.fee_borne(line_id)
        leg, account = f"{name_of(line_id)}:fee", after.account_of(line_id)
        borne.append(_moved(leg, change, account, accounts.PAYMENT_FEES, after.fee_currency, line))
    return borne


# What belongs to no order ---------------------------------------------------------------------------------------------


def unknown_arrives(net: int, currency: str) -> list[Row]:
    """A movement that belongs to nothing known stands in suspense until somebody has looked."""
    return _kept([_moved("net", net, accounts.STRIPE_BALANCE, accounts.SUSPENSE, currency)])


def out_of_suspense(rows: Sequence[Row]) -> list[Row]:
    """The rows of a movement that has found its place, taken from suspense: Stripe's balance has it already."""

    def there(account: str) -> str:
        return accounts.SUSPENSE if account == accounts.STRIPE_BALANCE else account

    return [replace(row, debit=there(row.debit), credit=there(row.credit)) for row in rows]


def explained(net: int, account: str, currency: str) -> list[Row]:
    """A movement that belongs to no sale has been explained: it leaves suspense for the account it is of."""
    return _kept([_moved("explained", net, accounts.SUSPENSE, account, currency)])


def payout_arrives(net: int, currency: str) -> list[Row]:
    """Stripe pays its balance out to the operator's bank (`net` is negative), or takes a payout back."""
    return _kept([_moved("net", net, accounts.STRIPE_BALANCE, accounts.BANK, currency)])


def fee_arrives(net: int, currency: str) -> list[Row]:
    """A fee of Stripe's that belongs to no payment of ours, or one given back."""
    return _kept([_moved("net", net, accounts.STRIPE_BALANCE, accounts.PAYMENT_FEES, currency)])


# docs.stripe.com/reports/balance-transaction-types
ALONE: Mapping[str, Callable[[int, str], list[Row]]] = {
    "payout": payout_arrives,
    "payout_failure": payout_arrives,
    "payout_cancel": payout_arrives,
    "stripe_fee": fee_arrives,
}
