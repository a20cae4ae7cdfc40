"""A shop with a margin, two channels and acquisition costs, of which two batches are published."""

import datetime as dt
import tempfile
from functools import cache, partial
from pathlib import Path

import pandas as pd

from serving.publish import publish
from tests.made_once import made_once
from tests.made_shop import Shop, day, trained_shop

NOW = dt.datetime(2026, 7, 1, 6, tzinfo=dt.UTC)
FIRST, SECOND = (dt.date.fromisoformat(day(number)) for number in (330, 345))


@cache
def portfolio_shop(template: Path) -> Shop:
    """The shop, a copy for this process; shared by its tests, so nothing may be written to it."""
    made = made_once(template.parent.parent / "portfolio-shop", partial(published_in, template))
    folder = Path(tempfile.mkdtemp(prefix="portfolio-shop-", dir=template.parent))
    return told_in(folder, Shop(made / "shop.yaml", trained_shop(template).trained))


def published_in(template: Path, folder: Path) -> None:
    """Publish both batches from a copy of the trained shop in a folder."""
    plain = trained_shop(template)
    ids = sorted(plain.purchases["customer_id"].unique())
    table = pd.DataFrame({"customer_id": ids, "acquisition_cost": 5.0})
    table["channel"] = ["<b>ads</b>" if i % 3 else "friends" for i in range(len(ids))]
    table.to_csv(folder / "customers.csv", index=False)
    shop = told_in(folder, plain)
    for as_of, hours in ((FIRST, 0), (SECOND, 24)):
        publish(shop.settings, as_of=as_of, now=NOW + dt.timedelta(hours=hours))


def told_in(folder: Path, shop: Shop) -> Shop:
    """The shop in this folder, with its table of customers there, its margin and its costs."""
    return shop.copy_to(
        folder,
        customers={"source": str(folder / "customers.csv")},
        money={"margin": 0.4},
        costs={"serving_per_order": 0.25},
    )
