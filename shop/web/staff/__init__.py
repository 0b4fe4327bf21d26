"""The officers' door: what waits, pieces to review, orders, units, programmes, reports.

Here: reading forms, calling services in one transaction, answering with pages. Not here: what a publication, a hand-over or
a refund means (their rooms), and the guard that hangs on the door (web.guards).
"""
