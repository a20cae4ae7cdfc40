"""One customer's value in the OpenAPI document: operation, schema, example."""

from typing import Any

from retention.clv.ladder import STEPS
from serving.value_reasons import REASONS
from serving.web import examples
from serving.web.bodies import MAX_ID
from serving.web.operations import Operation
from serving.web.schemas import ENUMS, ID_PATTERN, with_head
from serving.web.shapes import (
    COUNT,
    DAY,
    NUMBER,
    TEXT,
    Schema,
    array,
    closed,
    nullable,
    one_of,
)

CODE = one_of(tuple(REASONS))
AMOUNT = nullable(NUMBER)


def value_operations() -> list[Operation]:
    """Return the operation."""
    asked = {
        "name": "customer_id",
        "in": "path",
        "required": True,
        "description": "as in the log; may hold slashes",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_ID, "pattern": ID_PATTERN},
        "example": examples.CUSTOMER,
    }
    return [
        Operation(
            "/v1/customers/{customer_id}/value",
            "getCustomerValue",
            "What one customer is worth",
            "From gross to contribution, to date, expected and together; against what winning the "
            "customer cost; the known formula beside the model. A number that cannot be given is "
            "null with a code, and `because` says which setting or table would give it.",
            "CustomerValue",
            EXAMPLE,
            errors=(404, 410, 422),
            parameters=[asked],
            is_tagged=True,
        )
    ]


def value_schemas() -> dict[str, Schema]:
    """Return the named schema of the answer."""
    amounts = dict.fromkeys(("historic", "predicted", "total"), AMOUNT)
    step = closed({"step": one_of(STEPS), **amounts, "code": nullable(CODE)})
    properties = {
        "customer_id": TEXT,
        "score_status": one_of(ENUMS["score_status"]),
        "value_horizon_days": nullable(COUNT),
        "economics": closed(_economics()),
        "steps": {**array(step), "description": "a total is the sum of both, to the cent"},
        "acquisition_cost": AMOUNT,
        "first_ordered_on": nullable(DAY),
        "first_order": {**AMOUNT, "description": "currency, net of its refunds"},
        "clv_to_acquisition_cost": {
            **AMOUNT,
            "description": "contribution to date and expected over the acquisition cost",
        },
        "payback_months": {
            **AMOUNT,
            "description": "from the first order until contribution covers the acquisition cost",
        },
        "first_order_share": {
            **AMOUNT,
            "description": "first order over net to date and expected",
        },
        "simple_clv": {
            **AMOUNT,
            "description": "average order value x orders a year x years of custom",
        },
        "predicted_clv": {**AMOUNT, "description": "the model's, within value_horizon_days"},
        "formula": {**nullable(closed(_formula())), "description": "what simple_clv is made of"},
        "formula_bias": {
            **nullable(closed(_bias())),
            "description": "how far both were off at the latest cutoff of the backtest",
        },
        "missing": {
            "type": "object",
            "additionalProperties": CODE,
            "description": "field that is null: code of the reason",
        },
        "because": array(closed({"code": CODE, "sentence": TEXT})),
    }
    return {"CustomerValue": with_head(properties)}


def _economics() -> Schema:
    costs = ("serving_per_order", "retention_per_year", "annual_discount_rate")
    return {"margin": AMOUNT, **dict.fromkeys(costs, NUMBER)}


def _formula() -> Schema:
    return {
        "average_order_value": AMOUNT,
        "orders_a_year": AMOUNT,
        "years_of_custom": AMOUNT,
        "within_horizon": {**AMOUNT, "description": "what it says of value_horizon_days"},
        "cap": {**NUMBER, "description": "years beyond which no custom is counted"},
        "years_as_customer": AMOUNT,
    }


def _bias() -> Schema:
    biases = dict.fromkeys(("formula_bias", "model_bias"), AMOUNT)
    return {"cutoff": DAY, "horizon_days": COUNT, **biases, "sentence": TEXT}


def _step(name: str, historic: float | None, predicted: float, code: str | None = None) -> Any:
    total = None if historic is None else round(historic + predicted, 2)
    told = {"historic": historic, "predicted": predicted, "total": total}
    return {"step": name, **told, "code": code}


EXAMPLE: dict[str, Any] = {
    **examples.EXAMPLE_HEAD,
    "customer_id": examples.CUSTOMER,
    "score_status": "scored",
    "value_horizon_days": 91,
    "economics": {
        "margin": 0.4,
        "serving_per_order": 1.5,
        "retention_per_year": 2.0,
        "annual_discount_rate": 0.1,
    },
    "steps": [
        _step("gross", 100.5, 9.13),
        _step("refunds", 0.0, 0.0),
        _step("net", 100.5, 9.13),
        _step("goods", 60.3, 5.48),
        _step("margin", 40.2, 3.65),
        _step("serving", 6.0, 0.39),
        _step("retention", 2.99, 0.5),
        _step("discounting", 0.0, 0.03),
        _step("contribution", 31.21, 2.73),
        _step("acquisition", None, 0.0, "no_acquisition_cost"),
        _step("contribution_after_acquisition", None, 2.73, "no_acquisition_cost"),
    ],
    "acquisition_cost": None,
    "first_ordered_on": "1997-01-01",
    "first_order": 29.33,
    "clv_to_acquisition_cost": None,
    "payback_months": None,
    "first_order_share": 0.27,
    "simple_clv": 77.28,
    "predicted_clv": 9.13,
    "formula": {
        "average_order_value": 25.125,
        "orders_a_year": 2.674,
        "years_of_custom": 1.15,
        "within_horizon": 16.75,
        "cap": 1.496,
        "years_as_customer": 1.496,
    },
    "formula_bias": {
        "cutoff": "1998-04-01",
        "horizon_days": 91,
        "formula_bias": 1.37,
        "model_bias": 0.22,
        "sentence": "Over the same 91 days the formula came to 137% more than customers spent, the "
        "model to 22% more than they did.",
    },
    "missing": dict.fromkeys(
        ("acquisition_cost", "clv_to_acquisition_cost", "payback_months"), "no_acquisition_cost"
    ),
    "because": [
        {
            "code": "no_acquisition_cost",
            "sentence": "The table of customers has no `acquisition_cost` of this customer.",
        }
    ],
}
