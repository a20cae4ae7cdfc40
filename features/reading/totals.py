"""A formula of line totals as exact SQL: decimals all the way, one rounding at the end."""

from collections.abc import Mapping

from features.reading.formula import (
    Column,
    FormulaError,
    Number,
    Operation,
    Tree,
    columns_of,
    read_formula,
)
from features.reading.values import exact_sql, quoted, ten_thousandths_sql

# DECIMAL has 38 digits; 14 of them stay for what is before the point.
MOST_DECIMALS = 24
# Decimals of an operand that count, where the formula leaves room for them.
OPERAND_DECIMALS = (4, 12)


def total_sql(formula: str, types: Mapping[str, str]) -> str:
    """Line totals in whole ten-thousandths, halves away from zero; null where an operand is.

    Every operand counts with 12 decimals, fewer if more than two columns are multiplied.
    """
    tree = read_formula(formula)
    scale = _decimals_of_operands(tree)
    values = {n: exact_sql(quoted(n), types[n], scale) for n in columns_of(tree)}
    return ten_thousandths_sql(f"TRY_CAST(TRY({_sql(tree, values)}) AS DECIMAL(18, 4))")


def _sql(tree: Tree, values: Mapping[str, str]) -> str:
    if isinstance(tree, Operation):
        return f"({_sql(tree.left, values)} {tree.sign} {_sql(tree.right, values)})"
    if isinstance(tree, Column):
        return values[tree.name]
    return f"{tree.text}::DECIMAL(38, {_decimals(tree)})"


def _decimals(number: Number) -> int:
    return len(number.text.partition(".")[2])


def _decimals_of_operands(tree: Tree) -> int:
    factors, decimals = _widest(tree)
    least, most = OPERAND_DECIMALS
    scale = min(most, (MOST_DECIMALS - decimals) // max(factors, 1))
    if scale < least:
        raise FormulaError(
            f"the formula in purchases.amount multiplies {factors} columns and numbers of "
            f"{decimals} decimals, too many to stay exact; make the column in the source"
        )
    return scale


def _widest(tree: Tree) -> tuple[int, int]:
    """Columns, and decimals of numbers, that are multiplied with each other at most."""
    if isinstance(tree, Column):
        return 1, 0
    if isinstance(tree, Number):
        return 0, _decimals(tree)
    left, right = _widest(tree.left), _widest(tree.right)
    if tree.sign == "*":
        return left[0] + right[0], left[1] + right[1]
    return max(left[0], right[0]), max(left[1], right[1])
