"""Economic units (a single maker, a co-operative, an enterprise, an aggregator) and the persons in them.

Here: names, place, identifiers, shares among makers, who may act for a unit, which aggregator carries it.
Not here: programmes (programme), what a unit sells (catalogue), what it is owed (ledger).
"""
