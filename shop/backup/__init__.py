"""One file that holds an installation: its database as of one moment, its pictures, and a list of what is in it.

Here: writing such a file while the shop sells, and putting one back. Not here: secrets, which are no part of it, and
what Stripe knows of the time since (payments.recovery).
"""
