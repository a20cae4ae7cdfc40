"""Plain definitions of the features, a customer at a time: slow, and easy to check by eye.

`rfm_at` follows the definitions of Fader, Hardie & Lee (2005) and scans the log once a cutoff.
"""

import math
from collections import Counter
from statistics import median

import numpy as np
import pandas as pd

from tests.features.settled import BOUGHT, NOTHING, REFUND, Line, settled

LOOKBACK = 1095
UNIT = 10_000
NAN = float("nan")


def rfm_at(purchases, cutoff):
    """Frequency, recency, T and monetary value of who bought before `cutoff`, by customer_id."""
    history = purchases[purchases["ordered_at"] < cutoff]
    day = history["ordered_at"].dt.normalize().rename("day")
    visits = history.groupby(["customer_id", day])["amount"].sum().reset_index()
    days = visits.groupby("customer_id")["day"]
    first, last = days.min(), days.max()
    repeats = visits[visits["day"] > days.transform("min")]
    spend = repeats.groupby("customer_id")["amount"].mean()
    tenure, recency = (cutoff - first).dt.days, (last - first).dt.days
    columns = {"frequency": days.size() - 1, "recency": recency, "T": tenure}
    return pd.DataFrame({**columns, "monetary_value": spend})


def features_at(lines, cutoff):
    """Features of every customer with a line known before `cutoff`, DataFrame by customer_id."""
    return _table({c: features_of(mine, cutoff) for c, mine in _known(lines, cutoff)})


def facts_at(lines, cutoff):
    """Facts of every customer with a line known before `cutoff`, DataFrame by customer_id."""
    return _table({c: _facts(History(mine, cutoff), cutoff) for c, mine in _known(lines, cutoff)})


def _known(lines, cutoff):
    """Customers and their lines known before a day, settled without what came later."""
    known = [t["known_at"] < np.datetime64(cutoff, "D").item() for t in _stamps(lines)]
    return settled(lines.filter(known)).items()


def _stamps(lines):
    return [
        {**told, "known_at": told["known_at"].date()}
        for told in lines.select(["known_at"]).to_pylist()
    ]


def _table(rows):
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("customer_id").astype(float)


def over(a, b):
    return a / b if b > 0 else NAN


def total(lines, name="amount"):
    return sum(getattr(line, name) if name == "amount" else line.get(name) for line in lines) / UNIT


class Piece:
    """An order as far as a history holds it."""

    def __init__(self, lines: list[Line]) -> None:
        self.bought = [x for x in lines if x.kind == BOUGHT]
        self.refunds = [x for x in lines if x.kind == REFUND]
        self.gross, self.net = total(self.bought), total(lines)


class History:
    """Lines of one customer in the order known, and what all families of features share."""

    def __init__(self, lines: list[Line], cutoff: int) -> None:
        self.cutoff = cutoff
        self.lines = [x for x in lines if x.kind != NOTHING]
        self.bought = [x for x in lines if x.kind == BOUGHT]
        self.refunds = [x for x in lines if x.kind == REFUND]
        self.days = sorted({x.day for x in self.bought})
        named = dict.fromkeys(x.order for x in self.bought)
        self.orders = [Piece([x for x in self.lines if x.order is o]) for o in named]
        self.opening = [order.bought[0] for order in self.orders]
        self.gaps = [b - a for a, b in zip(self.days, self.days[1:], strict=False)]
        if self.bought:
            first = min(self.bought, key=lambda x: x.day)
            last = max(reversed(self.bought), key=lambda x: x.day)
            pieces = dict(zip(named, self.orders, strict=True))
            self.first_order, self.last_order = pieces[first.order], pieces[last.order]
            self.silence, self.tenure = cutoff - self.days[-1], cutoff - self.days[0]

    def within(self, lines, days, back=0):
        """Of the lines those that became known in the days that end `back` before the cutoff."""
        end = self.cutoff - back
        return [x for x in lines if end - days <= x.known < end]


