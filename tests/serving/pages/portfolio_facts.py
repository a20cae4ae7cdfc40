"""Facts of a portfolio as a publication counts them, every part of the page filled."""

from copy import deepcopy

from serving.web.examples import PORTFOLIO


def _group(name, past, ahead):
    spread = {"low": past + ahead - 8.5, "high": past + ahead + 8.5, "total_share": 0.1}
    means = {"historic_mean": past, "predicted_mean": ahead, "total_mean": past + ahead}
    return {"group": name, "customers": 321, **means, **spread, "total": 321 * (past + ahead)}


def _window(days, rate):
    code = "window_open" if rate is None else None
    low, high = (None, None) if rate is None else (rate - 0.02, rate + 0.02)
    repeaters = None if rate is None else round(rate * 321)
    told = {"rate": rate, "low": low, "high": high, "code": code}
    return {"window_days": days, "repeaters": repeaters, **told}


MONTHS = [f"{year}-{month:02d}" for year in (2022, 2023) for month in range(1, 13)]
CHANNELS = ["ads", "friends", "<img src=x onerror=alert(1)>"]
RATE = {"customers": 1200, "retained": 480, "rate": 0.4, "low": 0.37, "high": 0.43}
ALARM = {
    "cohort": "2023-12",
    "customers": 321,
    "mean": 31.5,
    "usual": 40.2,
    "change": -0.22,
    "p": 0.004,
    "worth_less": True,
    "sentence": "Customers who first bought in 2023-12 spent less than those before them.",
}


def _on_basis():
    found = deepcopy(PORTFOLIO["worth"])
    found["cohorts"] = [_group(month, 80.0 + i, 20.0 - i / 2) for i, month in enumerate(MONTHS)]
    found["channels"] = [_group(channel, 60.0, 20.0) for channel in CHANNELS]
    return found


FACTS = {
    "worth": {
        "revenue": _on_basis(),
        "profit": _on_basis(),
        "ladder": {
            **PORTFOLIO["ladder"],
            "acquisition": {
                "customers": 900,
                "cost": 4500.0,
                "contribution": 41200.0,
                "clv_to_acquisition_cost": 9.16,
                "payback_months": 2.5,
            },
        },
    },
    "newcomers": {
        basis: {"days": 90, "code": None, "sentence": ALARM["sentence"], "cohorts": [ALARM]}
        for basis in ("revenue", "profit")
    },
    "repeat": {
        "period": "month",
        "windows": [30, 60, 90, 365],
        "cohorts": [
            {
                "cohort": month,
                "customers": 321,
                "windows": [
                    _window(days, rate)
                    for days, rate in ((30, 0.2), (60, 0.3), (90, 0.35), (365, None))
                ],
            }
            for month in MONTHS
        ],
    },
    "retention": {
        "years": [{"year": 2023, **RATE}],
        "cohorts": [{"cohort": 2021, "year": year, **RATE} for year in (2022, 2023)],
    },
    "behaviour": [
        *PORTFOLIO["behaviour"],
        {"by": "channel_mix", "groups": [], "not_told": 540, "code": "no_channel_column"},
    ],
    "moves": {
        "since": {"batch_id": "b0", "as_of": "2024-06-24"},
        "lifecycle_status": {
            **PORTFOLIO["moves"]["lifecycle_status"],
            "order": ["active", "developing", "new", "won_back", "slipping", "lapsed"],
            "joined": 3,
        },
        "rfm_group": None,
    },
    "growth": {k: v for k, v in PORTFOLIO["growth"].items() if k != "items"},
}
