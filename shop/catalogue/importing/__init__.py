"""The catalogue in and out as a table: the contract's columns, CSV or XLSX, with pictures in the folder or ZIP.

Here: reading rows into drafts of products, comparing them with what is there, writing them in few statements, and the
export that imports back unchanged. Not here: how a table or a mapping is read (shop.importing).
"""
