"""JSON schema of the model card; fields of a card written by an earlier version may lack."""

from serving.web.shapes import COUNT, DAY, NUMBER, SHARE, TEXT, Schema, array, closed, nullable

SERVED = (
    "what tells `return` and `value`: model (perennial's), a simple rule's name, or a "
    "buy-till-you-die model's: bg_nbd, mbg_nbd, pareto_nbd, mbg_cnbd_k"
)
NUMBER_OR_NULL = nullable(NUMBER)


def model_card() -> Schema:
    """Return the schema of the answer."""
    return {
        "type": "object",
        "properties": {
            "model_version": TEXT,
            "served": {
                "type": "object",
                "additionalProperties": TEXT,
                "description": SERVED,
            },
            "summary": array(TEXT),
            "limits": array(TEXT),
            "gates": array(_gate()),
            "mean": {"type": "object", "description": "measures by target, member and name"},
            "emp": {
                "type": "object",
                "description": "expected maximum profit of each predictor of return, currency a "
                "customer, and all that it rests on; {} where it cannot be told",
            },
            "challengers": {
                "type": "object",
                "description": "measures with their 95 % intervals, by target, member and name",
            },
            "segments": array(_segment()),
            "curves": {"anyOf": [_curves(), closed({})]},
            "top_features": array(_feature()),
            "promotions": {**array(_move()), "description": "moves of the pointer, latest first"},
            "drift": nullable(_drift()),
            "realised": {
                **array(_realised()),
                "description": "earlier batches whose days have passed, oldest first",
            },
        },
        "required": ["model_version", "promotions", "drift", "realised"],
    }


def _gate() -> Schema:
    return {
        "type": "object",
        "properties": {"target": TEXT, "served": TEXT, "reason": TEXT, "sentences": array(TEXT)},
    }


def _segment() -> Schema:
    interval = dict.fromkeys(("predicted", "actual", "low", "high"), NUMBER_OR_NULL)
    told = {"type": "object", "properties": interval}
    properties = {"by": TEXT, "segment": TEXT, "rows": COUNT, "customers": COUNT}
    return {"type": "object", "properties": {**properties, "churn": told, "value": told}}


def _numbers() -> Schema:
    return dict.fromkeys(("predicted", "actual", "low", "high"), NUMBER_OR_NULL)


def _curves() -> Schema:
    tenth = closed({"tenth": COUNT, "customers": COUNT, **_numbers()})
    return closed(
        {
            "calibration": array(
                closed({"from": SHARE, "to": SHARE, "customers": COUNT, **_numbers()})
            ),
            "gains": closed(
                {"by": TEXT, "contacted": array(SHARE), "found": array(NUMBER_OR_NULL)}
            ),
            "churn_tenths": array(tenth),
            "value_tenths": array(tenth),
            "spread": {"type": "object", "additionalProperties": array(NUMBER)},
        }
    )


def _feature() -> Schema:
    return closed({"feature": TEXT, "importance": NUMBER, "share": NUMBER_OR_NULL})


def _move() -> Schema:
    return closed(
        {
            "when": TEXT,
            "what": {"type": "string", "enum": ["promoted", "rolled_back", "refused"]},
            "version": TEXT,
            "from_version": nullable(TEXT),
            "why": TEXT,
            "forced": {"type": "boolean"},
        }
    )


def _drift() -> Schema:
    column = closed(
        {
            "name": TEXT,
            "kind": {"type": "string", "enum": ["score", "feature"]},
            "null": SHARE,
            "deciles": array(NUMBER),
            "since_training": NUMBER_OR_NULL,
            "since_batch": NUMBER_OR_NULL,
        }
    )
    about = "population stability indices; above the limit customers are plainly others"
    return {**closed({"limit": NUMBER, "columns": array(column)}), "description": about}


def _realised() -> Schema:
    tenths = array(
        closed({"tenth": COUNT, "customers": COUNT, "predicted": NUMBER, "actual": NUMBER})
    )
    value = closed({"days": COUNT, "predicted": NUMBER, "actual": NUMBER, "tenths": tenths})
    return closed(
        {
            "batch_id": TEXT,
            "model_version": TEXT,
            "as_of": DAY,
            "days": COUNT,
            "customers": COUNT,
            "predicted": SHARE,
            "actual": SHARE,
            "tenths": tenths,
            "value": nullable(value),
        }
    )
