"""`/v1/exports`: ask for a file of scores, see how far it is, fetch it."""

from dataclasses import fields
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from retention.scores import SCORE_FIELDS
from serving.errors import KeyReused
from serving.exports.asked import Asked
from serving.runtime import Runtime
from serving.store import export_jobs
from serving.store.batch import utc_moment, utc_text
from serving.store.export_jobs import KEPT, Job
from serving.store.idempotency import Written, once
from serving.store.listing import Filters
from serving.web.problem import Problem
from serving.web.writes import WriteBody, key_of, principal_of, read_body

PATH = "/v1/exports"
EMAILS = "export:emails"
TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
GONE = {
    "expired": "the file was kept for seven days and is gone; export again",
    "erased": "a customer in this file was erased, so it is gone; export again",
}

ScoreField = Annotated[str, Field(json_schema_extra={"enum": list(SCORE_FIELDS)})]
Tier = Annotated[list[Literal["high", "medium", "low"]], Field(max_length=3)]
ValueTier = Annotated[list[Literal["top", "high", "medium", "low"]], Field(max_length=4)]
Change = Annotated[list[Literal["up", "down", "same"]], Field(max_length=3)]
Stage = Annotated[
    list[Literal["new", "developing", "active", "slipping", "lapsed", "won_back"]],
    Field(max_length=6),
]
Group = Annotated[
    list[
        Literal[
            "champions",
            "loyal",
            "active",
            "new",
            "promising",
            "needs_attention",
            "slipping",
            "previously_loyal",
            "almost_lost",
            "dormant",
        ]
    ],
    Field(max_length=10),
]
Part = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class FilterIn(WriteBody):
    """Which customers: the filters of `GET /v1/customers`, joined by and."""

    risk_tier: Tier = Field(default=[])
    value_tier: ValueTier = Field(default=[])
    lifecycle_status: Stage = Field(default=[])
    risk_change: Change = Field(default=[])
    rfm_group: Group = Field(default=[])
    min_value_at_risk: float | None = None
    min_churn_probability: Annotated[float, Field(ge=0, le=1)] | None = None
    q: Part | None = None


class ExportIn(WriteBody):
    """One export of the current batch; without anything, all customers and all fields as CSV."""

    format: Literal["csv", "parquet"] = "csv"
    filter: FilterIn = FilterIn()
    changed_since: (
        Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")] | None
    ) = Field(default=None, description="id of an earlier batch: only who changed, or is new")
    fields: Annotated[list[ScoreField], Field(max_length=60)] = Field(
        default=[],
        description="score fields in the order wanted; default all, or those of the preset",
    )
    preset: Literal["klaviyo", "braze", "hubspot", "salesforce", "segment"] | None = None
    hashed_email: bool = Field(default=False, description="needs the scope export:emails too")

    @field_validator("fields")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        for name in names:
            if name not in SCORE_FIELDS:
                raise ValueError(f"not a score field; they are {', '.join(SCORE_FIELDS)}")
        return names

    def asked(self) -> Asked:
        """Return it as the exporter takes it."""
        told = self.filter.model_dump()
        filters: dict[str, Any] = {
            field.name: tuple(value) if isinstance(value, list) else value
            for field in fields(Filters)
            if (value := told.get(field.name)) is not None
        }
        return Asked(
            self.format,
            Filters(**filters),
            self.changed_since,
            tuple(dict.fromkeys(self.fields)),
            self.preset,
            self.hashed_email,
        )


async def create(request: Request) -> Response:
    """Queue an export; 202 with its state."""
    body = read_body(ExportIn, await request.body())
    return await run_in_threadpool(_create, request, body)


def state(request: Request) -> Response:
    """Answer how far an export is."""
    return JSONResponse(state_of(_runtime(request), _job(request)))


