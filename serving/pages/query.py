"""What the list page was asked for, and the addresses that ask for something else."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode

from retention.segments.rfm import GROUPS
from serving.pages.columns import COLUMNS, DEFAULT_COLUMNS
from serving.pages.terms import DEFAULT_SORT, RISK_TIERS, SORTS, VALUE_TIERS
from serving.pages.typed_number import number_of
from serving.pages.words import cut
from serving.store.listing import LIFECYCLES, NOT_LAPSED, RISK_CHANGES, Filters

PAGE_SIZE = 25
LIST_ADDRESS = "/customers"
LISTED = ("risk_tier", "value_tier", "lifecycle_status", "risk_change", "rfm_group")


@dataclass(frozen=True)
class ListQuery:
    """Filters, sort, columns and place of the list page; names are those of `GET /v1/customers`."""

    risk_tier: tuple[str, ...] = ()
    value_tier: tuple[str, ...] = ()
    lifecycle_status: tuple[str, ...] = ()
    risk_change: tuple[str, ...] = ()
    rfm_group: tuple[str, ...] = ()
    min_value_at_risk: str = ""
    q: str = ""
    sort: str = DEFAULT_SORT
    cursor: str = ""
    everybody: bool = False
    columns: tuple[str, ...] = DEFAULT_COLUMNS

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
            **{name: _parts(found.get(name, [])) for name in LISTED},
            min_value_at_risk=last("min_value_at_risk", ""),
            q=last("q", "").replace("\x00", ""),
            sort=last("sort", DEFAULT_SORT),
            cursor=last("cursor", ""),
            everybody=bool(last("everybody", "")),
            columns=_in_order(_parts(found.get("columns", []))) or DEFAULT_COLUMNS,
        )

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Read a query string, as in `risk_tier=high&sort=-predicted_clv`."""
        try:
            found = parse_qsl(text.lstrip("?"), max_num_fields=200, errors="replace")
        except ValueError:  # more fields than any list has
            found = []
        return cls.of(found)

    @property
    def leaves_out_lapsed(self) -> bool:
        """Whether the list is the first one, of customers who may yet be kept."""
        return not (self.is_filtered or self.everybody)

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the sort narrows the list."""
        return any(getattr(self, name) for name in (*LISTED, "min_value_at_risk", "q"))

    @property
    def filters(self) -> Filters:
        """The filters as the answers take them; without any, the lapsed are left out."""
        return Filters(
            risk_tier=self.risk_tier,
            value_tier=self.value_tier,
            lifecycle_status=NOT_LAPSED if self.leaves_out_lapsed else self.lifecycle_status,
            risk_change=self.risk_change,
            rfm_group=self.rfm_group,
            min_value_at_risk=_amount(self.min_value_at_risk),
            q=self.q or None,
        )

    @property
    def fault(self) -> str:
        """Sentence on the first value that no list has; empty when all are known."""
        allowed: tuple[tuple[str, tuple[str, ...], Iterable[str]], ...] = (
            ("risk tier", self.risk_tier, RISK_TIERS),
            ("value tier", self.value_tier, VALUE_TIERS),
            ("lifecycle", self.lifecycle_status, LIFECYCLES),
            ("change of risk", self.risk_change, RISK_CHANGES),
            ("RFM group", self.rfm_group, GROUPS),
            ("order", (self.sort,), SORTS),
        )
        for what, given, known in allowed:
            for value in given:
                if value not in known:
                    return f"There is no {what} “{cut(value)}”; known are {', '.join(known)}."
        if self.min_value_at_risk and _amount(self.min_value_at_risk) is None:
            given_text = cut(self.min_value_at_risk)
            return f"“{given_text}” is no amount; write the least value at risk as in 25.50."
        return ""

    def pairs(self) -> list[tuple[str, str]]:
        """Query parameters of this list, defaults left out."""
        pairs = [(name, value) for name in LISTED for value in getattr(self, name)]
        for name in ("min_value_at_risk", "q"):
            pairs += [(name, getattr(self, name))] if getattr(self, name) else []
        pairs += [("sort", self.sort)] if self.sort != DEFAULT_SORT else []
        pairs += [("everybody", "yes")] if self.everybody else []
        pairs += [("columns", ",".join(self.columns))] if self.columns != DEFAULT_COLUMNS else []
        pairs += [("cursor", self.cursor)] if self.cursor else []
        return pairs

    def sorted_by(self, sort: str) -> str:
        """Address of the same customers in another order, from the first page."""
        return replace(self, sort=sort, cursor="").href

    def field(self, risk: str, value: str) -> str:
        """Address of one field of the risk x value picture, other filters taken off."""
        return replace(self.bare, risk_tier=(risk,), value_tier=(value,)).href

    def after(self, cursor: str) -> str:
        """Address of the page that follows `cursor`."""
        return replace(self, cursor=cursor).href

    @property
    def bare(self) -> Self:
        """The same order and columns, without any filter."""
        return replace(type(self)(), sort=self.sort, columns=self.columns)

    @property
    def first(self) -> str:
        """Address of the first page of this list."""
        return replace(self, cursor="").href

    @property
    def unfiltered(self) -> str:
        """Address of the list that a visit begins with, in the same order."""
        return self.bare.href

    @property
    def of_everybody(self) -> str:
        """Address of the list with the lapsed and the unscored in it, in the same order."""
        return replace(self.bare, everybody=True).href

    @property
    def text(self) -> str:
        """Query string that asks for this list from its first page."""
        return urlencode(replace(self, cursor="").pairs())

    @property
    def href(self) -> str:
        """Address of this page."""
        pairs = self.pairs()
        return f"{LIST_ADDRESS}?{urlencode(pairs)}" if pairs else LIST_ADDRESS


def customer_href(customer_id: str, back: str = "") -> str:
    """Address of a customer's page, every sign of the id that means something in a path quoted.

    Parameters
    ----------
    back : address of the list to go back to, where it is another than the first one
    """
    href = f"/customers/{quote(customer_id, safe='')}"
    return f"{href}?back={quote(back, safe='')}" if back and back != LIST_ADDRESS else href


def _parts(texts: Iterable[str]) -> tuple[str, ...]:
    """Values given repeatedly or as a comma list, each once, in the order given."""
    parts = (part.strip() for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _in_order(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in COLUMNS if name in columns)


def _amount(text: str) -> float | None:
    try:
        return number_of(text)
    except ValueError:
        return None
