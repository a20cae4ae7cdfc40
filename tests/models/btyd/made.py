"""Histories for the tests: the published CDNOW sample, and customers made by each model's story."""

from pathlib import Path

import numpy as np
import pandas as pd

from models.btyd.bg_nbd import BgNbd
from models.btyd.mbg_cnbd_k import MbgCnbdK
from models.btyd.mbg_nbd import MbgNbd
from models.btyd.pareto_nbd import ParetoNbd

HERE = Path(__file__).parent
MASTER = HERE.parents[2] / "configs" / "data" / "cdnow_master.txt.gz"
SAMPLE = HERE / "cdnow_sample_ids.txt"


def cdnow_sample(*, until="1997-09-30"):
    """Return frequency, recency, T (weeks) and mean spend of the papers' 2,357 customers.

    The sample is no regular one of the master file's ids, so that its ids are listed. As in the
    papers, T ends with the last day of the 39 weeks, and spends of a day are one purchase.
    """
    ids = [int(i) for i in SAMPLE.read_text(encoding="ascii").split()]
    log = pd.read_csv(
        MASTER, sep=r"\s+", header=0, names=["id", "day", "cds", "amount"], compression="gzip"
    )
    log["day"] = pd.to_datetime(log["day"].astype(str))
    log = log[log["id"].isin(ids) & (log["day"] <= until)]
    days = log.groupby(["id", "day"])["amount"].sum().reset_index()
    first = days.groupby("id")["day"].transform("min")
    repeats = days[days["day"] > first].groupby("id")["amount"]
    of = days.groupby("id")["day"].agg(["min", "max", "size"])
    spend = repeats.mean().reindex(of.index)
    x = of["size"].to_numpy(float) - 1
    t_x = (of["max"] - of["min"]).dt.days.to_numpy(float) / 7
    tenure = (pd.Timestamp(until) - of["min"]).dt.days.to_numpy(float) / 7
    return x, t_x, tenure, spend.to_numpy(float)


MADE = {
    "bg_nbd": BgNbd(r=0.8, alpha=30.0, a=0.7, b=2.5),
    "mbg_nbd": MbgNbd(r=0.8, alpha=30.0, a=0.7, b=2.5),
    "pareto_nbd": ParetoNbd(r=0.8, alpha=30.0, s=0.7, beta=120.0),
    "mbg_cnbd_k": MbgCnbdK(r=1.5, alpha=20.0, a=0.6, b=2.5, k=3),
}
"""A model of each kind, far enough from the others' stories to tell them apart."""


def lived(model, rng, customers, *, T, horizon):
    """Return x, t_x and purchases in (T, T + horizon] of customers whose story is the model's.

    Told day by day of their own: a gap, a purchase, a chance to leave; or a death at any time.
    """
    rate = rng.gamma(model.r, 1.0 / model.alpha, customers)
    stages = getattr(model, "k", 1)
    pareto, first = isinstance(model, ParetoNbd), isinstance(model, MbgNbd | MbgCnbdK)
    leaves = 0.0 if pareto else rng.beta(model.a, model.b, customers)
    death = np.full(customers, np.inf)
    if pareto:
        death = rng.exponential(1.0 / rng.gamma(model.s, 1.0 / model.beta, customers))
    day, x, t_x, later = np.zeros((4, customers))
    gone = (rng.random(customers) < leaves) & first
    while not gone.all():
        day = day + rng.gamma(stages, 1.0 / rate)
        gone = gone | (day > T + horizon) | (day > death)
        early, late = ~gone & (day <= T), ~gone & (day > T)
        x, t_x, later = x + early, np.where(early, day, t_x), later + late
        gone = gone | (rng.random(customers) < leaves)
    return x, t_x, later
