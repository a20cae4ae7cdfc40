"""Days and moments as patterns for the OpenAPI document: a text that fits is one that is read.

`format: date` alone would promise days that lie ahead.
"""

import calendar
from datetime import date

_MONTH_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP = "(?:19|20)(?:0[48]|[2468][048]|[13579][26])|2000"
_DAY = f"(?:(?:19|20)[0-9]{{2}}-{_MONTH_DAY}|(?:{_LEAP})-02-29)"
_HOUR_MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SECONDS = r"(?::[0-5][0-9](?:\.[0-9]{1,6})?)"

DAY = f"^{_DAY}$"
LOCAL = f"^{_DAY}(?:[T ]{_HOUR_MINUTE}{_SECONDS}?)?$"
WITH_OFFSET = f"^{_DAY}T{_HOUR_MINUTE}{_SECONDS}(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])$"


def until(today: date) -> str:
    """Return the pattern of the days from 1900-01-01 to `today`."""
    last = today.year - 1
    leap = "|".join(str(year) for year in range(1904, today.year) if calendar.isleap(year))
    this = "|".join(
        f"{month:02d}-(?:{_numbers(_last_day(today, month))})"
        for month in range(1, today.month + 1)
    )
    return f"^(?:(?:{_years(last)})-{_MONTH_DAY}|(?:{leap})-02-29|{today.year}-(?:{this}))$"


def _last_day(today: date, month: int) -> int:
    return today.day if month == today.month else calendar.monthrange(today.year, month)[1]


def _years(last: int) -> str:
    tens, units = divmod(last - 2000, 10)
    whole = [f"20[0-{tens - 1}][0-9]"] if tens else []
    return "|".join(["19[0-9]{2}", *whole, f"20{tens}[0-{units}]"])


def _numbers(last: int) -> str:
    tens, units = divmod(last, 10)
    if tens == 0:
        return f"0[1-{units}]"
    whole = ["0[1-9]", *(f"{t}[0-9]" for t in range(1, tens))]
    return "|".join([*whole, f"{tens}[0-{units}]"])
