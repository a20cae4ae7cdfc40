"""JSON schemas of the answers about contact lists."""

from retention.lists.audience import LEFT_OUT
from retention.lists.caps import CONTACTED, HELD_OUT
from retention.lists.frozen import MARK, WHOLE_FORMAT
from retention.lists.plan import OUTCOMES
from serving.lists.request import AudienceIn, ContactCapIn, ContactsIn, ListIn, OutcomesIn
from serving.store.list_rows import NUMBERS
from serving.web.shapes import (
    COUNT,
    DAY,
    NUMBER,
    SHARE,
    TEXT,
    Schema,
    array,
    closed,
    nullable,
    one_of,
)

REF = "#/components/schemas/{model}"
MOMENT: Schema = {"type": "string", "format": "date-time"}
ARM = one_of((CONTACTED, HELD_OUT))
STATUS = one_of(("open", "preliminary", "final"))
ARMS_COUNT = {CONTACTED: COUNT, HELD_OUT: COUNT}
OUTSIDE = ("outside_contacted", "outside_held_out")


def list_schemas() -> dict[str, Schema]:
    """Return the named schemas of bodies and answers."""
    schemas: dict[str, Schema] = {}
    for body in (ListIn, ContactsIn, OutcomesIn):
        schema = body.model_json_schema(ref_template=REF)
        schemas.update(schema.pop("$defs", {}))
        schemas[body.__name__] = schema
    promised = {
        "counts": _counts(),
        "outlay": {**NUMBER, "description": "expected cost of the contacted, currency"},
        "gain": _gain(),
    }
    whole = {
        **promised,
        "holdout": _holdout(),
        "sensitivity": array(_sensitivity()),
    }
    return {
        **schemas,
        "ListPreview": closed(
            {
                "list_id": TEXT,
                "terms": _terms(),
                "refusal": {
                    **nullable(TEXT),
                    "description": "why POST /v1/lists would refuse it: it would contact nobody",
                },
                **whole,
                "outside_outlay": NUMBER,
            }
        ),
        "ContactList": closed(
            {
                **_head(),
                "status": STATUS,
                "terms": _terms(),
                "audience": _model(AudienceIn),
                **whole,
                "digest": {
                    **TEXT,
                    "description": "sha256 over head, terms and arms, see docs/lists.md",
                },
                "erased": {"type": "object", "additionalProperties": COUNT},
                "fairness": nullable(array(_band())),
            }
        ),
        "ContactLists": closed(
            {
                "items": array(
                    closed({**_head(), **promised, "status": STATUS, "verdict": nullable(TEXT)})
                ),
                "next_cursor": nullable(TEXT),
            }
        ),
        "ListMembers": closed(
            {"list_id": TEXT, "items": array(_member()), "next_cursor": nullable(TEXT)}
        ),
        "ListReadout": closed(_readout()),
        "ContactsRecorded": closed(
            {
                "recorded": COUNT,
                "duplicate": COUNT,
                "held_out": {**COUNT, "description": "rows of somebody held out: no contact"},
                "held_out_contacted": {
                    **COUNT,
                    "description": "contacted though their list holds them out",
                },
                "erased": COUNT,
                "lists": array(TEXT),
            }
        ),
        "OutcomesRecorded": closed(
            {"list_id": TEXT, "recorded": COUNT, "not_members": COUNT, "outcomes": COUNT}
        ),
    }


def _model(model: type[AudienceIn] | type[ContactCapIn]) -> Schema:
    return {"$ref": REF.format(model=model.__name__)}


def _head() -> Schema:
    return {
        "list_id": TEXT,
        "created_at": MOMENT,
        "created_by": {**TEXT, "description": "first letters of the token, or `cli`"},
        "batch_id": TEXT,
        "as_of": DAY,
        "model_version": TEXT,
        "begins_on": DAY,
        "readout_on": DAY,
        "primary_outcome": one_of(OUTCOMES),
    }


