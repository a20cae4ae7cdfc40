"""Formulas of line totals, such as Quantity * Price: read into a tree, never run as code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from features.errors import DataError

LONGEST = 500
DEEPEST = 50
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)(?![\w.])|(?P<name>[^\W\d]\w*)|`(?P<quoted>[^`]+)`"
    r"|(?P<sign>[-+*()×−–]))"
)
SIGNS = {"×": "*", "−": "-", "–": "-"}


class FormulaError(DataError):
    """The formula in the settings cannot be read."""

    exit_code = 2


@dataclass(frozen=True)
class Number:
    """A number of the formula, as written."""

    text: str


@dataclass(frozen=True)
class Column:
    """A source column."""

    name: str


@dataclass(frozen=True)
class Operation:
    """`left sign right`, the sign one of + - *."""

    sign: str
    left: "Tree"
    right: "Tree"


Tree = Number | Column | Operation


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def read_formula(text: str) -> Tree:
    """The tree of a formula of + - * x ( ), numbers, and names of source columns.

    A name with blanks or other marks stands in backquotes.

    Raises
    ------
    FormulaError
        If it is no such formula; the message says at which character.
    """
    if len(text) > LONGEST:
        raise FormulaError(
            f"the formula in purchases.amount has {len(text)} characters, at most {LONGEST} are "
            "read; make the column in the source"
        )
    return _Reader(text).whole()


def columns_of(tree: Tree) -> list[str]:
    """Source columns of a formula, each once, in order."""
    return list(dict.fromkeys(_columns(tree)))


def as_operand(name: str) -> str:
    """The name of a column as a formula has it: in backquotes where it needs them."""
    plain = re.fullmatch(r"[^\W\d]\w*", name) is not None and name != "x"
    return name if plain else f"`{name}`"


def _columns(tree: Tree) -> Iterator[str]:
    if isinstance(tree, Column):
        yield tree.name
    elif isinstance(tree, Operation):
        yield from _columns(tree.left)
        yield from _columns(tree.right)


class _Reader:
    """Reads by descent: sums of products of numbers, columns and brackets."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.tokens = self._split()

    def whole(self) -> Tree:
        tree = self._sum()
        if self._next.kind != "end":
            raise self._error("+, -, * or the end was expected")
        return tree

    @property
    def _next(self) -> _Token:
        return self.tokens[self.at]

    def _split(self) -> list[_Token]:
        found, place, end = [], 0, len(self.text.rstrip())
        while place < end:
            match = TOKEN.match(self.text, place)
            if match is None:
                place += len(self.text[place:]) - len(self.text[place:].lstrip())
                found.append(_Token("unknown", self.text[place], place))
                break
            kind = str(match.lastgroup)
            text = match[kind].strip() if kind == "quoted" else match[kind]
            begin = match.start(kind) - (kind == "quoted")
            found.append(_Token(kind, SIGNS.get(text, text), begin))
            place = match.end()
        return [*found, _Token("end", "", end)]

    def _error(self, wish: str) -> FormulaError:
        token = self._next
        got = f"`{token.text}`" if token.text else "its end"
        return FormulaError(
            f"the formula {self.text!r} in purchases.amount cannot be read at character "
            f"{token.place + 1}, {got}: {wish}; write it like Quantity * Price, names with "
            "blanks in backquotes"
        )

    def _takes(self, *signs: str) -> str | None:
        """Step over one of the signs if it is next; `x` between two factors is a sign."""
        token = self._next
        kinds = ("sign", "name") if token.text == "x" else ("sign",)
        if token.kind in kinds and token.text in signs:
            self.at += 1
            return token.text
        return None

    def _sum(self) -> Tree:
        tree = self._product()
        while sign := self._takes("+", "-"):
            tree = Operation(sign, tree, self._product())
        return tree

    def _product(self) -> Tree:
        tree = self._factor()
        while self._takes("*", "x"):
            tree = Operation("*", tree, self._factor())
        return tree

    def _factor(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._error(f"brackets and signs are nested more than {DEEPEST} deep")
        tree = self._signed()
        self.depth -= 1
        return tree

    def _signed(self) -> Tree:
        if self._takes("-"):
            return Operation("-", Number("0"), self._factor())
        if self._takes("+"):
            return self._factor()
        if self._takes("("):
            tree = self._sum()
            if not self._takes(")"):
                raise self._error("a closing bracket was expected")
            return tree
        token = self._next
        if token.kind == "number":
            self.at += 1
            return Number(token.text)
        if token.kind in ("name", "quoted") and token.text:
            self.at += 1
            return Column(token.text)
        raise self._error("a column, a number or an opening bracket was expected")
