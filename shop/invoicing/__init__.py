"""Invoices and credit notes: numbered without holes, frozen as printed, typeset when somebody asks for one.

Here: the numbers, what a document says, its PDF. Not here: what is charged (orders), given back (payments) or owed
(ledger); the customs papers of a parcel (fulfilment).
"""
