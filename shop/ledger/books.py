"""What the books hold of one order, and what follows from it. Pure: every posting rule decides from this alone.

A rule that asked mutable columns where a share stands could not be repeated later; one that asks the rows written before
it can, and so the rows of Stripe's balance can be made again from the raw transactions and compared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shop.core.money import allocate
from shop.ledger import accounts

# What changes who has earned what of an order, in its own currency, and in which direction.
GIVEN = {"payment": 1, "refund": -1, "refund_failed": 1, "dispute": -1, "dispute_won": 1}
# The rows of a charge, a refund or a dispute in the settlement currency name what they belong to: "gross:re_…".
GROSS = "gross:"
# Causes of such rows: a movement as it arrived, and one that stood in suspense until it was known.
ARRIVALS = ("balance", "heal")
# Money that was paid but buys nothing, and what a dispute takes beyond what was still there to take.
FOREIGN = "suspense"
LOSS = "loss"


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

    def mirrored(self) -> "Row":
        """The same row with debit and credit exchanged."""
        return Row(self.leg, self.credit, self.debit, self.minor, self.currency, self.line_id, self.unit_id)


@dataclass(frozen=True, slots=True)
class Posted:
    """A row that stands, with its cause."""

    source: str
    source_id: str
    row: Row


@dataclass(frozen=True, slots=True)
class Terms:
    """What was frozen of an order line, as far as money is concerned. Bearers are "maker" or "operator"."""

    line_id: int
    unit_id: int
    net_minor: int
    tax_minor: int
    commission_minor: int
    fee_bearer: str = "maker"
    loss_bearer: str = "operator"
    dispute_fee_bearer: str = "operator"

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a payment that goes back: `minor` of a line (with its tax) or, without one, of "shipping" or "duty"."""

    kind: str
    minor: int
    line_id: int | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """How a part of a line divides: `minor`, what the buyer gets, is net + tax - discount. `left_minor` stays behind."""

    line_id: int
    minor: int
    left_minor: int
    net_minor: int
    commission_minor: int
    tax_minor: int
    discount_minor: int

    @property
    def share_minor(self) -> int:
        """The maker's."""
        return self.net_minor - self.commission_minor


def name_of(line_id: int) -> str:
    """The beginning of every leg that belongs to a line."""
    return f"line:{line_id}"


