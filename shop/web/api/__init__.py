"""The machines' door: reports as JSON and CSV for whoever bears a key, described by OpenAPI.

Errors are problem documents (RFC 9457), made in web.faults. Not here: figures (reports), keys (accounts.tokens).
"""