def _facts(mine, cutoff):
    return {
        "orders_to_date": len(mine.orders),
        "net_to_date": total(mine.lines),
        "days_since_last_ever": cutoff - mine.days[-1] if mine.days else NAN,
        "tenure_ever": cutoff - mine.days[0] if mine.days else NAN,
        "average_gap_ever": np.mean(mine.gaps) if mine.gaps else NAN,
        "last_gap_ever": mine.gaps[-1] if mine.gaps else NAN,
        "purchase_days_ever": len(mine.days) if mine.days else NAN,
    }


def features_of(lines, cutoff):
    """All features of one customer."""
    mine = History([x for x in lines if x.known >= cutoff - LOOKBACK], cutoff)
    families = (_rfm, _gaps, _windows, _trend, _season, _basket, _kinds, _money, _cohort)
    return {name: value for family in families for name, value in family(mine).items()}


def _items(lines):
    known = [x.get("quantity") for x in lines if x.get("quantity") is not None]
    return sum(max(q, 0.0) for q in known)


def _has(lines, name):
    return any(x.get(name) is not None for x in lines)


def _rfm(mine):
    n = len(mine.orders)
    names = ("days_since_last", "T", "recency", "frequency", "orders_per_month", "monetary_value")
    row = dict.fromkeys((*names, "first_order_value", "last_order_value"), NAN)
    row |= {"n_orders": float(n), "spend_total": total(mine.lines)}
    row["average_order_value"] = over(total(mine.lines), n)
    row["refunded_total"] = -total(mine.refunds)
    row["items_per_order"] = over(_items(mine.bought), n) if _has(mine.bought, "quantity") else NAN
    if not n:
        return row
    repeats = [x for x in mine.bought if x.day != mine.days[0]]
    return row | {
        "days_since_last": mine.silence,
        "T": mine.tenure,
        "recency": mine.days[-1] - mine.days[0],
        "frequency": len(mine.days) - 1,
        "orders_per_month": 30 * n / max(mine.tenure, 30),
        "monetary_value": over(total(repeats), len(mine.days) - 1),
        "first_order_value": mine.first_order.net,
        "last_order_value": mine.last_order.net,
    }


def _gaps(mine):
    names = ("mean_gap", "sd_gap", "median_gap", "longest_gap", "last_gap", "second_gap")
    silences = ("gaps", "median_gaps", "deviations")
    row = dict.fromkeys((*names, *(f"silence_in_{s}" for s in silences), "previous_gap"), NAN)
    row |= dict.fromkeys(("gap_variation", "silence_to_longest_gap", "clumpiness"), NAN)
    row["silence_share"] = mine.silence / mine.tenure if mine.days else NAN
    if not mine.gaps:
        return row
    gaps, silence = mine.gaps, mine.silence
    mean, sd = float(np.mean(gaps)), float(np.std(gaps))
    shares = [g / mine.tenure for g in [*gaps, silence]]
    entropy = -sum(p * math.log(p) for p in shares)
    return row | {
        "mean_gap": mean,
        "sd_gap": sd,
        "median_gap": median(gaps),
        "longest_gap": max(gaps),
        "last_gap": gaps[-1],
        "second_gap": gaps[0],
        "previous_gap": gaps[-2] if len(gaps) > 1 else NAN,
        "gap_variation": sd / mean,
        "silence_in_gaps": silence / mean,
        "silence_in_median_gaps": silence / median(gaps),
        "silence_in_deviations": over(silence - mean, sd),
        "silence_to_longest_gap": silence / max(gaps),
        "clumpiness": min(1.0, max(0.0, 1 - entropy / math.log(len(shares)))),
    }


def _discount(lines):
    return sum(abs(x.get("discount") or 0) for x in lines if x.kind == BOUGHT) / UNIT


