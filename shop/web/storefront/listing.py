"""What a listing was asked for, and the links that ask for something else."""

from dataclasses import dataclass, replace
from typing import Any

from flask import request

from shop.catalogue.queries import PAGE_SIZE, Filters, Listing
from shop.catalogue.search import MAX_LENGTH
from shop.core.errors import NotFound
from shop.i18n.messages import gettext as _
from shop.i18n.messages import ngettext
from shop.i18n.regions import region_name
from shop.web.storefront.chrome import card_view, kind_name, link

FACETS = ("craft", "family", "region", "kind")
MAX_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Question:
    """The filters and page of an address; `fixed` is the facet the address itself stands for, as a craft's page."""

    filters: Filters
    page: int
    fixed: str = ""

    @property
    def own(self) -> dict[str, str]:
        """The parameters of this very page."""
        return self.arguments(page=self.page)

    def arguments(self, page: int = 1, **changes: str | None) -> dict[str, str]:
        """The parameters of this page with some changed; None takes one away."""
        filters: Filters = replace(self.filters, **changes)  # type: ignore[arg-type]
        values = {name: getattr(filters, name) for name in ("q", *FACETS) if name != self.fixed}
        found = {name: value for name, value in values.items() if value}
        return {**found, "page": str(page)} if page > 1 else found


def read_question(craft: str | None = None) -> Question:
    """The question of the current request. Raises NotFound for a page that is no number."""
    chosen = {name: request.args.get(name) or None for name in FACETS}
    if craft is not None:
        chosen["craft"] = craft
    q = " ".join(request.args.get("q", "").split())[:MAX_LENGTH]
    page = request.args.get("page", "1")
    if not (page.isascii() and page.isdigit()) or not 1 <= int(page[:9]) <= MAX_PAGE:
        raise NotFound(_("This list has no page %(page)s.", page=page[:20]))
    return Question(Filters(q=q, **chosen), int(page), "craft" if craft is not None else "")


def context(question: Question, found: Listing, endpoint: str, **view: Any) -> dict[str, Any]:
    """What the listing template shows: cards, facets as links, what is chosen, pages."""

    def address(**changes: Any) -> str:
        return link(endpoint, **view, **question.arguments(**changes))

    chosen = _chosen(question, found, address)
    return {
        "question": question,
        "q": question.filters.q,
        "total": found.total,
        "result_text": _result_text(found.total, question.filters.q),
        "cards": [card_view(card) for card in found.cards],
        "groups": _groups(question, found, address),
        "chosen": chosen,
        "all_url": link(endpoint, **view),
        "pages_args": _pages(found, address),
        "first_number": (found.page - 1) * PAGE_SIZE + 1,
        "many_facets": len(chosen) > 1,
    }


def _result_text(total: int, q: str) -> str:
    if q:
        return ngettext("%(num)s piece for “%(q)s”", "%(num)s pieces for “%(q)s”", total, q=q)
    return ngettext("%(num)s piece", "%(num)s pieces", total)


def _name(facet: str, value: str, name: str) -> str:
    if facet == "region":
        return region_name(value)
    return kind_name(value) if facet == "kind" else name


def _groups(question: Question, found: Listing, address: Any) -> list[dict[str, Any]]:
    titles = {"craft": _("Craft"), "family": _("Family"), "region": _("Region"), "kind": _("Kind")}
    groups = []
    for facet in FACETS:
        options = found.facets[facet]
        current = getattr(question.filters, facet)
        # A family has one choice once its craft is chosen: nothing to ask.
        if facet == question.fixed or (facet == "family" and question.filters.craft) or len(options) < 2:
            continue
        groups.append(
            {
                "name": facet,
                "title": titles[facet],
                "open": current is not None,
                "options": [
                    {
                        "text": _name(facet, option.value, option.name),
                        "count": option.count,
                        "current": option.value == current,
                        "url": address(**{facet: None if option.value == current else option.value}),
                    }
                    for option in options
                ],
            }
        )
    return groups


def _chosen(question: Question, found: Listing, address: Any) -> list[dict[str, str]]:
    """What the list is narrowed to, each with the address without it."""
    pills = []
    if question.filters.q:
        pills.append({"text": _("“%(q)s”", q=question.filters.q), "url": address(q="")})
    for facet in FACETS:
        value = getattr(question.filters, facet)
        if value is None or facet == question.fixed:
            continue
        names = {option.value: option.name for option in found.facets[facet]}
        pills.append({"text": _name(facet, value, names.get(value, value)), "url": address(**{facet: None})})
    return pills


def _pages(found: Listing, address: Any) -> dict[str, Any]:
    """Numbers around the current page, the first and the last; None stands for a gap."""
    wanted = sorted({1, found.pages, *range(max(1, found.page - 2), min(found.pages, found.page + 2) + 1)})
    numbers: list[dict[str, Any] | None] = []
    for number in wanted:
        if numbers and numbers[-1] is not None and numbers[-1]["number"] < number - 1:
            numbers.append(None)
        numbers.append({"number": number, "url": address(page=number), "current": number == found.page})
    return {
        "previous_url": address(page=found.page - 1) if found.page > 1 else "",
        "next_url": address(page=found.page + 1) if found.page < found.pages else "",
        "numbers": numbers,
    }