def _terms() -> Schema:
    assumed = {
        "save_rate": closed(
            {"mean": SHARE, "sd": NUMBER, "origin": one_of(("assumed", "measured"))}
        ),
        "margin": SHARE,
        "contact_cost": NUMBER,
        "incentive": NUMBER,
        "redemption_saved": SHARE,
        "redemption_anyway": SHARE,
        "kappa": SHARE,
    }
    return closed(
        {
            "assumed": closed(assumed),
            "budget": nullable(NUMBER),
            "max_contacts": nullable(COUNT),
            "holdout": {"anyOf": [SHARE, {"type": "string", "enum": ["auto"]}]},
            "detect": SHARE,
            "primary_outcome": one_of(OUTCOMES),
            "begins_on": DAY,
            "readout_on": DAY,
            "seed": COUNT,
            "audience": _model(AudienceIn),
            "contact_cap": nullable(_model(ContactCapIn)),
            "global_control": {"type": "boolean"},
            "outside_sample": {"type": "boolean"},
            "batch_id": TEXT,
            "model_version": TEXT,
            "churn_horizon_days": COUNT,
            "ranking": nullable(_ranking()),
            MARK: {
                **one_of((WHOLE_FORMAT,)),
                "description": "form in which the list is hashed; older lists lack it",
            },
            "save_rate_from": {
                **array(closed({"list_id": TEXT, "mean": NUMBER, "sd": NUMBER, "weight": SHARE})),
                "description": "readouts that the save rate is weighed from; [] where it is given",
            },
        },
        optional=("save_rate_from", MARK),
    )


def _ranking() -> Schema:
    return {
        **closed({"fitted_at": MOMENT, "learner": TEXT, "lists": array(TEXT), "switch": TEXT}),
        "description": "effects of contact that were learned, by which customers are ranked; "
        "null while uplift is off",
    }


def _counts() -> Schema:
    names = ("customers", *LEFT_OUT, "eligible", "worth_contacting", "listed", *ARMS_COUNT)
    told = dict.fromkeys((*names, *OUTSIDE), COUNT)
    return {
        # Lists made before it was counted lack it.
        **closed(told, optional=(*OUTSIDE, "reach_unknown")),
        "description": "each customer counts once, under the first reason that leaves it out",
    }


def _gain() -> Schema:
    return {
        **closed(
            {
                "mean": NUMBER,
                "low": NUMBER,
                "high": NUMBER,
                "chance_of_loss": SHARE,
                "break_even_save_rate": nullable(NUMBER),
            }
        ),
        "description": "expected net gain, currency, with its 95 % interval",
    }


def _holdout() -> Schema:
    return closed(
        {
            "share": SHARE,
            "detectable_effect": nullable(NUMBER),
            "sufficient": {"type": "boolean"},
            "sentence": TEXT,
        }
    )


def _sensitivity() -> Schema:
    return closed(
        {
            "assumption": one_of(("contact_cost", "margin", "save_rate")),
            "change": {**NUMBER, "description": "-0.5 = half of it"},
            "value": nullable(NUMBER),
            "net_gain": NUMBER,
        }
    )


def _band() -> Schema:
    return closed(
        {
            "attribute": TEXT,
            "band": TEXT,
            "customers": COUNT,
            "selected": COUNT,
            "rate": SHARE,
            "low": SHARE,
            "high": SHARE,
            "others_rate": nullable(SHARE),
            "differs": {"type": "boolean"},
            "sentence": TEXT,
        }
    )


def _member() -> Schema:
    return closed(
        {
            "customer_id": TEXT,
            "rank": {"type": "integer", "minimum": 1},
            "arm": ARM,
            "stratum": {**COUNT, "description": "decile of expected profit, 0 = best; 10 = sample"},
            **{name: nullable(NUMBER) for name in NUMBERS},
            "sample": one_of(("list", "outside")),
        }
    )


def _readout() -> Schema:
    mean = closed(dict.fromkeys((CONTACTED, HELD_OUT), nullable(NUMBER)))
    effect = closed(
        {
            **dict.fromkeys(("estimate", "low", "high", "error", "detectable"), nullable(NUMBER)),
            "shown": {"type": "boolean"},
        }
    )
    return {
        "list_id": TEXT,
        "status": one_of(("preliminary", "final")),
        "verdict": TEXT,
        "primary_outcome": one_of(OUTCOMES),
        "begins_on": DAY,
        "readout_on": DAY,
        "as_of": {**nullable(DAY), "description": "first day of which no outcome is known yet"},
        CONTACTED: COUNT,
        HELD_OUT: COUNT,
        "means": closed(dict.fromkeys(OUTCOMES, mean)),
        "effects": closed(dict.fromkeys(OUTCOMES, effect), optional=OUTCOMES),
        "net_gain": nullable(closed({"estimate": NUMBER, "low": NUMBER, "high": NUMBER})),
        "save_rate": {
            **nullable(closed({"mean": NUMBER, "sd": NUMBER, "origin": TEXT})),
            "description": "as this list alone measured it; below 0 where fewer came back",
        },
        "outcomes_from": one_of(("orders", "imported")),
        "costs_from": one_of(("assumed", "recorded")),
        "contacts": closed(
            {"recorded": COUNT, "contacted_reached": COUNT, "held_out_reached": COUNT}
        ),
        "erased": closed(ARMS_COUNT),
    }