def _windows(mine):
    row: dict[str, float] = {}
    for days in (7, 14, 30, 60, 90, 180, 365):
        row[f"orders_{days}d"] = len(mine.within(mine.opening, days))
        row[f"spend_{days}d"] = total(mine.within(mine.lines, days))
        # Of whom no quantity is known, the number of items is not known either.
        items = _items(mine.within(mine.bought, days))
        row[f"items_{days}d"] = items if _has(mine.bought, "quantity") else NAN
    for days in (30, 90, 365):
        before = {x.day for x in mine.bought if x.known < mine.cutoff - days}
        row[f"purchase_days_{days}d"] = len(set(mine.days) - before)
    for days in (90, 365):
        refunds = mine.within(mine.refunds, days)
        row |= {f"refunds_{days}d": len(refunds), f"refunded_{days}d": -total(refunds)}
        row[f"discount_{days}d"] = _discount(mine.within(mine.bought, days))
    return row


def _trend(mine):
    row = {}
    for days in (30, 90, 180):
        for name, lines, size in (("orders", mine.opening, len), ("spend", mine.lines, total)):
            now, before = (size(mine.within(lines, days, back)) for back in (0, days))
            row[f"{name}_change_{days}d"] = now - before
    for half_life in (15, 45, 135):
        kept = {id(x): 0.5 ** ((mine.cutoff - x.day) / half_life) for x in mine.lines}
        row[f"decayed_orders_{half_life}d"] = sum(kept[id(x)] for x in mine.opening)
        spend = sum(x.amount / UNIT * kept[id(x)] for x in mine.lines)
        row[f"decayed_spend_{half_life}d"] = spend
    n, gaps = len(mine.orders), mine.gaps
    return row | {
        "last_gap_to_mean": gaps[-1] / np.mean(gaps) if gaps else NAN,
        "recent_gaps_to_mean": np.mean(gaps[-2:]) / np.mean(gaps) if len(gaps) > 1 else NAN,
        "last_order_to_mean": over(mine.last_order.net, total(mine.lines) / n) if n else NAN,
        "orders_90d_share": over(row_orders(mine, 90), row_orders(mine, 365)),
    }


def row_orders(mine, days, back=0):
    return len(mine.within(mine.opening, days, back))


def _season(mine):
    row = {}
    old = bool(mine.days) and mine.tenure >= 365
    for days in (30, 90):
        row[f"orders_next_{days}d_last_year"] = row_orders(mine, days, 365 - days)
        row[f"spend_next_{days}d_last_year"] = total(mine.within(mine.lines, days, 365 - days))
    row["orders_90d_last_year"] = row_orders(mine, 90, 365)
    row["spend_90d_last_year"] = total(mine.within(mine.lines, 90, 365))
    row["orders_change_year"] = row_orders(mine, 365) - row_orders(mine, 365, 365)
    row = {name: value if old else NAN for name, value in row.items()}
    dates = [np.datetime64(x.day, "D").item() for x in mine.opening]
    late, weekend = sum(d.month >= 11 for d in dates), sum(d.weekday() >= 5 for d in dates)
    return row | {
        "season_orders_share": over(late, len(dates)),
        "weekend_orders_share": over(weekend, len(dates)),
    }


def _basket(mine):
    n, known = len(mine.orders), _has(mine.bought, "quantity")
    return {
        "lines_per_order": over(len(mine.bought), n),
        "last_order_lines": len(mine.last_order.bought) if n else NAN,
        "average_item_price": over(total(mine.bought), _items(mine.bought)) if known else NAN,
    }


def _kinds(mine):
    row = {}
    for kind, many in (
        ("product", "products"),
        ("category", "categories"),
        ("channel", "channels"),
    ):
        column = "product_id" if kind == "product" else kind
        named = [x for x in mine.bought if x.get(column) is not None]
        counts = Counter(x.get(column) for x in named)
        n = len(named)
        before = {x.get(column) for x in named if x.known < mine.cutoff - 90}
        row[f"distinct_{many}"] = len(counts) if n else NAN
        row[f"new_{many}_90d"] = len(set(counts) - before) if n else NAN
        row[f"top_{kind}_share"] = max(counts.values()) / n if n else NAN
        entropy = -sum(c / n * math.log(c / n) for c in counts.values()) if n else NAN
        row[f"{kind}_entropy"] = entropy
        if kind == "product":
            row["products_per_order"] = over(len(counts), len(mine.orders)) if n else NAN
            row["repeat_lines_share"] = (n - len(counts)) / n if n else NAN
        if kind == "channel":
            usual = n and counts[named[-1].get(column)] == max(counts.values())
            row["last_channel_is_usual"] = float(usual) if n else NAN
    del row["new_channels_90d"]
    return row


