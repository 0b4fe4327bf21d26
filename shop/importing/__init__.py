"""Reading what other people's programs wrote: tables, mappings from their columns to our fields, row errors.

Here: CSV and XLSX tables with the line each row stands on, column-mapping files, cells read as typed values, problems
named by file, line and column. Not here: what a product, a sale or a rate is; each room reads its own from these rows.
"""
