"""What effect a list can show: two proportions, power 80 %, alpha 5 % two-sided.

The variance of a return is the mean of p (1 - p) over the list's own probabilities, for the readout
is adjusted for them: what is told of a customer beforehand is no noise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from retention.lists.holdout import MOST, held_out_sizes

Float = NDArray[np.float64]
ALPHA, POWER = 0.05, 0.80
Z_ALPHA, Z_POWER = float(norm.ppf(1 - ALPHA / 2)), float(norm.ppf(POWER))
SHARES = np.arange(1, 51) / 100
# Of more customers every so many-th tells the mean of their variances to a hundredth of its size.
ENOUGH = 20_000
# Where no share shows what was asked for, holding out more only costs: the list mostly earns, and
# over several lists a tenth still adds up to an answer.
WHERE_NONE_SUFFICES = 0.10


@dataclass(frozen=True)
class HoldoutChoice:
    """The share chosen, what it can show, and a sentence for the list's page.

    Attributes
    ----------
    share : h, at most 0.5
    detectable : effect on the return rate, 0-1, that is shown in 80 % of cases; NaN if none is
    sufficient : whether `detectable` is within what was asked for
    """

    share: float
    detectable: float
    sufficient: bool
    sentence: str


def _error(p: Float, effect: float, contacted: int, held: int) -> float:
    """Standard error of the difference between the arms, where there is an effect."""
    after = np.clip(p + effect, 0, 1)
    return float(np.sqrt(np.mean(after * (1 - after)) / contacted + np.mean(p * (1 - p)) / held))


def power_of(p: Float, effect: float, *, contacted: int, held: int) -> float:
    """Probability that an effect on the return rate is shown, either side; NaN without both arms.

    Parameters
    ----------
    p : shape (n,), probabilities of return without contact
    effect : 0-1 on the return rate, 0.05 = 5 points
    """
    if min(contacted, held) < 1 or not len(p):
        return float("nan")
    error = _error(np.asarray(p, float), effect, contacted, held)
    if error == 0:
        return float(effect != 0)
    return float(norm.sf(Z_ALPHA - effect / error) + norm.cdf(-Z_ALPHA - effect / error))


class _Returns:
    """Probabilities of return, and what their variance would be if contact added to each of them.

    The sums over those that an effect leaves below 1 are made once, so each effect tried costs a
    search.

    Parameters
    ----------
    p : shape (n,), n > 0
    """

    def __init__(self, p: Float) -> None:
        self._sorted = np.sort(p)
        self._sums = np.concatenate([[0.0], np.cumsum(self._sorted)])
        self._squares = np.concatenate([[0.0], np.cumsum(self._sorted**2)])
        self.most = 1 - float(self._sums[-1]) / len(p)

    def variance(self, effect: float) -> float:
        """Mean of q (1 - q), where q is p with the effect, at most 1; the effect is 0 or more."""
        count = int(np.searchsorted(self._sorted, 1 - effect, side="right"))
        first, second = float(self._sums[count]), float(self._squares[count])
        total = first - second - 2 * effect * first + count * effect * (1 - effect)
        return max(total, 0.0) / len(self._sorted)

    def detectable(self, *, contacted: int, held: int) -> float:
        """Rise of the return rate that is shown in 80 % of cases; NaN where none is."""
        if min(contacted, held) < 1:
            return float("nan")
        without = self.variance(0.0) / held

        def lacking(effect: float) -> float:
            error = float(np.sqrt(self.variance(effect) / contacted + without))
            return effect - (Z_ALPHA + Z_POWER) * error

        if self.most <= 0 or lacking(self.most) < 0:
            return float("nan")
        return float(brentq(lacking, 0.0, self.most)) if lacking(0.0) < 0 else 0.0


def detectable_effect(p: Float, *, contacted: int, held: int) -> float:
    """Rise of the return rate, 0-1, that is shown in 80 % of cases; NaN where none is.

    Parameters
    ----------
    p : shape (n,), probabilities of return without contact
    """
    if not len(p):
        return float("nan")
    return _Returns(np.asarray(p, float)).detectable(contacted=contacted, held=held)


def detectable_at(p: Float, share: float) -> float:
    """Detectable effect of a list with these probabilities and a hold-out share."""
    return detectable_of(p, held_out_sizes(len(p), share))


def detectable_of(p: Float, held: int) -> float:
    """Detectable effect of a list with these probabilities of which so many are held out."""
    return detectable_effect(_some(p), contacted=len(p) - held, held=held)


def _some(p: Float) -> Float:
    return p[:: max(1, len(p) // ENOUGH)]


@dataclass(frozen=True)
class AutoShare:
    """The share that `auto` holds out.

    Attributes
    ----------
    share : h, at most 0.5
    suffices : whether an effect as small as was asked for is shown with it
    half_shows : detectable effect with half the list held out; NaN where none is
    """

    share: float
    suffices: bool
    half_shows: float


def auto_share(p: Float, effect: float, reach: Callable[[float], int] | None = None) -> AutoShare:
    """The least share, in steps of one per cent, with which an effect can be shown.

    Where none up to a half suffices, `WHERE_NONE_SUFFICES`.

    Parameters
    ----------
    p : shape (n,), probabilities of return without contact, in the order of expected profit
    effect : stated detectable effect on the return rate, above 0, 0.03 = 3 points
    reach : how many of the first customers the list takes with a share (the more are held out, the
        further a budget goes); by default all
    """
    if not 0 < effect < 1:
        raise ValueError(
            f"the effect to be detected must be between 0 and 1, got {effect}; 3 points are 0.03"
        )
    known: dict[int, _Returns] = {}

    def shows(share: float) -> float:
        size = len(p) if reach is None else reach(share)
        if not size:
            return float("nan")
        if size not in known:
            known[size] = _Returns(_some(p[:size]))
        held = held_out_sizes(size, share)
        return known[size].detectable(contacted=size - held, held=held)

    enough = next((share for share in SHARES.tolist() if shows(share) <= effect), None)
    share = WHERE_NONE_SUFFICES if enough is None else enough
    return AutoShare(share, enough is not None, shows(SHARES[-1].item()))


def told_holdout(
    p: Float, held: int, effect: float, *, share: float, auto: AutoShare | None = None
) -> HoldoutChoice:
    """What a list with so many held out can show, in a sentence.

    Parameters
    ----------
    p : shape (n,), probabilities of all on the list
    held : how many of them are held out
    effect : that was to be shown
    share : asked for, or chosen by `auto`
    """
    found = detectable_of(p, held)
    sentence = _who(held, len(p)) + _shows(found)
    suffices = bool(found <= effect)
    if auto is not None and not (auto.suffices or suffices):
        sentence += f"; {_no_share(effect, auto.half_shows)}"
    return HoldoutChoice(share, found, suffices or (auto is not None and auto.suffices), sentence)


def _who(held: int, size: int) -> str:
    if not held:
        return "nobody is held out"

    return f"{held:,} of {size:,} customers ({100 * held / size:.3g} %) held out"


def _shows(found: float) -> str:
    if np.isnan(found):
        return ": no effect can be shown"
    return (
        f": an effect of {100 * found:.1f} points or more on the return rate is shown in "
        f"{100 * POWER:.0f} % of cases"
    )


def _no_share(effect: float, half_shows: float) -> str:
    asked = f"no share up to a half shows the {100 * effect:.3g} points asked for"
    if np.isnan(half_shows):
        return f"{asked}, nor any effect at all: the list is too short to be measured alone"
    return (
        f"{asked}: with half held out {100 * half_shows:.1f} points or more would be shown; to "
        f"have it so, hold out {100 * MOST:g} %"
    )
