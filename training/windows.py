"""Which cutoffs a log can teach from: windows of labels that had closed before a day."""

from dataclasses import dataclass

CUTOFFS = 5
SHORTEST_WINDOW = 7
YEAR = 364
SEASON_YEARS = 2
SEASON_STEPS = (0, -14, 14)
# With less before it, a window of a year ago is one of a shop's first customers, not of its season.
SEASON_HISTORY = 180
# A longer window holds most seasons itself, and its effect would be the shop's trend.
SEASON_LONGEST = 120


@dataclass(frozen=True)
class WindowPlan:
    """Training cutoffs for one horizon, known before shop day `end`.

    Attributes
    ----------
    end : day before which everything used was known
    horizon_days, observed_days : asked horizon, and the length of the label windows; shorter where
        the log is too young to close a window of the horizon
    recent : shop days, newest first; every label window ends at or before `end`
    season : shop days about one and two years before `end`, whose windows are of the same season
        as those to come; empty in a young log
    by_time : True where three disjoint windows fit, so that a gate can judge by the newest what was
        fitted and calibrated on windows that had closed before it
    """

    end: int
    horizon_days: int
    observed_days: int
    recent: tuple[int, ...]
    season: tuple[int, ...]
    by_time: bool

    @property
    def newest(self) -> int:
        """Latest cutoff, whose window has closed by `end`."""
        return self.recent[0]

    @property
    def cutoffs(self) -> tuple[int, ...]:
        """All cutoffs to fit on."""
        return (*self.recent, *self.season)


def plan_windows(
    first_day: int,
    end: int,
    horizon_days: int,
    *,
    n_cutoffs: int | None = None,
    by_time: bool | None = None,
    refund_lag_days: int = 0,
) -> WindowPlan | None:
    """Choose cutoffs between the log's first day and `end`.

    Parameters
    ----------
    first_day, end : shop days; purchases in `[first_day, end)` are known
    horizon_days : horizon asked for
    n_cutoffs : number of recent cutoffs to fit on; default 5
    by_time : force judging by time or by customer; default: by time where three windows fit
    refund_lag_days : days by which a label window must have ended before `end`, for refunds to
        come; a tenth of the log at most

    Returns
    -------
    WindowPlan, or None where the log is too young for any window of a week, or of the horizon
    where that is shorter
    """
    closed = end - min(refund_lag_days, (end - first_day) // 10)
    span = closed - first_day
    observed = horizon_days if span >= horizon_days + history_days(horizon_days) else span // 3
    if observed < min(SHORTEST_WINDOW, horizon_days):
        return None
    newest, oldest = closed - observed, first_day + history_days(observed)
    windows = (newest - oldest) // observed + 1
    divided = windows >= 3 if by_time is None else by_time
    step = max(SHORTEST_WINDOW, observed // 4)
    ladder = [newest - k * step for k in range(n_cutoffs or CUTOFFS)]
    recent = [c for c in ladder if c >= oldest] or [max(newest, first_day + 1)]
    season = (
        []
        if observed > SEASON_LONGEST
        else [
            end - YEAR * year + days for year in range(1, SEASON_YEARS + 1) for days in SEASON_STEPS
        ]
    )
    earliest = first_day + max(SEASON_HISTORY, history_days(observed))
    of_season = tuple(
        c for c in season if earliest <= c < min(recent) - max(SHORTEST_WINDOW, observed // 2)
    )
    return WindowPlan(end, horizon_days, observed, tuple(recent), of_season, divided)


def history_days(observed_days: int) -> int:
    """Days of history that a cutoff must have behind it."""
    return max(SHORTEST_WINDOW, observed_days // 2)
