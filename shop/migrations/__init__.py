"""Revisions of the schema, oldest first by their number; applied in order and never edited once released."""
