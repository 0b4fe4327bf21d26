"""Everything a template may say about language, wired into a Jinja environment in one place."""

from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from shop.i18n.formats import FILTERS
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import install_gettext
from shop.i18n.quantities import how_many
from shop.i18n.regions import region_name


class _Template(Template):
    """A template whose macros are made once. Jinja compares the names that an importing template sees with its own at every
    import; here all see those of the environment."""

    def _get_default_module(self, ctx: Any = None) -> Any:
        if self._module is None:
            self._module = self.make_module()
        return self._module


def install(environment: Environment) -> None:
    """Gettext, the isolating filters, the list of languages; undefined names are errors."""
    environment.undefined = StrictUndefined
    environment.template_class = _Template
    # A filter on a constant would be folded into the language of whoever came first.
    environment.optimized = False
    environment.trim_blocks = environment.lstrip_blocks = True
    install_gettext(environment)
    environment.filters.update(FILTERS)
    environment.filters["region"] = region_name
    environment.filters["how_many"] = how_many
    environment.globals["languages"] = list(LANGUAGES.values())
