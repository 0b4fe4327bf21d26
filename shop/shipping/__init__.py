"""Quotes: where we send, what it costs by zone and weight, what is collected for the destination, when it arrives.

Not here: parcels that were sent (fulfilment).
"""
