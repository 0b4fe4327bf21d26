"""Money on its way to the makers: who may be paid and when, batches that two officers answer for, the bank's file, papers.

Here: bank account numbers and who consented to a payee, what is available, drafting, approving and recording transfers,
pain.001 and CSV for the bank, statements and advice slips as PDF, return freight. Not here: what is owed (ledger), a
statement's figures (ledger.statements), Stripe's own payouts to the operator (payments).
"""
