"""After the payment: the maker's answer, preparation, the parcel, its hand-over and its arrival.

Only fulfilment.services.hand_over makes a line exported. Not here: refunds (payments), postage quotes (shipping).
"""
