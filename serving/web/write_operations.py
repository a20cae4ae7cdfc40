"""Exports and erasures in the OpenAPI document: operations, bodies, answers, examples."""

from typing import Any

from serving.web import examples
from serving.web.erasures import ErasureIn
from serving.web.exports import ExportIn
from serving.web.operations import Operation
from serving.web.schemas import HEAD
from serving.web.shapes import COUNT, TEXT, Schema, closed, nullable
from serving.web.writes import HEADER, KEY_PATTERN

REF = "#/components/schemas/{model}"
EXPORT_ID = "5b0c6f9a8d7e4c3b2a190807"
STATUSES = ("queued", "running", "done", "failed", "expired", "erased")
MOMENT: Schema = HEAD["published_at"]
IDEMPOTENCY_KEY: Schema = {
    "name": HEADER,
    "in": "header",
    "description": "a text of your own, e.g. a UUID: sent again, the write is not done again",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
    "example": "3f2c1a90-6c1d-4f0e-9b57-0d2f6e2c7a11",
}
STATE: dict[str, Any] = {
    **examples.EXAMPLE_HEAD,
    "export_id": EXPORT_ID,
    "status": "done",
    "format": "csv",
    "preset": None,
    "changed_since": None,
    "created_at": "1998-07-01T05:00:00Z",
    "finished_at": "1998-07-01T05:00:02Z",
    "expires_at": "1998-07-08T05:00:02Z",
    "rows": 2357,
    "bytes": 620114,
    "sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
    "error": None,
}
RECEIPT = {"erasure_id": "6a1f0c9d2b3e4857", "erased_at": "1998-07-01T05:00:00Z", "rows": 4}


def write_operations() -> list[Operation]:
    """Return the operations that write, and those that read what a write began."""
    one: list[Schema] = [
        {
            "name": "export_id",
            "in": "path",
            "required": True,
            "description": "as POST /v1/exports answered it",
            "schema": {"type": "string", "minLength": 1, "pattern": "^[0-9a-f]+$"},
            "example": EXPORT_ID,
        }
    ]
    begun = {**STATE, "status": "queued"}
    begun.update(dict.fromkeys(("finished_at", "expires_at", "rows", "bytes", "sha256")))
    found = {"export_id": "$response.body#/export_id"}
    return [
        Operation(
            "/v1/exports",
            "createExport",
            "Ask for a file of scores",
            "Of the current batch: all customers, a filter, or those who changed since an earlier "
            "batch. The file is made in the background; ask for its state until it is `done`.",
            "Export",
            begun,
            method="post",
            status=202,
            errors=(404, 409),
            parameters=[IDEMPOTENCY_KEY],
            body="ExportIn",
            body_example={"format": "csv", "filter": {"risk_tier": ["high"]}},
            links={"state": {"operationId": "getExport", "parameters": found}},
        ),
        Operation(
            "/v1/exports/{export_id}",
            "getExport",
            "How far an export is",
            "Once `done`, the file can be fetched for seven days.",
            "Export",
            STATE,
            errors=(404, 410),
            parameters=one,
        ),
        Operation(
            "/v1/exports/{export_id}/file",
            "getExportFile",
            "The file of an export",
            "CSV or Parquet, as it was asked for. 409 until it is done, 410 when it is kept no "
            "longer.",
            TEXT,
            "customer_id,risk_tier\n",
            errors=(404, 409, 410, 416),
            parameters=one,
            kind="text/csv",
            also_parquet=True,
        ),
        Operation(
            "/v1/erasures",
            "createErasure",
            "Erase a customer",
            "Removes the customer from all batches, orders and files, and keeps the id out of "
            "later batches. Asked again, the receipt is the same.",
            "Erasure",
            RECEIPT,
            method="post",
            errors=(409,),
            parameters=[IDEMPOTENCY_KEY],
            body="ErasureIn",
            body_example={"customer_id": examples.CUSTOMER},
        ),
    ]


def write_schemas() -> dict[str, Schema]:
    """Return the named schemas of bodies and answers."""
    schemas: dict[str, Schema] = {}
    for body in (ExportIn, ErasureIn):
        schema = body.model_json_schema(ref_template=REF)
        schemas.update(schema.pop("$defs", {}))
        schemas[body.__name__] = schema
    schemas["Export"] = closed(
        {
            **HEAD,
            "export_id": TEXT,
            "status": {"type": "string", "enum": list(STATUSES)},
            "format": {"type": "string", "enum": ["csv", "parquet"]},
            "preset": nullable(TEXT),
            "changed_since": nullable(TEXT),
            "created_at": MOMENT,
            "finished_at": nullable(MOMENT),
            "expires_at": nullable(MOMENT),
            "rows": nullable(COUNT),
            "bytes": nullable(COUNT),
            "sha256": nullable(TEXT),
            "error": nullable(TEXT),
        }
    )
    schemas["Erasure"] = closed({"erasure_id": TEXT, "erased_at": MOMENT, "rows": COUNT})
    return schemas