class Books:
    """The rows of one order, oldest first, and its lines' frozen terms."""

    def __init__(self, terms: Sequence[Terms], posted: Iterable[Posted]) -> None:
        self.terms = {line.line_id: line for line in terms}
        self.posted = list(posted)

    def rows(self, source: str, source_id: str) -> list[Row]:
        """The rows of one cause, in the order they were written."""
        return [p.row for p in self.posted if p.source == source and p.source_id == source_id]

    def has(self, source: str, source_id: str) -> bool:
        return any(p.source == source and p.source_id == source_id for p in self.posted)

    def sale(self) -> str | None:
        """The payment intent whose money bought the order's lines; None while there is none."""
        return next((p.source_id for p in self.posted if p.source == "payment" and p.row.leg != FOREIGN), None)

    def is_foreign(self, payment_intent: str) -> bool:
        """Whether a payment bought nothing and stands in suspense."""
        return any(row.leg == FOREIGN for row in self.rows("payment", payment_intent))

    def currency_of(self, payment_intent: str) -> str:
        """The currency a payment was made in. Raises ValueError for one that is not booked."""
        for row in self.rows("payment", payment_intent):
            return row.currency
        raise ValueError(f"the payment {payment_intent} is not booked")

    def account_of(self, line_id: int) -> str:
        """Where the maker's share of a line stands: payable from its hand-over on."""
        unit_id = self.terms[line_id].unit_id
        if any(p.source == "hand_over" and p.row.line_id == line_id for p in self.posted):
            return accounts.payable(unit_id)
        return accounts.pending(unit_id)

    def placed(self, row: Row) -> Row:
        """The row with a maker's account replaced by the one the share stands on now."""

        def now(account: str) -> str:
            return self.account_of(row.line_id) if row.line_id and account.startswith(accounts.ARTISAN) else account

        return Row(row.leg, now(row.debit), now(row.credit), row.minor, row.currency, row.line_id, row.unit_id)

    def left(self, leg: str) -> int:
        """What of a leg of the sale has not been given back, in the order's currency; negative for a discount."""
        return sum(
            GIVEN[p.source] * (1 if _earns(p) else -1) * p.row.minor
            for p in self.posted
            if p.source in GIVEN and p.row.leg == leg
        )

    def left_of_line(self, line_id: int) -> int:
        """What the buyer could still get back for a line, tax included."""
        name = name_of(line_id)
        return sum(self.left(f"{name}:{part}") for part in ("artisan", "commission", "tax", "discount"))

    def split(self, line_id: int, minor: int) -> Split:
        """Divide what a buyer gets back for a line, over what is left of its shares, by largest remainder.

        Because it asks what is left, and not what the whole was, any sequence of partial, failed and repeated refunds
        comes out exactly even when the last unit is given back. Raises ValueError for more than is left.
        """
        name, left = name_of(line_id), self.left_of_line(line_id)
        if not 0 <= minor <= left:
            raise ValueError(f"{minor} of line {line_id} cannot go back, {left} are left")
        shares = [self.left(f"{name}:{part}") for part in ("artisan", "commission", "tax")]
        discounted = -self.left(f"{name}:discount")
        discount = discounted if minor == left else portion(discounted, minor, left)
        artisan, commission, tax = allocate(minor + discount, shares)
        return Split(line_id, minor, left - minor, artisan + commission, commission, tax, discount)

    def left_in_parts(self) -> list[Part]:
        """All that could still go back to the buyer, part by part; parts of which nothing is left stand with 0."""
        left = [Part("line", self.left_of_line(line_id), line_id) for line_id in self.terms]
        postage = self.left("shipping") + self.left("shipping_tax")
        return [*left, Part("shipping", postage), Part("duty", self.left("duty"))]

    def fit(self, parts: Sequence[Part], minor: int) -> list[Part]:
        """Parts that sum to `minor`: the wanted ones as far as they are left, the rest in proportion to what else is.

        Without wanted parts, as for what begins at Stripe, everything is in proportion. Raises ValueError if not so much
        is left.
        """
        left = self.left_in_parts()
        wanted = {(part.kind, part.line_id): part.minor for part in parts}
        taken = [min(part.minor, wanted.get((part.kind, part.line_id), 0)) for part in left]
        still = [part.minor - minor_ for part, minor_ in zip(left, taken, strict=True)]
        missing = minor - sum(taken)
        if not 0 <= missing <= sum(still):
            raise ValueError(f"{minor} cannot go back, {sum(part.minor for part in left)} are left")
        more = allocate(missing, still)
        return [
            Part(part.kind, sum(shares), part.line_id)
            for part, *shares in zip(left, taken, more, strict=True)
            if sum(shares)
        ]

    def gross_row(self, cause: str) -> Posted | None:
        """The row with which the balance transaction of a charge, refund or dispute cleared what was pending."""
        return next((p for p in self.posted if p.source in ARRIVALS and p.row.leg == GROSS + cause), None)

    def settled(self, cause: str) -> list[Row]:
        """All rows of the balance transaction that cleared a charge, a refund or a dispute."""
        found = self.gross_row(cause)
        return self.rows(found.source, found.source_id) if found else []

    def brought(self, leg: str, currency: str, back_minor: int) -> int | None:
        """What the sale brought in a settlement currency for `back_minor` more of a leg of it that goes back.

        Negative for what comes again. Depends on what has gone back so far and on nothing else, so the whole brings the
        whole however many steps it takes, in whatever order their balance transactions arrive. None if the sale brought
        nothing in that currency.
        """
        payment = self._payment_of(leg)
        charge = {row.leg: row for row in self.settled(payment)}
        sold = charge.get(f"{leg}:out")
        if sold is None or charge[GROSS + payment].currency != currency:
            return None
        # A share too small for a unit of the other currency has brought none, and has no row.
        got_minor = charge[f"{leg}:in"].minor if f"{leg}:in" in charge else 0
        outs = [p.row for p in self.posted if p.source in ARRIVALS and p.row.leg == sold.leg]
        gone = sum(row.minor if row.credit != sold.credit else -row.minor for row in outs) + sold.minor
        return portion(got_minor, gone + back_minor, sold.minor) - portion(got_minor, gone, sold.minor)

    def _payment_of(self, leg: str) -> str:
        """The payment a leg belongs to; one that bought nothing where the leg is its."""
        foreign = leg == FOREIGN
        return next(
            (p.source_id for p in self.posted if p.source == "payment" and (p.row.leg == FOREIGN) == foreign), ""
        )

    def standing(self, account: str, line_id: int) -> dict[str, int]:
        """What stands on an account for a line, {currency: credits less debits}, zeros left out."""
        found: dict[str, int] = {}
        for row in (p.row for p in self.posted if p.row.line_id == line_id):
            signed = (row.credit == account) - (row.debit == account)
            if signed:
                found[row.currency] = found.get(row.currency, 0) + signed * row.minor
        return {currency: minor for currency, minor in found.items() if minor}

    def sold(self, line_id: int) -> int:
        """What the buyer paid for a line."""
        name = name_of(line_id) + ":"
        return sum(
            p.row.minor if p.row.debit == accounts.STRIPE_PENDING else -p.row.minor
            for p in self.posted
            if p.source == "payment" and p.row.leg.startswith(name)
        )

    def fee_row(self) -> Row | None:
        """The fee on the sale; None while its balance transaction has not arrived, or where there was none."""
        intent = self.sale()
        return next((row for row in self.settled(intent) if row.leg == "fee"), None) if intent else None

    @property
    def fee_currency(self) -> str:
        fee = self.fee_row()
        return fee.currency if fee else ""

    def fee_parts(self) -> dict[int, int]:
        """Each line's part of the fee on the sale, by its amount; the rest is on postage and duty."""
        fee = self.fee_row()
        if fee is None:
            return {}
        sums = [self.sold(line_id) for line_id in self.terms]
        other = sum(row.minor for row in self.rows("payment", self.sale() or "") if row.line_id is None)
        sign = 1 if fee.debit == accounts.PAYMENT_FEES else -1
        return {
            line_id: sign * part for line_id, part in zip(self.terms, allocate(fee.minor, [*sums, other]), strict=False)
        }

    def fee_borne(self, line_id: int) -> int:
        """What of the fee stands with the maker of a line."""
        leg = f"{name_of(line_id)}:fee"
        return sum(
            p.row.minor if p.row.credit == accounts.PAYMENT_FEES else -p.row.minor
            for p in self.posted
            if p.source in ARRIVALS and p.row.leg == leg
        )

    def gone(self, line_id: int) -> int:
        """What a buyer has got back for a line by refunds and disputes whose balance transaction has arrived."""
        name = name_of(line_id) + ":"
        arrived = {p.row.leg.removeprefix(GROSS) for p in self.posted if p.row.leg.startswith(GROSS)}
        return sum(
            (1 if _earns(p) else -1) * p.row.minor
            for p in self.posted
            if p.source in {"refund", "dispute"}
            and p.row.leg.startswith(name)
            and p.source_id in arrived
            and undone(p.source_id) not in arrived
        )

    def taken_from_makers(self, dispute: str) -> dict[tuple[int, str], int]:
        """What a dispute took from the maker of each line, {(line id, currency): minor}, as booked so far.

        Its fee is not counted: who bears that is decided apart from who bears the loss.
        """
        found: dict[tuple[int, str], int] = {}
        for row in [*self.rows("dispute", dispute), *self.settled(dispute)]:
            signed = row.debit.startswith(accounts.ARTISAN) - row.credit.startswith(accounts.ARTISAN)
            if signed and row.line_id is not None and accounts.DISPUTE_FEES not in {row.debit, row.credit}:
                key = (row.line_id, row.currency)
                found[key] = found.get(key, 0) + signed * row.minor
        return {key: minor for key, minor in found.items() if minor}


def undone(cause: str) -> str:
    """The name under which a failed refund, or a dispute that was won, comes back."""
    return f"{cause}:undone"


def portion(total: int, part: int, whole: int) -> int:
    """`total` x `part` / `whole`, rounded down; all of it when the part is the whole."""
    return total * part // whole if whole else 0


def _earns(posted: Posted) -> bool:
    """Whether a row stands on the side of what Stripe owes us (a share), not of what we owe (a discount)."""
    towards = posted.row.debit if GIVEN[posted.source] > 0 else posted.row.credit
    return towards == accounts.STRIPE_PENDING
