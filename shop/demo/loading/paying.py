"""What makers were paid in the past: once a month two officers let a batch go, and days later the bank answers."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from random import Random

from shop.artisans.queries import get_unit_by_id
from shop.core import clock
from shop.core.db import transaction
from shop.core.errors import Conflict
from shop.core.rates import get_rate
from shop.demo.content.load import Content
from shop.demo.loading.past import Past
from shop.demo.loading.units import Enrolled
from shop.payouts.bank_details import needs_consent, record_consent
from shop.payouts.models import Batch
from shop.payouts.paying_account import decide_paying_account
from shop.payouts.queries import list_transfers
from shop.payouts.services import approve_batch, draft_batch, in_dirhams, record_executed

CURRENCY = "EUR"
# The operator's account names a bank that does not exist and carries a valid key, as those of the units do.
PAYER = {"name": "Maison de l’export", "account": "999001000000000000009975", "bic": ""}
PAYDAY, PAY_HOUR = 6, timedelta(hours=9)
APPROVED_AFTER, BANK_TAKES = timedelta(hours=3), timedelta(days=2)
# The bank gives a little less than the published rate, and now and then keeps a charge.
SPREAD = Fraction(988, 1000)
CHARGE_EVERY, CHARGE_MAD = 5, 3_300
# One unit's other makers have not consented yet, so that an officer meets a transfer that is left out.
WITHOUT_CONSENT = "casablanca-naciri"
LAST_DRAFT_BEFORE = timedelta(hours=21)


def write_consents(content: Content, enrolled: Mapping[str, Enrolled], *, officer: int) -> None:
    """The paying account, and consents to the account of one maker of several. Inside a transaction."""
    decide_paying_account(**PAYER, actor=officer)
    for key, unit in content.units.items():
        unit_id = enrolled[key].unit_id
        if key != WITHOUT_CONSENT and needs_consent(get_unit_by_id(unit_id)):
            others = ", ".join(person.name_latin for person in unit.persons if person.name_latin != unit.payee)
            record_consent(
                unit_id,
                given_by=others,
                given_on=clock.today(),
                document=f"Accord signé, dossier {unit.nia}",
                actor=officer,
            )


class Payroll:
    """Lays out the months' batches: drafted by one officer, approved by the other, answered by the bank."""

    def __init__(self, past: Past, first_day: date, officers: tuple[int, int], seed: int) -> None:
        self._past, self._officers, self._chance = past, officers, Random(f"{seed}/payroll")
        day = first_day.replace(day=PAYDAY)
        while (moment := clock.day_start(day) + PAY_HOUR) < past.end:
            past.at(moment, self._pay)
            day = (day + timedelta(days=31)).replace(day=PAYDAY)
        # The newest draft is left for the first officer to approve.
        past.at(past.end - LAST_DRAFT_BEFORE, self._leave)

    def _draft(self, officer: int) -> Batch | None:
        """A batch of what is available; None in a month in which nothing is."""
        try:
            with transaction():
                return draft_batch(CURRENCY, actor=officer)
        except Conflict:
            return None

    def _leave(self) -> None:
        self._draft(self._officers[1])

    def _pay(self) -> None:
        if batch := self._draft(self._officers[0]):
            self._past.at(clock.now() + APPROVED_AFTER, partial(self._approve, batch.public_id, batch.id))

    def _approve(self, public_id: str, batch_id: int) -> None:
        with transaction():
            approve_batch(public_id, executes_on=clock.today() + timedelta(days=1), actor=self._officers[1])
        self._past.at(clock.now() + BANK_TAKES, partial(self._record, batch_id, clock.today() + timedelta(days=1)))

    def _record(self, batch_id: int, on: date) -> None:
        rate = int(get_rate(CURRENCY, on).mad * SPREAD * 10_000) * 100
        with transaction():
            for number, transfer in enumerate(list_transfers(batch_id)):
                if transfer.state != "approved":
                    continue
                arrived = in_dirhams(transfer.amount_minor, CURRENCY, rate)
                record_executed(
                    transfer.public_id,
                    on=on,
                    rate_millionths=rate,
                    mad_minor=arrived - CHARGE_MAD if number % CHARGE_EVERY == 0 else arrived,
                    reference=f"VIR{on:%y%m%d}{self._chance.randrange(10**6):06d}",
                    actor=self._officers[0],
                )
