"""Simulated shops of known laws: purchase logs on which perennial and its peers can be judged.

Each is a function of a seed and of a scale that multiplies the number of customers. The program
writes NAME.parquet, and beside it NAME.yaml, settings that name the shop, its file and horizons:

    python benchmarks/shops.py FOLDER [NAMES]
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).absolute().parents[1]
sys.path.insert(0, str(ROOT))  # a program's own folder is on the path, the one above it is not

from benchmarks import shop_laws as laws  # noqa: E402
from benchmarks import shop_plain as plain  # noqa: E402
from benchmarks import shop_seasons as seasons  # noqa: E402
from benchmarks.shop_subscribers import regular_subscribers  # noqa: E402

Make = Callable[..., pd.DataFrame]
Truth = Callable[[pd.DataFrame, str, int], pd.Series]


@dataclass(frozen=True)
class Shop:
    """A simulated shop and the days on which to judge there.

    Attributes
    ----------
    make : function of `seed` and `scale`, gives the purchase lines in canonical columns
    description : what is special about it
    cutoffs : days at which to evaluate; each horizon closes within the log
    dev_cutoffs : earlier days at which to tune
    horizon_days : days of the return and of the value
    truth : function of lines, cutoff and horizon: the best P(return) that the history allows, by
        customer; None where it has no closed form
    """

    make: Make
    description: str
    cutoffs: tuple[str, ...]
    dev_cutoffs: tuple[str, ...]
    horizon_days: int
    truth: Truth | None = None


SHOPS: dict[str, Shop] = {
    "seasonal_retail": Shop(
        make=seasons.seasonal_retail,
        description="giftware with a strong autumn, refunds and wholesale buyers; two years",
        cutoffs=("2024-07-01", "2024-09-02"),
        dev_cutoffs=("2024-01-15", "2024-03-04", "2024-04-15"),
        horizon_days=90,
    ),
    "december_buyers": Shop(
        make=seasons.december_buyers,
        description="gifts once a year, mostly before Christmas; three and a half years",
        cutoffs=("2024-01-15", "2024-10-15"),
        dev_cutoffs=("2023-01-16", "2023-07-03", "2023-10-16"),
        horizon_days=90,
    ),
    "short_grocery": Shop(
        make=plain.short_grocery,
        description="weekly shoppers; four months",
        cutoffs=("2024-03-31",),
        dev_cutoffs=("2024-02-15", "2024-03-01"),
        horizon_days=30,
    ),
    "short_grocery_60": Shop(
        make=plain.short_grocery,
        description="weekly shoppers; four months, judged over half of them",
        cutoffs=("2024-03-01",),
        dev_cutoffs=("2024-02-01",),
        horizon_days=60,
    ),
    "hardly_any_signal": Shop(
        make=laws.hardly_any_signal,
        description="customers nearly alike, so that the past tells hardly anything; 19 months",
        cutoffs=("2024-02-01", "2024-05-01"),
        dev_cutoffs=("2023-09-01", "2023-11-01"),
        horizon_days=90,
        truth=laws.alike_truth,
    ),
    "small_600": Shop(
        make=plain.small_600,
        description="600 customers, steady and occasional ones; 12 months",
        cutoffs=("2023-11-15", "2023-12-31"),
        dev_cutoffs=("2023-09-01",),
        horizon_days=60,
    ),
    "small_1500": Shop(
        make=plain.small_1500,
        description="1,500 customers, steady and occasional ones; 15 months",
        cutoffs=("2024-01-01", "2024-03-01"),
        dev_cutoffs=("2023-09-01", "2023-10-01"),
        horizon_days=90,
    ),
    "seasonless": Shop(
        make=seasons.seasonless,
        description="no season and steady arrivals, the placebo of a season's correction",
        cutoffs=("2024-07-01", "2024-09-02"),
        dev_cutoffs=("2024-01-15", "2024-03-04", "2024-04-15"),
        horizon_days=90,
    ),
    "btyd_made": Shop(
        make=laws.btyd_made,
        description="BG/NBD and Gamma-Gamma to the letter; 15 months",
        cutoffs=("2023-11-01", "2024-01-01"),
        dev_cutoffs=("2023-07-01", "2023-08-01"),
        horizon_days=90,
        truth=laws.btyd_truth,
    ),
    "pure_recency": Shop(
        make=laws.pure_recency,
        description="return hangs on the days since the last order alone; 19 months",
        cutoffs=("2024-02-01", "2024-05-01"),
        dev_cutoffs=("2023-09-01", "2023-11-01"),
        horizon_days=laws.RECENCY_HORIZON,
        truth=laws.pure_recency_truth,
    ),
    "regular_subscribers": Shop(
        make=regular_subscribers,
        description="refills at regular gaps until people stop, discount codes; 19 months",
        cutoffs=("2024-03-01", "2024-05-01"),
        dev_cutoffs=("2023-11-01", "2024-01-01"),
        horizon_days=60,
    ),
}
SEED = 1  # for judging; tune on others


def write_shop(folder: Path, name: str, *, seed: int = SEED, scale: float = 1.0) -> Path:
    """Write a shop's lines as Parquet and its settings as YAML; give the settings' path."""
    shop = SHOPS[name]
    folder.mkdir(parents=True, exist_ok=True)
    log, settings = folder.absolute() / f"{name}.parquet", folder / f"{name}.yaml"
    shop.make(seed, scale).to_parquet(log, index=False)
    told = {
        "name": name,
        "purchases": {"source": str(log)},
        "horizons": {"churn_days": shop.horizon_days, "value_days": shop.horizon_days},
    }
    settings.write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
    return settings


def main(arguments: list[str] | None = None) -> None:
    """Write the shops named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SHOPS)}")
    parser.add_argument(
        "--seed", type=int, default=SEED, help="default %(default)s; tune on others"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="times the number of customers")
    told = parser.parse_args(arguments)
    unknown = sorted(set(told.names) - set(SHOPS))
    if unknown:
        parser.error(f"no shop is called {', '.join(unknown)}; choose of {', '.join(SHOPS)}")
    for name in told.names or SHOPS:
        print(write_shop(told.folder, name, seed=told.seed, scale=told.scale))


if __name__ == "__main__":
    main()
