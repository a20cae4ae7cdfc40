"""Who is on a list, by age, sex and area; and what customers may not be told of themselves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from retention.wilson import wilson

Bool = NDArray[np.bool_]
# Attributes of people that a list must not choose by without anybody noticing: kind -> names.
PROTECTED = {
    "age": ("age", "age_band", "age_group", "birth_year", "year_of_birth", "birthdate", "birthday"),
    "sex": ("sex", "gender"),
    "area": ("area", "region", "state", "country", "city", "postcode", "zip", "zip_code", "county"),
}
AGE_BANDS = (18, 30, 45, 60, 75)
ONE_TIME = "one-time buyers"
REPEAT = "repeat buyers"
UNKNOWN = "unknown"
OTHER = "other"
LEAST_IN_BAND = 30
TOO_FEW = "too few to tell"
MOST_BANDS = 12


@dataclass(frozen=True)
class BandRate:
    """How many of a band are on the list, beside all others who could have been.

    Attributes
    ----------
    attribute, band : such as `age`, `30 to 44`
    customers, selected : numbers
    rate, low, high : share selected with its Wilson interval, 0 to 1
    others_rate : share selected of all customers in other bands; None where there are none
    differs : the rates of band and others differ, see `selection_rates`
    sentence : the same in words
    """

    attribute: str
    band: str
    customers: int
    selected: int
    rate: float
    low: float
    high: float
    others_rate: float | None
    differs: bool
    sentence: str


def selection_rates(
    selected: ArrayLike, bands: pd.DataFrame, *, level: float = 0.95
) -> list[BandRate]:
    """Selection rate of each band of each attribute.

    Parameters
    ----------
    selected : bool, shape (n,), who of those that could have been on the list is on it
    bands : DataFrame of shape (n, n_attributes), names of bands: `bands_of`; None counts as
        `unknown`
    level : of the Wilson intervals

    Returns
    -------
    list of BandRate, by attribute, bands in order of name

    Notes
    -----
    A band differs where the interval of the difference from all others excludes 0 (Newcombe 1998,
    Statistics in Medicine 17, 873-890, method 10), at a level shared among the attribute's bands:
    a list drawn at random shows a difference in an attribute with probability 1 - `level` at most.
    None is told where the band or all others are fewer than `LEAST_IN_BAND`.
    """
    chosen = np.asarray(selected, bool)
    found = []
    for attribute in bands.columns:
        band = bands[attribute].astype(object).fillna(UNKNOWN).astype(str).to_numpy(object)
        names, place = np.unique(band.astype(str), return_inverse=True)
        sizes = np.bincount(place, minlength=len(names))
        counts = np.bincount(place, chosen, minlength=len(names))
        low, high = wilson(counts, sizes, level=level)
        differs = _differ(counts, sizes, level=1 - (1 - level) / max(len(names), 1))
        for i, name in enumerate(names):
            rest = len(chosen) - int(sizes[i])
            others = (float(chosen.sum()) - float(counts[i])) / rest if rest else None
            found.append(
                _rate(
                    str(attribute),
                    str(name),
                    int(sizes[i]),
                    int(counts[i]),
                    (float(low[i]), float(high[i])),
                    others,
                    rest,
                    bool(differs[i]),
                )
            )
    return found


def _differ(count: NDArray[np.int64], size: NDArray[np.int64], *, level: float) -> Bool:
    """Whether each band's share differs from that of all other bands together."""
    rest, rest_count = size.sum() - size, count.sum() - count
    low, high = wilson(count, size, level=level)
    rest_low, rest_high = wilson(rest_count, rest, level=level)
    share, other = count / np.maximum(size, 1), rest_count / np.maximum(rest, 1)
    gap = share - other
    least = gap - np.sqrt((share - low) ** 2 + (rest_high - other) ** 2)
    most = gap + np.sqrt((high - share) ** 2 + (other - rest_low) ** 2)
    return np.asarray((least > 0) | (most < 0))


def bands_of(
    attributes: pd.DataFrame, n_orders: ArrayLike, *, year: int | None = None
) -> pd.DataFrame:
    """Bands of the customers of a list: those of age, sex and area that are there, and of orders.

    Parameters
    ----------
    attributes : DataFrame of shape (n, n_columns), attributes of the table of customers, as text
    n_orders : array of shape (n,), orders to date
    year : that of the list, by which a year of birth becomes an age

    Returns
    -------
    DataFrame of shape (n, n_attributes), columns named as the attributes, the last one `orders`:
        `one-time buyers` or `repeat buyers`. Ages are banded; of another attribute with more than
        `MOST_BANDS` values the largest are kept, the rest is `other`
    """
    found = pd.DataFrame(index=attributes.index)
    for column in attributes.columns:
        kind = protected_kind(str(column))
        if kind == "age":
            found[column] = _ages(attributes[column], str(column), year)
        elif kind is not None:
            found[column] = _largest(attributes[column])
    orders = np.asarray(n_orders, float)
    kinds = np.where(orders > 1, REPEAT, ONE_TIME).astype(object)
    found["orders"] = pd.Series(kinds, index=attributes.index, dtype="object")
    return found


