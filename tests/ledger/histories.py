"""Generated lives of an order: paid, given back in parts, refunds that fail, disputes, hand-overs, payouts, repeated news.

Pure: the posting rules on rows in memory. `play` drives one life from a list of choices and checks after every step.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from shop.core.money import allocate, basis_points, exponent
from shop.ledger import accounts, posting
from shop.ledger.books import Books, Part, Posted, Row, Terms, name_of
from shop.ledger.posting import Extras, Movement

CURRENCIES = ("EUR", "USD", "GBP", "AED", "JPY", "KRW", "TND", "KWD")
SETTLEMENTS = ("EUR", "USD", "JPY", "KWD")
BEARERS = ("maker", "operator")
INTENT = "pi_1"


@dataclass
class Life:
    """One order's books and what Stripe knows of it. `cleared` are causes whose balance transaction has arrived."""

    random: Random
    terms: list[Terms]
    currency: str
    settlement: str
    extras: Extras
    posted: list[Posted] = field(default_factory=list)
    net: int = 0
    waiting: list[tuple[str, str]] = field(default_factory=list)
    open_refunds: list[str] = field(default_factory=list)
    open_disputes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def books(self) -> Books:
        return Books(self.terms, self.posted)

    def write(self, source: str, source_id: str, rows: Sequence[Row] | None) -> bool:
        """Append rows unless the cause stands already or must wait."""
        if rows is None or self.books.has(source, source_id):
            return False
        legs = [row.leg for row in rows]
        assert len(legs) == len(set(legs)), legs
        for row in rows:
            assert row.minor > 0
            assert row.debit != row.credit
            self.posted.append(Posted(source, source_id, row))
        return True

    def balances(self) -> Counter[tuple[str, str]]:
        found: Counter[tuple[str, str]] = Counter()
        for row in (p.row for p in self.posted):
            found[row.credit, row.currency] += row.minor
            found[row.debit, row.currency] -= row.minor
        return Counter({key: minor for key, minor in found.items() if minor})


