"""Stripe: the gateway, attempts to pay, the webhook inbox, settling, refunds, balance transactions, reconciliation.

gateway.py is the only importer of the SDK. Every call carries our own idempotency key; no call happens inside a
transaction. Not here: the rows of the books (ledger), what an order may become (orders.states).
"""
