"""Quotes only: where we send, what it costs by zone and weight, when it arrives.

Not here: parcels that were sent (fulfilment).
"""
