"""What every room stands on and which knows no room.

Here: settings, clock, database and the one place that commits, errors, events, money, exchange rates, dated policies,
the job table, the audit trail, public identifiers. Not here: anything that knows what an order or an artisan is.
"""
