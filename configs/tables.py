"""The settings of the optional tables: customers, contacts, surveys; and of costs and money."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, model_validator

from configs.part import Part, Share, Text
from configs.purchases import Format, reads_database

CustomerColumn = Literal[
    "customer_id",
    "acquired_at",
    "acquisition_cost",
    "channel",
    "no_contact",
    "no_profiling",
    "reachable_by",
    "referrer_id",
    "known_at",
]
ContactColumn = Literal[
    "customer_id", "contacted_at", "list_id", "arm", "channel", "cost", "stratum"
]
SurveyColumn = Literal["customer_id", "answered_at", "score"]
Rate = Annotated[float, Field(ge=0, le=10)]


class Table(Part):
    """An optional table: where it is and how it is written; its clock is that of the log."""

    source: Text
    table: Text | None = None
    query: Text | None = None
    format: Format = Format()
    max_bad_rows: Share = 0.01

    @model_validator(mode="after")
    def _source_is_one_thing(self) -> "Table":
        reads_database(self.source, self.table, self.query)
        return self


class Customers(Table):
    """One row a customer: consent, acquisition, and columns of any other name as attributes."""

    columns: dict[CustomerColumn, Text] = Field(default_factory=dict)


class Contacts(Table):
    """One row a contact, or a customer held out of one."""

    columns: dict[ContactColumn, Text] = Field(default_factory=dict)


class Surveys(Table):
    """One row an answer."""

    columns: dict[SurveyColumn, Text] = Field(default_factory=dict)


class Costs(Part):
    """What serving an order, and keeping a customer for a year, cost; in the log's currency."""

    serving_per_order: NonNegativeFloat = 0.0
    retention_per_year: NonNegativeFloat = 0.0


class Money(Part):
    """The rate by which later money counts less, and what of net revenue is left after goods."""

    annual_discount_rate: Rate = 0.10
    margin: Share | None = None
