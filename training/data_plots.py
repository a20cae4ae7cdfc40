"""Pictures of a purchase log, as SVG that takes its colours from the page around it.

Figures are made without pyplot, as in `training.plots`, and small, so that their words can be read
on a phone.
"""

import io
import re
from collections.abc import Callable, Iterable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from training.plots import BLUE, ORANGE

CAPTIONS = {
    "orders": "Orders",
    "net_spend": "Spend net of refunds",
    "new_customers": "First purchases in the log, by month",
    "churn_over_time": "Share of active customers who did not return, by cutoff",
    "churn_by_month": "The same by calendar month of the cutoff",
    "orders_per_customer": "Customers by their number of orders",
    "order_values": "Orders by value",
    "gaps": "Days between a customer's purchases",
    "refund_delays": "Days from an order to its refund",
}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# Stand-ins in the SVG for colours of the page.
_INK, _SOFT, _LINE = "#1c1f23", "#5a6270", "#d9dee4"
_ON_PAGE = {
    _INK: "currentColor",
    _SOFT: "var(--soft)",
    _LINE: "var(--line)",
    BLUE.lower(): "var(--blue)",
    ORANGE.lower(): "var(--orange)",
}
_LOOK: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _SOFT,
    "axes.labelcolor": _SOFT,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_SIZE = (4.3, 2.6)
_MOST_LABELS = 9


def data_plots(report: dict[str, Any]) -> dict[str, str]:
    """Draw every picture that the report has numbers for.

    Returns
    -------
    dict of key of `CAPTIONS` -> SVG, to stand in a page with the colours --blue, --orange, --soft
    and --line; the same report gives the same text
    """
    time, churn = report["over_time"], report["churn"]
    values, delays = report["order_values"], report["refunds"]["delay_days"]
    draws: dict[str, Callable[[Axes], None] | None] = {
        "orders": lambda axes: _steps(axes, time, "orders"),
        "net_spend": lambda axes: _steps(axes, time, "net"),
        "new_customers": lambda axes: _new_customers(axes, time["new_customers"]),
        "churn_over_time": (lambda axes: _churn(axes, churn)) if churn["points"] else None,
        "churn_by_month": (
            (lambda axes: _calendar(axes, churn)) if len(churn["calendar_months"]) > 1 else None
        ),
        "orders_per_customer": lambda axes: _bins(
            axes, report["orders_per_customer"]["histogram"], "customers", "orders"
        ),
        "order_values": (
            (lambda axes: _bins(axes, values["histogram"], "orders", "value from", starts=True))
            if values["histogram"]
            else None
        ),
        "gaps": (
            (lambda axes: _bins(axes, report["gaps"]["histogram"], "gaps", "days"))
            if report["gaps"]["gaps"]
            else None
        ),
        "refund_delays": (
            (lambda axes: _bins(axes, delays["histogram"], "refunds", "days"))
            if delays["median"] is not None
            else None
        ),
    }
    return {name: _svg(draw, name) for name, draw in draws.items() if draw is not None}


def _svg(draw: Callable[[Axes], None], name: str) -> str:
    with mpl.rc_context({**_LOOK, "svg.hashsalt": name}):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.subplots()
        axes.grid(axis="y", color=_LINE, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        draw(axes)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _for_page(text.getvalue(), CAPTIONS[name])


def _for_page(svg: str, caption: str) -> str:
    """The drawing alone, in the page's colours and font, with no name that another one uses."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", svg)
    svg = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font: \1 system-ui, sans-serif", svg)
    for stand_in, colour in _ON_PAGE.items():
        svg = svg.replace(stand_in, colour)
    head = re.compile(r'<svg [^>]*viewBox="([^"]+)"[^>]*>', re.DOTALL)
    opening = (
        f'<svg role="img" aria-label="{caption}" viewBox="\\1" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return head.sub(opening, svg, count=1).strip()


def _steps(axes: Axes, time: dict[str, Any], what: str) -> None:
    """A line by week or month; steps that the log covers in part are drawn pale."""
    steps = time["steps"]
    whole = steps[1:-1] or steps
    axes.plot(
        _days(s["from"] for s in steps),
        [s[what] for s in steps],
        color=BLUE,
        alpha=0.35,
        linewidth=1,
    )
    marker = "o" if len(whole) < 3 else None
    axes.plot(
        _days(s["from"] for s in whole),
        [s[what] for s in whole],
        color=BLUE,
        linewidth=1.6,
        marker=marker,
    )
    axes.set_ylabel(f"{'net spend' if what == 'net' else what} a {time['step']}")
    if min(s[what] for s in steps) >= 0:
        axes.set_ylim(bottom=0)
    _counts(axes)
    _time(axes)


def _new_customers(axes: Axes, months: list[dict[str, Any]]) -> None:
    counts = [m["customers"] for m in months]
    axes.bar(_days(f"{m['month']}-01" for m in months), counts, width=25, align="edge", color=BLUE)
    axes.set_ylabel("customers")
    _counts(axes)
    _time(axes)


def _churn(axes: Axes, churn: dict[str, Any]) -> None:
    points = churn["points"]
    marker = "o" if len(points) < 3 else None
    axes.plot(
        _days(p["cutoff"] for p in points),
        [p["rate"] for p in points],
        color=ORANGE,
        linewidth=1.6,
        marker=marker,
    )
    axes.set_ylabel(f"no purchase in {churn['churn_days']} days")
    _rates(axes, (p["rate"] for p in points))
    _time(axes)


def _calendar(axes: Axes, churn: dict[str, Any]) -> None:
    months = churn["calendar_months"]
    axes.bar([m["month"] for m in months], [m["rate"] for m in months], width=0.75, color=ORANGE)
    axes.set_xticks(range(1, 13), _MONTHS, fontsize=8)
    axes.set_xlim(0.4, 12.6)
    axes.set_ylabel(f"no purchase in {churn['churn_days']} days")
    _rates(axes, (m["rate"] for m in months))


def _bins(
    axes: Axes, bins: list[dict[str, Any]], what: str, unit: str, *, starts: bool = False
) -> None:
    place = np.arange(len(bins))
    axes.bar(place, [b[what] for b in bins], width=0.75, color=BLUE)
    labels = [_short(b["from"]) if starts else _range(b["from"], b["to"]) for b in bins]
    every = -(-len(bins) // _MOST_LABELS)
    axes.set_xticks(place[::every], labels[::every], fontsize=8)
    axes.set_xlabel(unit)
    axes.set_ylabel(what)
    _counts(axes)


def _range(low: float, high: float | None) -> str:
    if high is None:
        return f"{low}+"
    return f"{low}" if low == high else f"≤{high}"


def _short(value: float, _: object = None) -> str:
    """A number in little room: 12k, 3.5M, 0.05."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:g}"


def _counts(axes: Axes) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(_short))


def _rates(axes: Axes, rates: Iterable[float]) -> None:
    axes.set_ylim(0, min(1.15 * max(rates), 1.02) or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{100 * rate:.3g} %"))


def _time(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _days(days: Iterable[str]) -> NDArray[np.datetime64]:
    return np.array(list(days), "datetime64[D]")
