"""What is declared of a list before it is made, and cannot be changed afterwards."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from retention.lists.contact_value import ValueAssumptions
from retention.lists.holdout import MOST

OUTCOMES = ("return_rate", "revenue", "profit")
AUTO = "auto"


@dataclass(frozen=True)
class ListPlan:
    """The terms of a list.

    Attributes
    ----------
    list_id : name; the hold-out is drawn by it
    assumed : money and response
    budget : currency for contacts and incentives redeemed; None: as far as contact pays
    max_contacts : most customers contacted; None: any number
    holdout : share held out, 0-0.5, or `auto` for the least that shows `detect`, a
        tenth where none does
    detect : effect on the return rate that `auto` shall be able to show, 0.03 = 3 points
    primary_outcome : `return_rate`, `revenue` or `profit`
    readout_on : day of the readout, before which it is preliminary
    seed : of the simulated gain
    """

    list_id: str
    assumed: ValueAssumptions
    readout_on: dt.date
    budget: float | None = None
    max_contacts: int | None = None
    holdout: float | str = AUTO
    detect: float = 0.03
    primary_outcome: str = "return_rate"
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.list_id:
            raise ValueError("a list needs a name; give list_id")
        if self.primary_outcome not in OUTCOMES:
            raise ValueError(
                f"primary outcome must be one of {OUTCOMES}, got {self.primary_outcome!r}"
            )
        if isinstance(self.holdout, str):
            if self.holdout != AUTO:
                raise ValueError(f"hold-out must be a share or {AUTO!r}, got {self.holdout!r}")
        elif not 0 <= self.holdout <= MOST:
            raise ValueError(f"hold-out must be a share from 0 to {MOST}, got {self.holdout}")
        if not 0 < self.detect < 1:
            raise ValueError(f"detect must be between 0 and 1, got {self.detect}; 3 points: 0.03")
        for name in ("budget", "max_contacts"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, got {value}; leave it out for none")

    def terms(self) -> dict[str, Any]:
        """JSON values that are frozen with the list."""
        return {
            "assumed": self.assumed.as_dict(),
            "budget": self.budget,
            "max_contacts": self.max_contacts,
            "holdout": self.holdout,
            "detect": self.detect,
            "primary_outcome": self.primary_outcome,
            "readout_on": self.readout_on.isoformat(),
            "seed": self.seed,
        }
