"""All facts of a batch, by subject: the JSON of `batches.details`."""

from collections.abc import Callable, Mapping
from typing import Any

from serving.details import (
    behaviour,
    cube,
    data,
    drift,
    growth,
    last_year,
    migration,
    moves,
    newcomers,
    rates,
    realised,
    stages,
    week,
    workable,
    worth,
)
from serving.details.publication import Publication

# Subject -> what counts it. Each is pure and gives plain JSON values.
SUBJECTS: Mapping[str, Callable[[Publication], Any]] = {
    "behaviour": behaviour.facts,
    "cohorts": stages.cohort_facts,
    "cube": cube.facts,
    "data": data.facts,
    "drift": drift.facts,
    "growth": growth.facts,
    "last_year": last_year.facts,
    "migration": migration.facts,
    "moves": moves.facts,
    "newcomers": newcomers.facts,
    "reach": workable.facts,
    "realised": realised.facts,
    "repeat": rates.repeat_facts,
    "retention": rates.retention_facts,
    "stages": stages.stage_facts,
    "week": week.facts,
    "worth": worth.facts,
}


def details_of(publication: Publication) -> dict[str, Any]:
    """Count every subject; {subject: its facts}."""
    return {subject: count(publication) for subject, count in SUBJECTS.items()}
