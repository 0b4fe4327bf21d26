"""Cart, checkout, orders and their states, reservations, sales declared from elsewhere.

Here is decided what an order is and may become; states are tables in orders.states. Not here: Stripe (payments), books
(ledger), parcels (fulfilment).
"""