def make_life(random: Random) -> Life:
    """A paid order of one to four lines whose frozen terms, tax, postage, duty and discount are drawn."""
    terms = []
    for number in range(1, random.randint(1, 4) + 1):
        net = random.choice((random.randint(1, 40), random.randint(1, 5_000_000)))
        terms.append(
            Terms(
                line_id=number,
                unit_id=random.randint(1, 2),
                net_minor=net,
                tax_minor=random.choice((0, net // 5)),
                commission_minor=basis_points(net, random.choice((0, 1000, 3333, 10_000))),
                fee_bearer=random.choice(BEARERS),
                loss_bearer=random.choice(BEARERS),
                dispute_fee_bearer=random.choice(BEARERS),
            )
        )
    shares = allocate(random.choice((0, sum(line.gross_minor for line in terms) // 10)), [t.gross_minor for t in terms])
    extras = Extras(
        shipping=random.choice((0, random.randint(1, 90_000))),
        shipping_tax=random.choice((0, random.randint(1, 9_000))),
        duty=random.choice((0, random.randint(1, 9_000))),
        discounts={line.line_id: share for line, share in zip(terms, shares, strict=True)},
    )
    currency = random.choice(CURRENCIES)
    life = Life(random, terms, currency, random.choice((currency, *SETTLEMENTS)), extras)
    life.write("payment", INTENT, posting.sale_parts(terms, currency, extras))
    life.waiting.append(("payment", INTENT))
    return life


def _moved(life: Life, minor: int, identifier: str, fee: int) -> Movement:
    """What Stripe reports for an amount of the order's currency, at a rate of the moment."""
    if life.currency != life.settlement:
        scale = 10 ** exponent(life.settlement) * life.random.randint(500, 2_000)
        minor = (abs(minor) * scale // (10 ** exponent(life.currency) * 1_000) or 1) * (1 if minor > 0 else -1)
    return Movement(identifier, minor, fee, life.settlement)


def arrive(life: Life) -> None:
    """The balance transaction of something that waits for its own, in any order Stripe likes."""
    if not life.waiting:
        return
    source, cause = life.random.choice(life.waiting)
    books, identifier = life.books, f"txn_{source}_{cause}"
    rows = books.rows(source, cause)
    owed = posting.owed(rows)
    fee = life.random.randint(0, max(1, abs(owed) // 20)) if source == "payment" else 0
    fees = accounts.DISPUTE_FEES if source.startswith("dispute") else accounts.PAYMENT_FEES
    if source == "dispute":
        fee = life.random.randint(0, 2_000)
    if source == "dispute_won":
        fee = -life.random.randint(0, 2_000)
    moved = _moved(life, owed, identifier, fee)
    made: list[Row] | None
    if source == "payment":
        made = posting.charge_arrives(books, cause, moved)
    elif source in {"refund", "dispute"}:
        made = posting.reversal_arrives(books, source, cause, INTENT, moved, fees)
    else:
        made = posting.undo_arrives(books, source, cause, moved, fees)
    if life.write("balance", identifier, made):
        life.waiting.remove((source, cause))
        life.net += moved.gross - moved.fee
        for dispute in life.lost:
            lose(life, dispute)


def refund(life: Life) -> None:
    books = life.books
    left = [part for part in books.left_in_parts() if part.minor]
    total = sum(part.minor for part in left)
    if not total:
        return
    minor = life.random.choice((total, life.random.randint(1, total)))
    wanted = life.random.choice(([], [Part(p.kind, life.random.randint(1, p.minor), p.line_id) for p in left[:1]]))
    minor = max(minor, sum(part.minor for part in wanted))
    life.count += 1
    cause = f"re_{life.count}"
    life.write("refund", cause, posting.money_back(books, books.fit(wanted, minor), life.currency))
    life.waiting.append(("refund", cause))
    life.open_refunds.append(cause)


def fail_refund(life: Life) -> None:
    if life.open_refunds:
        cause = life.open_refunds.pop(life.random.randrange(len(life.open_refunds)))
        life.write("refund_failed", cause, posting.undo(life.books, "refund", cause))
        life.waiting.append(("refund_failed", cause))


def dispute(life: Life) -> None:
    paid = posting.owed(life.books.rows("payment", INTENT))
    life.count += 1
    cause, minor = f"dp_{life.count}", life.random.randint(1, paid)
    life.write("dispute", cause, posting.funds_withdrawn(life.books, INTENT, minor, life.currency))
    life.waiting.append(("dispute", cause))
    life.open_disputes.append(cause)


def close_dispute(life: Life) -> None:
    if not life.open_disputes:
        return
    cause = life.open_disputes.pop()
    if life.random.random() < 0.5:
        life.write("dispute_won", cause, posting.undo(life.books, "dispute", cause))
        life.waiting.append(("dispute_won", cause))
    else:
        life.lost.append(cause)
        lose(life, cause)


def lose(life: Life, cause: str) -> None:
    if life.books.settled(cause):
        life.write("dispute_lost", cause, posting.dispute_lost(life.books, cause))


def hand_over(life: Life) -> None:
    line = life.random.choice(life.terms)
    life.write("hand_over", f"parcel_{line.line_id}", posting.hand_over(life.books, [line.line_id]))


def pay_out(life: Life) -> None:
    """Stripe pays part of its balance out to the operator's bank, which now and then sends it back."""
    if life.net <= 0:
        return
    minor = life.random.randint(1, life.net)
    life.count += 1
    for moved in (-minor, minor)[: life.random.choice((1, 1, 2))]:
        identifier = f"txn_po_{life.count}_{'out' if moved < 0 else 'back'}"
        life.write("balance", identifier, posting.payout_arrives(moved, life.settlement))
        life.net += moved


def repeat(life: Life) -> None:
    """Old news again: what is written already is not written twice."""
    before = len(life.posted)
    said = life.random.choice(life.posted)
    life.write(said.source, said.source_id, [said.row])
    assert len(life.posted) == before


STEPS: tuple[Callable[[Life], None], ...] = (
    arrive,
    arrive,
    refund,
    fail_refund,
    dispute,
    close_dispute,
    hand_over,
    pay_out,
    repeat,
)


def broken(life: Life) -> Iterator[str]:
    """What of the invariants does not hold."""
    sums: Counter[str] = Counter()
    balances = life.balances()
    for (_account, currency), minor in balances.items():
        sums[currency] += minor
    yield from (f"{currency} sums to {minor}" for currency, minor in sums.items() if minor)
    if -balances[accounts.STRIPE_BALANCE, life.settlement] != life.net:
        yield f"stripe_balance {balances[accounts.STRIPE_BALANCE, life.settlement]}, moved {life.net}"
    yield from (
        f"{account} holds {minor}" for (account, _), minor in balances.items() if account == accounts.FX_CONVERSION
    )
    for line in life.terms:
        if not 0 <= life.books.left_of_line(line.line_id) <= line.gross_minor:
            yield f"line {line.line_id} has {life.books.left_of_line(line.line_id)} left"
        for part in ("artisan", "commission", "tax"):
            if life.books.left(f"{name_of(line.line_id)}:{part}") < 0:
                yield f"{part} of line {line.line_id} went below nothing"
        goods = sum(life.books.left(f"{name_of(line.line_id)}:{part}") for part in ("artisan", "commission"))
        if goods > line.net_minor:
            yield f"the shares of line {line.line_id} exceed what it sold for"


def settle_all(life: Life) -> None:
    """Let everything that waits arrive."""
    for _turn in range(200):
        if not life.waiting:
            break
        arrive(life)
    for cause in life.lost:
        lose(life, cause)


def broken_at_the_end(life: Life) -> Iterator[str]:
    """Once all has arrived, nothing is pending at Stripe, and all stands in the currency Stripe settles in."""
    if life.waiting:
        yield f"still waiting: {life.waiting}"
    for (account, currency), minor in life.balances().items():
        if account == accounts.STRIPE_PENDING:
            yield f"stripe_pending holds {minor} {currency}"
        if currency != life.settlement:
            yield f"{account} holds {minor} {currency}"
    if not any(life.books.left_in_parts()):
        return
    if all(part.minor == 0 for part in life.books.left_in_parts()) and not life.lost and not life.open_disputes:
        for (account, _currency), minor in life.balances().items():
            if account in {accounts.COMMISSION, accounts.SHIPPING, accounts.TAX, accounts.DUTY, accounts.DISCOUNT}:
                yield f"{account} keeps {minor} of what was given back whole"


def play(seed: int) -> list[str]:
    """One life; what broke, with the step after which it did."""
    random = Random(seed)
    life = make_life(random)
    for number in range(random.randint(1, 14)):
        step = random.choice(STEPS)
        step(life)
        for text in broken(life):
            return [f"seed {seed}, step {number} {step.__name__}: {text}"]
    settle_all(life)
    return [f"seed {seed}, at the end: {text}" for text in (*broken(life), *broken_at_the_end(life))]
