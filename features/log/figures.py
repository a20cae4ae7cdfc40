"""Figures of the data report over several reads of one log."""

from collections import Counter
from collections.abc import Mapping
from typing import Any


def together(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of both reads; see `features.reading.facts` for what they are."""
    filled = Counter(one["filled"]) + Counter(two["filled"])
    columns = dict.fromkeys([*one["filled"], *two["filled"]])
    oddities: Counter[tuple[str, str | None]] = Counter()
    for told in (*one["quantity"], *two["quantity"]):
        oddities[told["oddity"], told["category"]] += told["lines"]
    return {
        "reasons": dict(Counter(one["reasons"]) + Counter(two["reasons"])),
        "excluded_by": dict(Counter(one["excluded_by"]) + Counter(two["excluded_by"])),
        "cancelled": one["cancelled"] + two["cancelled"],
        "files": sorted([*one["files"], *two["files"]], key=lambda f: str(f["file"])),
        "filled": {name: filled.get(name, 0) for name in columns},
        "all_null": [name for name in columns if not filled.get(name)],
        "unused": list(dict.fromkeys([*one["unused"], *two["unused"]])),
        "currencies": one.get("currencies", []),
        "aware": {**one.get("aware", {}), **two.get("aware", {})},
        "quantity": [
            {"oddity": oddity, "category": category, "lines": lines}
            for (oddity, category), lines in oddities.most_common()
        ],
    }
