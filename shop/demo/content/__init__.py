"""The catalogue written for the demonstration, whole in Arabic, French and English.

Here: TOML files (programmes, crafts, units, products, buyers) and the loader that checks them. Every person,
unit, identifier and address is invented. Not here: the pictures (drawn elsewhere, from each product's
`drawing`) and the placing of any of it in a database.
"""
