"""The books: append-only double entry. A row is one debit, one credit, one currency, an amount above zero.

Here: accounts, posting rules (pure), the writer, balances. Not here: why something is posted (payments, fulfilment say).
"""
