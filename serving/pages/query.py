"""What the list page was asked for, and the addresses that ask for something else."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, urlencode

from serving.pages.terms import DEFAULT_SORT, RISK_TIERS, SORTS, VALUE_TIERS
from serving.pages.words import cut
from serving.store.listing import LIFECYCLES, NOT_LAPSED, Filters

PAGE_SIZE = 25
LIST_ADDRESS = "/"


@dataclass(frozen=True)
class ListQuery:
    """Filters, sort and place of the list page; the names are those of `GET /v1/customers`."""

    risk_tier: tuple[str, ...] = ()
    value_tier: tuple[str, ...] = ()
    lifecycle_status: tuple[str, ...] = ()
    q: str = ""
    sort: str = DEFAULT_SORT
    cursor: str = ""
    everybody: bool = False

    @classmethod
    def of(cls, items: Iterable[tuple[str, str]]) -> Self:
        """Read query parameters; empty ones and names this page does not know are left out."""
        found: dict[str, list[str]] = {}
        for name, text in items:
            if text.strip():
                found.setdefault(name, []).append(text.strip())

        def last(name: str, default: str) -> str:
            return found.get(name, [default])[-1]

        return cls(
            risk_tier=_parts(found.get("risk_tier", [])),
            value_tier=_parts(found.get("value_tier", [])),
            lifecycle_status=_parts(found.get("lifecycle_status", [])),
            q=last("q", "").replace("\x00", ""),
            sort=last("sort", DEFAULT_SORT),
            cursor=last("cursor", ""),
            everybody=bool(last("everybody", "")),
        )

    @property
    def leaves_out_lapsed(self) -> bool:
        """Whether the list is the first one, of customers who may yet be kept."""
        return not (self.is_filtered or self.everybody)

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the sort narrows the list."""
        return bool(self.risk_tier or self.value_tier or self.lifecycle_status or self.q)

    @property
    def filters(self) -> Filters:
        """The filters as the answers take them; without any, the lapsed are left out."""
        return Filters(
            risk_tier=self.risk_tier,
            value_tier=self.value_tier,
            lifecycle_status=NOT_LAPSED if self.leaves_out_lapsed else self.lifecycle_status,
            q=self.q or None,
        )

    @property
    def fault(self) -> str:
        """Sentence on the first value that no list has; empty when all are known."""
        allowed: tuple[tuple[str, tuple[str, ...], Iterable[str]], ...] = (
            ("risk tier", self.risk_tier, RISK_TIERS),
            ("value tier", self.value_tier, VALUE_TIERS),
            ("lifecycle", self.lifecycle_status, LIFECYCLES),
            ("order", (self.sort,), SORTS),
        )
        for what, given, known in allowed:
            for value in given:
                if value not in known:
                    return f"There is no {what} “{cut(value)}”; known are {', '.join(known)}."
        return ""

    def pairs(self) -> list[tuple[str, str]]:
        """Query parameters of this list, defaults left out."""
        pairs = [("risk_tier", tier) for tier in self.risk_tier]
        pairs += [("value_tier", tier) for tier in self.value_tier]
        pairs += [("lifecycle_status", status) for status in self.lifecycle_status]
        pairs += [("q", self.q)] if self.q else []
        pairs += [("sort", self.sort)] if self.sort != DEFAULT_SORT else []
        pairs += [("everybody", "yes")] if self.everybody else []
        pairs += [("cursor", self.cursor)] if self.cursor else []
        return pairs

    def sorted_by(self, sort: str) -> str:
        """Address of the same customers in another order, from the first page."""
        return replace(self, sort=sort, cursor="").href

    def field(self, risk: str, value: str) -> str:
        """Address of one field of the risk x value picture, other filters taken off."""
        return ListQuery(risk_tier=(risk,), value_tier=(value,), sort=self.sort).href

    def is_field(self, risk: str, value: str) -> bool:
        """Whether the list shows just this field of the picture."""
        return replace(self, sort=DEFAULT_SORT, cursor="") == ListQuery((risk,), (value,))

    def after(self, cursor: str) -> str:
        """Address of the page that follows `cursor`."""
        return replace(self, cursor=cursor).href

    @property
    def first(self) -> str:
        """Address of the first page of this list."""
        return replace(self, cursor="").href

    @property
    def unfiltered(self) -> str:
        """Address of the list of everybody in the same order."""
        return ListQuery(sort=self.sort).href

    @property
    def of_everybody(self) -> str:
        """Address of the list with the lapsed and the unscored in it, in the same order."""
        return ListQuery(everybody=True, sort=self.sort).href

    @property
    def href(self) -> str:
        """Address of this page."""
        pairs = self.pairs()
        return f"{LIST_ADDRESS}?{urlencode(pairs)}" if pairs else LIST_ADDRESS


def customer_href(customer_id: str) -> str:
    """Address of a customer's page, every sign of the id that means something in a path quoted."""
    return f"/customers/{quote(customer_id, safe='')}"


def _parts(texts: Iterable[str]) -> tuple[str, ...]:
    """Values given repeatedly or as a comma list, each once, in the order given."""
    parts = (part.strip() for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))
