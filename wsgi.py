"""The application for a WSGI server."""

from shop.app import from_environment

app = from_environment()