def file(request: Request) -> Response:
    """Answer the file of an export."""
    job = _job(request)
    asked = Asked.of_text(job.asked)
    if asked.hashed_email:
        _allow_emails(request)
    if job.status in GONE:
        raise Problem(410, GONE[job.status])
    path = _runtime(request).exporter.path_of(job)
    if job.status == "failed":
        raise Problem(409, f"this export failed: {job.error}")
    if job.status != "done":
        raise Problem(409, f"this export is {job.status}; ask for its state until it is done")
    if not path.is_file():
        raise Problem(410, "the file is no longer there; export again")
    name = f"perennial-{job.batch_id}-{job.export_id}.{asked.format}"
    headers = {"etag": f'"{job.sha256}"', "cache-control": "no-store"}
    return FileResponse(path, media_type=TYPES[asked.format], filename=name, headers=headers)


def state_of(runtime: Runtime, job: Job) -> dict[str, Any]:
    """Return the head of the export's batch and the state of the export."""
    batch = runtime.store.batch(job.batch_id)
    if batch is None:
        raise Problem(410, "the batch of this export is no longer kept")
    asked = Asked.of_text(job.asked)
    finished = utc_moment(job.finished_at) if job.finished_at else None
    return {
        **runtime.answers.head(batch, runtime.clock()),
        "export_id": job.export_id,
        "status": job.status,
        "format": asked.format,
        "preset": asked.preset,
        "changed_since": asked.changed_since,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "expires_at": utc_text(finished + KEPT) if finished and job.status == "done" else None,
        "rows": job.rows,
        "bytes": job.bytes,
        "sha256": job.sha256,
        "error": job.error,
    }


def _create(request: Request, body: ExportIn) -> Response:
    runtime, principal = _runtime(request), principal_of(request)
    asked, now = body.asked(), runtime.clock()
    _check(request, asked)
    batch = runtime.store.current()
    if batch is None:
        raise Problem(503, "no scores are published yet; run `perennial score`")
    batch_id = batch.batch_id

    def effect(connection: Connection) -> Written:
        used = export_jobs.rows_of_a_day(connection, principal.prefix, now)
        if used >= runtime.exporter.rows_per_day:
            raise Problem(
                429,
                f"this token has exported {used} rows in 24 hours, as many as it may; go on later",
                headers={"retry-after": str(int(timedelta(hours=1).total_seconds()))},
            )
        job = export_jobs.add(
            connection,
            asked=asked.as_text(),
            batch_id=batch_id,
            token_prefix=principal.prefix,
            now=now,
        )
        return Written(202, state_of(runtime, job))

    try:
        written = once(runtime.store.database, key_of(request, body), effect, now=now)
    except KeyReused as error:
        raise Problem(409, str(error)) from None
    runtime.exporter.wake()
    place = {"location": f"{PATH}/{written.content['export_id']}"}
    return JSONResponse(written.content, status_code=written.status, headers=place)


def _check(request: Request, asked: Asked) -> None:
    """Refuse what no export can hold, before it is queued."""
    runtime = _runtime(request)
    since = asked.changed_since
    if since is not None and runtime.store.batch(since) is None:
        raise Problem(404, "no batch has the id in changed_since; take the batch_id of an answer")
    if asked.hashed_email:
        _allow_emails(request)
        if runtime.exporter.emails is None:
            raise Problem(409, "this shop keeps no e-mail addresses; set `exports.emails` first")


def _allow_emails(request: Request) -> None:
    if EMAILS not in principal_of(request).scopes:
        raise Problem(403, f"hashed e-mail addresses need the scope {EMAILS} too")


def _job(request: Request) -> Job:
    job = export_jobs.find(_runtime(request).store.database, request.path_params["export_id"])
    if job is None:
        raise Problem(404, "no export has this id")
    return job


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def routes() -> list[BaseRoute]:
    """Return the routes."""
    return [
        Route(PATH, create, methods=["POST"]),
        Route(f"{PATH}/{{export_id}}", state),
        Route(f"{PATH}/{{export_id}}/file", file),
    ]
