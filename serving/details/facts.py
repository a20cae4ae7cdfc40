"""All facts of a batch, by subject: the JSON of `batches.details`."""

from collections.abc import Callable, Mapping
from typing import Any

from serving.details import cube, data, drift, last_year, migration, realised, stages, week
from serving.details.publication import Publication

# Subject -> what counts it. Each is pure and gives plain JSON values.
SUBJECTS: Mapping[str, Callable[[Publication], Any]] = {
    "cohorts": stages.cohort_facts,
    "cube": cube.facts,
    "data": data.facts,
    "drift": drift.facts,
    "last_year": last_year.facts,
    "migration": migration.facts,
    "realised": realised.facts,
    "stages": stages.stage_facts,
    "week": week.facts,
}


def details_of(publication: Publication) -> dict[str, Any]:
    """Count every subject; {subject: its facts}."""
    return {subject: count(publication) for subject, count in SUBJECTS.items()}
