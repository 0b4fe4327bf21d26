"""A letter in its recipient's language: subject, text and HTML from templates/letters/<kind>.txt and .html.

The first line of the .txt is the subject.
"""

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, select_autoescape

from shop.artisans.queries import unit_names
from shop.core.policies import get_policy, is_demo
from shop.core.runtime import settings
from shop.i18n import jinja
from shop.i18n.formats import isolate_ltr_text, money_text, plain_text
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import use_language
from shop.notifications.models import Letter
from shop.orders import wording as order_wording
from shop.orders.wording import tax_name, told_border
from shop.payments import wording

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


class Rendered(NamedTuple):
    """What is sent."""

    subject: str
    text: str
    html: str


@lru_cache
def _environment() -> Environment:
    """Made once: letters are written where no request is."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html"]))
    jinja.install(environment)
    environment.filters["money_text"] = money_text
    environment.filters["ltr_text"] = isolate_ltr_text
    environment.filters["tax_name"] = tax_name
    environment.globals["told_border"] = told_border
    environment.filters["plain"] = plain_text
    environment.filters["day"] = date.fromisoformat
    environment.filters["moment"] = datetime.fromisoformat
    environment.globals["wording"] = wording
    environment.globals["order_wording"] = order_wording
    return environment


def _units_of(data: dict[str, Any]) -> set[int]:
    """The makers a letter names: those of its lines, or the one it is about."""
    return {line["unit_id"] for line in data.get("lines", [])} | ({data["unit_id"]} if "unit_id" in data else set())


def render(letter: Letter) -> Rendered:
    """Subject and bodies of a letter, in its own language whatever the language of the moment is."""
    base = settings().base_url
    context: dict[str, Any] = {
        # Letters written before these were told have none.
        "landed": None,
        "earliest": "",
        "follow_url": "",
        **letter.data,
        "language": LANGUAGES[letter.language],
        "shop_url": f"{base}/{letter.language}/",
        "url": f"{base}{letter.data['path']}" if "path" in letter.data else "",
        "withdraw_url": f"{base}{letter.data['withdraw_path']}" if "withdraw_path" in letter.data else "",
        "makers": unit_names(_units_of(letter.data), letter.language),
        "operator": get_policy("operator"),
        "demo": is_demo(),
    }
    with use_language(letter.language):
        subject, _line, text = _environment().get_template(f"letters/{letter.kind}.txt").render(context).partition("\n")
        html = _environment().get_template(f"letters/{letter.kind}.html").render(context)
    return Rendered(subject.strip(), f"{text.strip()}\n", html)