def _margin(lines):
    costed = [x for x in lines if x.get("cost") is not None]
    # A cancelled line gives back what it cost.
    back = [-1 if x.kind == REFUND and x.told["amount"] > 0 else 1 for x in costed]
    costs = sum(x.get("cost") * sign for x, sign in zip(costed, back, strict=True))
    return total(costed) - costs / UNIT, total(costed)


def _money(mine):
    n, nets = len(mine.orders), [order.net for order in mine.orders]
    gross, off = total(mine.bought), _discount(mine.bought)
    sd = float(np.std(nets)) if n else NAN
    (margin, costed), known = _margin(mine.lines), _has(mine.bought, "cost")
    discounted = sum(abs(x.get("discount") or 0) > 0 for x in mine.bought)
    returned = sum(order.gross > 0 and order.net <= 0 for order in mine.orders)
    return {
        "largest_order_value": max(order.gross for order in mine.orders) if n else NAN,
        "sd_order_value": sd,
        "order_value_variation": over(sd, float(np.mean(nets))) if n else NAN,
        "gross_total": gross,
        "refunded_share": over(-total(mine.refunds), gross),
        "refunded_orders_share": over(sum(bool(o.refunds) for o in mine.orders), n),
        "returned_orders_share": over(returned, n),
        "zero_orders_share": over(sum(order.gross == 0 for order in mine.orders), n),
        "discount_total": off,
        "discount_share": over(off, gross + off),
        "discounted_lines_share": over(discounted, len(mine.bought)),
        "margin_total": margin if known else NAN,
        "margin_share": over(margin, costed) if known else NAN,
        "margin_365d": _margin(mine.within(mine.lines, 365))[0] if known else NAN,
    }


def _cohort(mine):
    names = ("lines", "products", "discount_share", "refunded_share", "to_mean")
    row = dict.fromkeys([f"first_order_{name}" for name in names], NAN) | {"first_month": NAN}
    if not mine.orders:
        return row
    first, n = mine.first_order, len(mine.orders)
    # A product counts with the order in which it was bought first, as it became known.
    seen = {x.get("product_id"): x for x in reversed(mine.bought) if x.get("product_id")}
    new = [product for product, line in seen.items() if line in first.bought]
    off = _discount(first.bought)
    return {
        "first_order_lines": len(first.bought),
        "first_order_products": len(new) if seen else NAN,
        "first_order_discount_share": over(off, first.gross + off),
        "first_order_refunded_share": over(first.gross - first.net, first.gross),
        "first_order_to_mean": over(first.net, total(mine.lines) / n),
        "first_month": np.datetime64(mine.days[0], "D").item().month,
    }


def labels_at(lines, cutoff, horizon_days, until=None):
    """Labels of every customer known before `cutoff`, DataFrame by customer_id."""
    seen = dict(_known(lines, until)) if until is not None else settled(lines)
    rows = {}
    for customer, _ in _known(lines, cutoff):
        mine = [x for x in seen.get(customer, []) if x.kind != NOTHING]
        inside = [x for x in mine if cutoff <= x.day < cutoff + horizon_days]
        bought = [x for x in inside if x.kind == BOUGHT]
        opening = {id(x.order): x for x in reversed(mine) if x.kind == BOUGHT}
        new = [x for x in opening.values() if cutoff <= x.day < cutoff + horizon_days]
        rows[customer] = {
            "churned": not bought,
            "future_orders": max(len(new), bool(bought)),
            "future_gross": total(bought),
            "future_value": total(inside),
            "future_margin": _margin(inside)[0],
            "next_order_days": min((x.day for x in bought), default=NAN) - cutoff,
        }
    return _table(rows)
