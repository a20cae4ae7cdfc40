"""What a readout says, in a plain sentence."""

import datetime as dt
import math

from retention.lists.adjusted_effect import Effect

RETURN_RATE = "return_rate"


def verdict(primary: str, effects: dict[str, Effect], contacted: int) -> str:
    """One sentence on the primary outcome, and on whether the list paid.

    "It paid" is said only where an effect on the primary outcome is shown and the interval of the
    profit excludes 0.

    Parameters
    ----------
    primary : name of the primary outcome
    effects : outcome -> effect a customer; `profit` among them
    contacted : customers assigned to contact
    """
    effect, profit = effects[primary], effects["profit"]
    if not effect.defined:
        return "no effect can be told: without customers held out there is nothing to compare with"
    loss = profit.defined and profit.high < 0
    if not effect.shown:
        shown = f"a list of this size could have shown {_least(primary, effect)} or more"
        tail = f"; {_money_clause(profit, contacted)}" if loss else ""
        return f"no effect shown; {shown}{tail}"
    unit = " points" if primary == RETURN_RATE else " a customer"
    number, low, high = (_number(primary, v) for v in (effect.estimate, effect.low, effect.high))
    sign = "+" if effect.estimate > 0 else ""
    head = f"{sign}{number}{unit}, 95 % interval {low} to {high}"
    if effect.estimate < 0:
        away = "contact drove customers away" if primary == RETURN_RATE else "contact did harm"
        return f"{head}: {away}" + (f"; {_money_clause(profit, contacted)}" if loss else "")
    return f"{head}: {_money_clause(profit, contacted)}"


def preliminary_verdict(readout_on: dt.date, days_left: int) -> str:
    """What is said before the declared day: no interval, and no verdict."""
    days = "1 day" if days_left == 1 else f"{days_left} days"
    return f"preliminary: the readout is on {readout_on.isoformat()}, in {days}; no verdict before"


def _money_clause(profit: Effect, contacted: int) -> str:
    if not profit.defined:
        return "whether it paid cannot be told"
    total, low, high = (v * contacted for v in (profit.estimate, profit.low, profit.high))
    if profit.low > 0:
        return f"it paid {money(total)} more than it cost"
    if profit.high < 0:
        return f"it cost {money(-total)} more than it paid"
    return f"whether it paid is not shown ({money(low)} to {money(high)})"


def _number(outcome: str, value: float) -> str:
    return _signed(f"{100 * value:.1f}" if outcome == RETURN_RATE else f"{value:,.2f}")


def _least(outcome: str, effect: Effect) -> str:
    """The detectable effect, rounded up, so that no more is claimed than is so."""
    if outcome == RETURN_RATE:
        tenths = math.ceil(1000 * effect.detectable - 1e-9) / 10
        return "1 point" if tenths == 1 else f"{tenths:g} points"
    return f"{math.ceil(100 * effect.detectable - 1e-9) / 100:,.2f} a customer"


def money(amount: float) -> str:
    """An amount of the shop's currency, to the whole from 100 on."""
    return _signed(f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.2f}")


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
