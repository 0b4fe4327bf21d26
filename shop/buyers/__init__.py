"""Buyers who want more than one order's link: all orders of an e-mail address, what is kept of them, and its erasure.

There is no account to open and no password: whoever reads an address's letters sees what was ordered with it.
"""
