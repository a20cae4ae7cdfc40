from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.reading.formula import (
    Column,
    FormulaError,
    Number,
    Operation,
    as_operand,
    columns_of,
    read_formula,
)

A, B, C = Column("a"), Column("b"), Column("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        (" a * b ", Operation("*", A, B)),
        ("a x b × c", Operation("*", Operation("*", A, B), C)),
        ("a + b * c", Operation("+", A, Operation("*", B, C))),
        ("(a + b) * c", Operation("*", Operation("+", A, B), C)),
        ("a - b - c", Operation("-", Operation("-", A, B), C)),
        ("a − b", Operation("-", A, B)),
        ("-a", Operation("-", Number("0"), A)),
        ("a * -1.5", Operation("*", A, Operation("-", Number("0"), Number("1.5")))),
        (".5 * a", Operation("*", Number(".5"), A)),
        ("`Unit Price` * a", Operation("*", Column("Unit Price"), A)),
        ("Stück * Preis_netto", Operation("*", Column("Stück"), Column("Preis_netto"))),
        ("x x x", Operation("*", Column("x"), Column("x"))),
    ],
)
def test_a_formula_is_read_as_arithmetic_has_it(text, tree):
    assert read_formula(text) == tree


@pytest.mark.parametrize(
    ("text", "place", "got"),
    [
        ("", 1, "its end"),
        ("a *", 4, "its end"),
        ("a b", 3, "`b`"),
        ("a ** b", 4, r"`\*`"),
        ("(a", 3, "its end"),
        ("a)", 2, r"`\)`"),
        ("a / b", 3, "`/`"),
        ("2a", 1, "`2`"),
        ("1,5 * a", 2, "`,`"),
        ("a * 'b'", 5, "`'`"),
        ("__import__('os')", 11, r"`\(`"),
        ("`a", 1, "``"),
        ("a; DROP TABLE b", 2, "`;`"),
    ],
)
def test_what_is_no_formula_is_refused_with_its_place(text, place, got):
    with pytest.raises(
        FormulaError, match=f"purchases.amount .*character {place}, {got}"
    ) as caught:
        read_formula(text)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["(" * 99 + "a" + ")" * 99, "-" * 99 + "a", "a+" * 400 + "a"])
def test_a_formula_beyond_measure_is_refused(text):
    with pytest.raises(FormulaError, match=r"nested more than|at most 500 are read"):
        read_formula(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab1.+-*x×()` ,/'\"é\0", max_size=30))
def test_any_text_is_a_tree_or_a_formula_error(text):
    with suppress(FormulaError):
        assert all(name in text for name in columns_of(read_formula(text)))


def test_the_columns_of_a_formula_stand_once_in_order():
    assert columns_of(read_formula("b * a + 2 * b")) == ["b", "a"]


@pytest.mark.parametrize("name", ["Quantity", "Unit Price", "x", "Prix (HT)", "2nd", "a-b"])
def test_any_name_can_be_an_operand(name):
    assert read_formula(f"{as_operand(name)} * 2") == Operation("*", Column(name), Number("2"))
