"""The bare pages ours are held against: a WSGI callable, a Flask route, and a Jinja page as a shop would write it at first.

The page has 24 cards and about 30 KB, each card with its own url_for, gettext and format_currency; nothing is kept between
requests and no database is asked. It is fixed: a change here makes earlier figures meaningless.
"""

import gettext
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency
from flask import Flask, render_template, url_for
from jinja2 import DictLoader

HELLO = b"hello\n"
CARDS = 24

PAGE = """<!doctype html>
<html lang="fr" dir="ltr"><head><meta charset="utf-8"><title>{{ _("All pieces") }}</title></head><body>
<header><nav>{% for n in range(12) %}<a href="{{ url_for('listing', craft=n) }}">{{ _("Craft") }} {{ n }}</a>
{% endfor %}</nav></header>
<main><h1>{{ _("All pieces") }}</h1><ul class="cards">
{% for card in cards %}<li class="product-card"><a class="product-card__link" href="{{ url_for('piece', reference=card.id) }}">
<picture class="product-card__picture"><source type="image/webp" sizes="(min-width: 60rem) 22rem, 50vw"
srcset="{{ url_for('picture', name=card.picture ~ '-320.webp') }} 320w, {{ url_for('picture', name=card.picture ~ '-640.webp') }} 640w,
{{ url_for('picture', name=card.picture ~ '-960.webp') }} 960w, {{ url_for('picture', name=card.picture ~ '-1600.webp') }} 1600w"><img src="{{ url_for('picture', name=card.picture ~ '-640.jpg') }}"
width="640" height="800" alt="{{ card.title }}" loading="lazy" decoding="async"></picture>
<span class="product-card__title">{{ card.title }}</span></a>
<span class="product-card__maker">{{ _("by %(maker)s", maker=card.maker) }}, {{ card.place }}</span>
<span class="product-card__price"><bdi>{{ money(card.minor) }}</bdi></span>
<span class="product-card__state">{{ _("One of a kind") }}</span>
<span class="product-card__note">{{ _("Leaves the workshop within %(days)s days", days=card.days) }}</span></li>
{% endfor %}</ul></main>
<footer>{% for n in range(8) %}<a href="{{ url_for('listing', page=n) }}">{{ _("Page") }} {{ n }}</a>{% endfor %}</footer>
</body></html>"""

PIECES = [
    {
        "id": f"{number:010d}-tapis-de-laine-noue-a-la-main-taznakht",
        "title": f"Tapis de laine noué à la main, rouge garance et ivoire, n° {number}",
        "maker": "Coopérative Tifawin",
        "place": "Taznakht",
        "picture": f"{number:02d}/" + f"{number:02d}" * 32,
        "minor": 32_000 + 1_370 * number,
        "days": 3 + number % 9,
    }
    for number in range(CARDS)
]


def _money(minor: int) -> str:
    return format_currency(Decimal(minor) / 100, "EUR", locale="fr_FR")


def _make_flask() -> Flask:
    app = Flask("anchors", static_folder=None)
    app.jinja_loader = DictLoader({"listing.html": PAGE})  # type: ignore[misc]
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_translations(gettext.NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals["money"] = _money

    @app.get("/flask")
    def hello() -> tuple[bytes, dict[str, str]]:
        return HELLO, {"Content-Type": "text/plain"}

    @app.get("/jinja")
    def listing() -> str:
        return render_template("listing.html", cards=PIECES)

    for endpoint, rule in (("piece", "/fr/products/<path:reference>"), ("picture", "/media/<path:name>")):
        app.add_url_rule(rule, endpoint, lambda **_given: url_for("listing"))
    return app


_flask = _make_flask()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """/wsgi is answered here and now; everything else by Flask."""
    if environ["PATH_INFO"] == "/wsgi":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(HELLO)))])
        return [HELLO]
    return _flask(environ, start_response)
