"""Rules on source columns as SQL: which rows are cancelled, which are no purchases, and why."""

from collections.abc import Mapping

from features.reading.source import PurchaseSource, Rule
from features.reading.values import bare_id_sql, literal, quoted, text_sql


def rule_sql(rule: Rule, types: Mapping[str, str]) -> str:
    """True where the rule holds, false where it does not or the column is empty."""
    text = text_sql(quoted(rule.column), types[rule.column])
    values = [literal(value) for value in rule.values]
    test = {
        "starts_with": f"starts_with({text}, {values[0]})",
        "equals": f"({text}) = {values[0]}",
        "in": f"({text}) IN ({', '.join(values)})",
        "matches": f"regexp_matches({text}, {values[0]})",
    }[rule.test]
    return f"coalesce({test}, false)"


def cancelled_sql(source: PurchaseSource, types: Mapping[str, str]) -> str | None:
    """Whether a row is cancelled; None where no rule says so."""
    return rule_sql(source.cancelled, types) if source.cancelled else None


def why_sql(source: PurchaseSource, types: Mapping[str, str]) -> str | None:
    """Why a row is left out, by the first rule that holds; None where there are no such rules."""
    if not source.exclude:
        return None
    cases = [f"WHEN {rule_sql(e.rule, types)} THEN {literal(e.why)}" for e in source.exclude]
    return f"CASE {' '.join(cases)} END"


def refund_of_sql(source: PurchaseSource, types: Mapping[str, str]) -> str | None:
    """The order that a cancelled row names: its own id without the mark of cancellation.

    None where the rule is another than a first text of the order id. Takes our `order_id` and
    `cancelled` from the row.
    """
    rule, order_id = source.cancelled, source.theirs("order_id")
    if rule is None or rule.test != "starts_with" or rule.column != order_id:
        return None
    if order_id not in types:
        return None
    rest = f"nullif(trim(substr(order_id, {len(rule.values[0]) + 1})), '')"
    return f"CASE WHEN cancelled THEN {bare_id_sql(rest)} END"
