"""All features: one entry each, in the file of its family."""

from features.families import (
    basket,
    channel,
    cohort,
    gaps,
    money,
    rfm,
    season,
    trend,
    windows,
)
from features.families.feature import Feature

FAMILIES = (rfm, gaps, windows, trend, season, basket, channel, money, cohort)
FEATURES: tuple[Feature, ...] = tuple(f for family in FAMILIES for f in family.FEATURES)
BY_NAME: dict[str, Feature] = {f.name: f for f in FEATURES}


def catalogue_page() -> str:
    """The catalogue as a Markdown page, for `docs/features.md`."""
    lines = [
        "# Features",
        "",
        "Each is a function of the purchases that became known in the three years before the",
        "cutoff; what came earlier is not seen. Money is in the log's own currency, net of",
        "refunds where it says net.",
        "",
    ]
    for family in dict.fromkeys(f.family for f in FEATURES):
        lines += [f"## {family}", "", "| feature | unit | meaning |", "| --- | --- | --- |"]
        lines += [
            f"| `{f.name}` | {f.unit} | {f.sentence} |" for f in FEATURES if f.family == family
        ]
        lines.append("")
    return "\n".join(lines)
