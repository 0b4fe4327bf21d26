"""The buyers' door: public pages in three languages, cart, checkout, the buyer's own orders.

A public page depends on its address alone: no session, no cookie, no statement for chrome, so anything may cache it.
What belongs to one buyer (cart, checkout, orders) is private and never stored.
"""
