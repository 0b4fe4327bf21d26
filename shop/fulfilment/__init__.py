"""After the payment: the maker's answer, preparation, the parcel and its hand-over.

Only fulfilment.services.hand_over makes a line exported. Not here: refunds (payments), postage quotes (shipping).
"""
