"""Whether new customers are worth less than those before them."""

from dataclasses import asdict
from typing import Any

from retention.clv.ladder import NO_MARGIN
from retention.portfolio.alert import EARLY_DAYS, cohort_alerts
from retention.portfolio.origin import Basis
from serving.details.plain import plain
from serving.details.publication import Publication

MONEY = ("mean", "usual")


def facts(publication: Publication) -> dict[str, Any]:
    """The newest months' customers against those of the months before, on both bases.

    Returns
    -------
    dict of `revenue` and `profit`, each
        days : of a customer's beginning that are compared
        code : why no cohort was looked at: `too_few_cohorts`, or `no_margin`; else None
        sentence : the outcome in words; empty without a margin
        cohorts : {cohort, customers, mean, usual, change, p, worth_less, sentence}, oldest first
    """
    return {basis: _on(publication, basis) for basis in ("revenue", "profit")}


def _on(publication: Publication, basis: Basis) -> dict[str, Any]:
    early = publication.past.early.get(basis)
    found: dict[str, Any] = {"days": EARLY_DAYS, "code": NO_MARGIN, "sentence": "", "cohorts": []}
    if early is None:
        return found
    told = cohort_alerts(early["cohort"], early["value"], basis=basis)
    cohorts = [
        {name: plain(v, 2 if name in MONEY else None) for name, v in asdict(one).items()}
        for one in told.looked_at
    ]
    return {**found, "code": told.code, "sentence": told.sentence, "cohorts": cohorts}
