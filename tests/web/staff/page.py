"""Reading a page and sending its forms as a browser would."""

import html
import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def text_of(response: TestResponse) -> str:
    """What is written on a page, without its marks and with plain spaces."""
    bare = re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))
    return " ".join(re.sub(r"[\u2066-\u2069\u200e\u200f]", "", html.unescape(bare)).split())


def send(client: FlaskClient, page: str, address: str, /, **fields: Any) -> TestResponse:
    """Send a form of `page` with the token it carries."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).get_data(as_text=True))
    token = found.group(1) if found else ""
    return client.post(address, data={"csrf_token": token, **fields}, headers={"Referer": f"http://localhost{page}"})