def protected_kind(name: str) -> str | None:
    """`age`, `sex` or `area` for a column that tells it by its name, else None."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return next((kind for kind, names in PROTECTED.items() if plain in names), None)


def _ages(values: pd.Series, name: str, year: int | None) -> pd.Series:
    """Bands of ages or years of birth; what is no number stays a band of its own, such as 18-29."""
    text = values.astype(object).where(values.notna(), None)
    number = pd.to_numeric(text, errors="coerce").to_numpy(float)
    if "birth" in name.lower():
        born = pd.to_numeric(text.astype(str).str[:4], errors="coerce").to_numpy(float)
        number = np.full(len(born), np.nan) if year is None else year - born
        text = pd.Series([None] * len(values), index=values.index, dtype="object")
    number = np.where((number >= 0) & (number < 130), number, np.nan)
    edges = [0, *AGE_BANDS, 130]
    labels = [f"{a} to {b - 1}" for a, b in pairwise(edges)]
    labels[0], labels[-1] = f"under {AGE_BANDS[0]}", f"{AGE_BANDS[-1]} and over"
    banded = np.full(len(values), None, object)
    known = ~np.isnan(number)
    banded[known] = np.array(labels, object)[np.searchsorted(AGE_BANDS, number[known], "right")]
    named = pd.Series(banded, index=values.index, dtype="object")
    return named.where(known, _largest(text))


def _largest(values: pd.Series) -> pd.Series:
    text = values.astype(object).where(values.notna(), None)
    counts = text.value_counts()
    if len(counts) <= MOST_BANDS:
        return text
    kept = set(counts.index[: MOST_BANDS - 1])
    return text.where(text.isin(kept) | text.isna(), OTHER)


def _rate(
    attribute: str,
    band: str,
    customers: int,
    selected: int,
    bounds: tuple[float, float],
    others: float | None,
    rest: int,
    differs: bool,
) -> BandRate:
    rate = selected / customers
    differs = differs and min(customers, rest) >= LEAST_IN_BAND
    who = band if attribute == "orders" else f"customers with {attribute} {band}"
    start = f"Of {customers:,} {who} {rate:.1%} are on the list"
    if customers < LEAST_IN_BAND:
        end = f"; fewer than {LEAST_IN_BAND} are {TOO_FEW}."
    elif others is None:
        end = f" (95% interval {bounds[0]:.1%} to {bounds[1]:.1%}); there are no others."
    elif rest < LEAST_IN_BAND:
        end = (
            f" (95% interval {bounds[0]:.1%} to {bounds[1]:.1%}); the others are {rest}, {TOO_FEW}."
        )
    else:
        how = ("more often" if rate > others else "less often") if differs else "about as often"
        end = (
            f" (95% interval {bounds[0]:.1%} to {bounds[1]:.1%}): {how} "
            f"{'as' if how.startswith('about') else 'than'} the others ({others:.1%})."
        )
    return BandRate(
        attribute, band, customers, selected, rate, *bounds, others, differs, start + end
    )


# Words that tell a customer what the shop thinks of them: risk, worth, class.
_UNFIT = re.compile(
    r"\b(?:"
    r"risk\w*|churn\w*|attrition|at[ -]risk|likel\w+|unlikel\w+|probab\w+|predict\w*|"
    r"expected value|"
    r"score[ds]?|rank\w*|percentile|"
    r"clv|ltv|lifetime value|customer value|value at risk|valuable|worth\w*|profit\w*|"
    r"tiers?|segments?|"
    r"(?:top|high|medium|low)[ -](?:value|risk|tier|spender|customer)\w*|"
    r"champions?|loyal|disloyal|promising|slipping|lapsed|dormant|almost lost|previously loyal|"
    r"needs attention|won back|lost customer|leaving|drift\w*"
    r")\b",
    re.IGNORECASE,
)


def unfit_words(text: str) -> list[str]:
    """Words of a sentence for customers' eyes that state risk, value, tier or group.

    Facts of what a customer did (days, orders, amounts) are fit; what is concluded from them is
    not. Empty where the sentence is fit.
    """
    return [found.group(0).lower() for found in _UNFIT.finditer(text)]


def refuse_unfit(texts: Sequence[str]) -> None:
    """Raise ValueError if a text for customers' eyes states risk, value, tier or group.

    Raises
    ------
    ValueError
        With the first such text and its words.
    """
    for text in texts:
        words = unfit_words(text)
        if words:
            raise ValueError(
                f"a text for customers says {', '.join(repr(w) for w in words)}: {text!r}; say "
                "what the customer did, not what is concluded from it"
            )
