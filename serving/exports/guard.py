"""Text that a spreadsheet opens as text."""

import pyarrow as pa
import pyarrow.compute as pc

# A cell that begins so is taken for a formula, or hides one.
FORMULA_STARTS = (
    "=", "+", "-", "@", "\t", "\r", "\n", "\x00", "\uff1d", "\uff0b", "\uff0d", "\uff20",
)  # fmt: skip
_PATTERN = r"^[=+\-@\t\r\n\x00\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"


def guarded(text: object) -> object:
    """Text with a `'` in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if isinstance(text, str) and text.startswith(FORMULA_STARTS) else text


def guarded_column(texts: pa.Array) -> pa.Array:
    """Return a column of texts, each as `guarded` has it."""
    is_formula = pc.match_substring_regex(texts, _PATTERN)
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", texts, ""), texts)
