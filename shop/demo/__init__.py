"""Demonstration only: a catalogue of our own, drawn pictures, past orders, and a stand-in for Stripe.

Nothing imports this room but the command that starts a demonstration, and tests.
"""
