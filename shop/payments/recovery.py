"""After a restore: everything Stripe has seen since the backup is asked for, before the shop takes orders again."""

from collections import Counter
from datetime import timedelta

from shop.core.db import transaction
from shop.core.marks import RESTORED_TO, find_moment, forget_moment, installation_id
from shop.payments.balance import import_balance
from shop.payments.gateway import gateway
from shop.payments.inbox import poll_events
from shop.payments.lost import is_ours, make_known

# Payment pages that were open when the backup was made are looked at too; none lives longer than a day.
MARGIN = timedelta(days=1)


def catch_up() -> Counter[str] | None:
    """Take up every session since the backup, then Stripe's events and movements since. None if there is nothing to do.

    Outside any transaction; safe to repeat, and done by whoever comes first, the restore itself or the worker. Counts
    sessions by what became of them (payments.lost.make_known). Raises EdgeFailed when Stripe does not answer: the shop then
    goes on taking no orders.
    """
    since = find_moment(RESTORED_TO)
    if since is None:
        return None
    with transaction():
        own = installation_id()
    outcomes: Counter[str] = Counter()
    for view in gateway().list_sessions(since - MARGIN):
        if is_ours(view.metadata, own):
            outcomes[make_known(view)] += 1
    poll_events()
    import_balance()
    with transaction():
        forget_moment(RESTORED_TO)
    return outcomes
