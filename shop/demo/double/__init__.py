"""A stand-in for Stripe: the part of its API the shop speaks, its pay page, and its webhooks.

In the room: the API (`api`), the modules that each list the operations of a resource (`sessions`, `payments`,
`refunds`, `evidence`, `balance`, `payouts`, `events`; for a shop that asks for cards itself `customers`, `sources`,
`products`, `methods`, `intents`, `setups`; `payment_pages`, which Stripe does not publish), delivery of webhooks,
idempotency, what can be set (`control`) or done once (`verbs`), the pay page (`pages`), the script and the frames that
stand in for Stripe's on a page of the shop (`elements`), and the two ways to run it, as a process of its own (`serve`)
and inside another (`inprocess`).

Not in the room: anything of the shop. The double shares no code with it, so a mistake about exponents, signatures or
states cannot hide by being made twice. Only the demonstration's loader, the command line and tests import it.
"""
