"""The page on customer value tells of every code."""

import re
from pathlib import Path

from retention import value_fields
from retention.clv import formula, ladder, ratios
from retention.portfolio import alert, cohorts, growth

TEXT = (Path(__file__).parents[2] / "docs" / "value.md").read_text(encoding="utf-8")
MODULES = (value_fields, formula, ladder, ratios, alert, cohorts, growth)
PREFIXES = ("NO_", "NEVER_", "TOO_FEW", "FREE_", "WINDOW_")


def test_every_code_stands_on_the_page():
    codes = {
        value
        for module in MODULES
        for name, value in vars(module).items()
        if name.startswith(PREFIXES) and isinstance(value, str)
    }
    assert len(codes) >= 10
    assert codes - set(re.findall(r"`(\w+)`", TEXT)) == set()
