"""Everything a template may say about language, wired into a Jinja environment in one place."""

from jinja2 import Environment, StrictUndefined

from shop.i18n.formats import FILTERS
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import install_gettext
from shop.i18n.quantities import how_many
from shop.i18n.regions import region_name


def install(environment: Environment) -> None:
    """Gettext, the isolating filters, the list of languages; undefined names are errors."""
    environment.undefined = StrictUndefined
    # A filter on a constant would be folded into the language of whoever came first.
    environment.optimized = False
    environment.trim_blocks = environment.lstrip_blocks = True
    install_gettext(environment)
    environment.filters.update(FILTERS)
    environment.filters["region"] = region_name
    environment.filters["how_many"] = how_many
    environment.globals["languages"] = list(LANGUAGES.values())
