"""Bodies that requests carry, as pydantic models closed to unknown fields."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from features.line import MOST_AMOUNT

MAX_CUSTOMERS = 1000
MAX_ID = 128
# No log holds such an id: the check of the data refuses them.
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
# The same, with something in it that is no blank.
NOT_BLANK = (
    r"^[^\x00-\x1f\x7f]*"
    r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
    r"[^\x00-\x1f\x7f]*$"
)
EXAMPLE_IDS = ["00001", "00002"]

Id = Annotated[str, Field(min_length=1, max_length=512)]
# The log's own check of an amount tells of which purchase it is.
Amount = Annotated[
    float, Field(json_schema_extra={"minimum": -MOST_AMOUNT, "maximum": MOST_AMOUNT})
]
CustomerId = Annotated[str, Field(max_length=MAX_ID, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Body(BaseModel):
    # hide_input: what a customer sent belongs in no log.
    model_config = ConfigDict(
        extra="forbid", strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


class ScoresIn(_Body):
    """Customers to look up, answered in this order; an id may stand here twice."""

    customer_ids: Annotated[
        list[CustomerId], Field(max_length=MAX_CUSTOMERS, examples=[EXAMPLE_IDS])
    ]


class PurchaseIn(_Body):
    """One purchase line in the canonical form; a negative amount is a refund."""

    customer_id: Annotated[str, Field(max_length=MAX_ID, pattern=NOT_BLANK, examples=["new"])]
    ordered_at: Annotated[
        str,
        Field(
            max_length=40,
            description="ISO 8601; without an offset it is in the shop's time zone",
            examples=["1998-05-01"],
        ),
    ]
    amount: Annotated[Amount, Field(description="line total", examples=[20.0])]
    order_id: Id | None = None
    line_id: Id | None = None
    refund_of: Id | None = None
    product_id: str | None = None
    category: str | None = None
    quantity: float | None = None
    discount: Amount | None = None
    cost: Amount | None = None
    channel: str | None = None
    known_at: Annotated[str, Field(max_length=40)] | None = None


class PredictIn(_Body):
    """Purchases to score as the batch would at `as_of`; later lines do not count."""

    as_of: Annotated[
        str,
        Field(
            pattern=r"^\d{4}-\d{2}-\d{2}$",
            description="day of the snapshot, YYYY-MM-DD: what was known before its start counts",
            examples=["1998-07-01"],
        ),
    ]
    purchases: Annotated[list[PurchaseIn], Field(min_length=1)]

    @field_validator("purchases")
    @classmethod
    def _not_too_many(cls, purchases: list[PurchaseIn]) -> list[PurchaseIn]:
        customers = len({line.customer_id for line in purchases})
        if customers > MAX_CUSTOMERS:
            raise ValueError(f"{customers} customers in one request; send at most {MAX_CUSTOMERS}")
        return purchases
