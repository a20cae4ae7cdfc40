"""What is asked of a list: the body of `POST /v1/lists`, the form of the builder, the command."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)
from pydantic_core import PydanticCustomError

from retention.segments.rfm import GROUPS

SLUG = r"^[a-z0-9][a-z0-9-]{0,62}$"
# Parts of addresses where the name of a list stands.
RESERVED = ("new", "preview")
SAVE_RATE, SAVE_RATE_SD = 0.05, 0.02

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, le=1e9)]
Tiers = Annotated[list[Literal["high", "medium", "low"]], Field(max_length=3)]
ValueTiers = Annotated[list[Literal["top", "high", "medium", "low"]], Field(max_length=4)]
Stages = Annotated[
    list[Literal["new", "developing", "active", "slipping", "lapsed", "won_back"]],
    Field(max_length=6),
]
ANY_GROUP = f"^({'|'.join(GROUPS)})$"
Group = Annotated[str, Field(json_schema_extra={"enum": list(GROUPS)}, pattern=ANY_GROUP)]
Groups = Annotated[list[Group], Field(max_length=len(GROUPS))]
Channel = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]


HeldOut = Annotated[float, Field(ge=0, le=0.5)]
# Kind of a fault whose message is a sentence of ours, which goes on from the name of the field.
SAID = "said"


def _one_fault(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """One fault of the field instead of one of each kind that it may have."""
    try:
        return handler(value)
    except ValidationError:
        raise PydanticCustomError(SAID, "must be a share from 0 to 0.5, or auto") from None


class Asked(BaseModel):
    """Closed to unknown keys; what was sent stands in no message."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False
    )


class AudienceIn(Asked):
    """Who is wanted; every filter that is given must hold."""

    include_lapsed: bool = False
    channel: Channel | None = Field(
        default=None, description="only who can be reached by it, such as email"
    )
    risk_tier: Tiers = Field(default=[])
    value_tier: ValueTiers = Field(default=[])
    lifecycle_status: Stages = Field(default=[])
    rfm_group: Groups = Field(default=[])
    min_value_at_risk: Amount | None = None
    min_churn_probability: Share | None = None


class SaveRateIn(Asked):
    """P(return if contacted | would not return): what is expected, and how sure that is."""

    mean: Share = SAVE_RATE
    sd: Annotated[float, Field(ge=0, lt=0.5)] = Field(
        default=SAVE_RATE_SD, description="standard deviation; 0 = known for certain"
    )
    origin: Literal["assumed"] = Field(
        default="assumed",
        description="a rate that is given is assumed; leave out `save_rate` for the measured one",
    )


class ContactCapIn(Asked):
    """Nobody is contacted more often than this."""

    contacts: Annotated[int, Field(ge=1, le=1000)]
    days: Annotated[int, Field(ge=1, le=3650)]


class ListIn(Asked):
    """The terms of a list; what is left out has the value of the shop or the default."""

    list_id: Annotated[str, Field(pattern=SLUG)] | None = Field(
        default=None, description="a name of small letters, digits and hyphens; default by the day"
    )
    audience: AudienceIn = AudienceIn()
    contact_cost: Amount = Field(description="currency, of one contact", examples=[1.0])
    incentive: Amount = Field(
        default=0.0, description="currency paid when redeemed; one amount for the whole list"
    )
    redemption_saved: Share = Field(default=1.0, description="share of the saved that redeem it")
    redemption_anyway: Share = Field(
        default=1.0, description="share that redeems it of those who would have bought anyway"
    )
    save_rate: SaveRateIn | None = Field(
        default=None,
        description="default: 0.05 ± 0.02 and what the readouts measured, weighed by how sure",
    )
    margin: Share | None = Field(
        default=None,
        description="share of net spend left after goods; default `money.margin` of the settings",
        examples=[0.4],
    )
    kappa: Share = Field(
        default=1.0, description="spend of a saved customer over that of one who stays"
    )
    budget: Annotated[float, Field(gt=0, le=1e12)] | None = Field(
        default=None, description="currency for contacts and incentives; default: while it pays"
    )
    max_contacts: Annotated[int, Field(ge=1, le=10**9)] | None = None
    holdout: Annotated[HeldOut | Literal["auto"], WrapValidator(_one_fault)] = Field(
        default="auto",
        description="share held out at random; auto: the least that shows `detect`, a tenth where "
        "none up to a half does",
    )
    detect: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.03, description="effect on the return rate to be shown; 3 points are 0.03"
    )
    primary_outcome: Literal["return_rate", "revenue", "profit"] = "return_rate"
    begins_on: date | None = Field(default=None, description="day of the contacts; default today")
    readout_on: date | None = Field(
        default=None, description="day of the verdict; default begins_on + the churn horizon"
    )
    contact_cap: ContactCapIn | None = None
    global_control: bool = Field(
        default=False, description="leave out the shop's standing control group of 2 %"
    )
    outside_sample: bool = Field(
        default=False, description="also a random 5 % of those not on the list, half held out"
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @field_validator("list_id")
    @classmethod
    def _has_an_address(cls, name: str | None) -> str | None:
        if name in RESERVED:
            raise PydanticCustomError(
                SAID, "{name} is an address of its own; choose another name", {"name": repr(name)}
            )
        return name


Id = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
MOST_ROWS = 10_000
# Heads of lists in a page, unless another number is asked for.
LISTS_AT_ONCE = 100


class ContactIn(Asked):
    """One contact that was made."""

    customer_id: Id
    contacted_at: Annotated[str, Field(min_length=10, max_length=40)] = Field(
        description="day or moment, ISO 8601; without an offset in the shop's time zone",
        examples=["2026-11-20", "2026-11-20T09:30:00"],
    )
    list_id: Id | None = Field(default=None, description="the list that it belongs to, if any")
    channel: Annotated[str, Field(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    cost: Amount | None = Field(default=None, description="currency; default that of the list")
    arm: Literal["contacted", "held_out"] = Field(
        default="contacted", description="a row of somebody held out tells of no contact"
    )


class ContactsIn(Asked):
    """Contacts that were made; one that is known already counts once."""

    contacts: Annotated[list[ContactIn], Field(min_length=1, max_length=MOST_ROWS)]


class OutcomeIn(Asked):
    """What a member bought within the days of the list."""

    customer_id: Id
    revenue: Annotated[float, Field(ge=-1e9, le=1e9)] = Field(
        description="currency, net of refunds"
    )
    orders: Annotated[int, Field(ge=0, le=10**6)] | None = Field(
        default=None, description="without it, who has a revenue above 0 has returned"
    )
    incentive_paid: Amount | None = Field(
        default=None, description="currency, of incentives redeemed"
    )
    complete_until: date | None = Field(
        default=None,
        description="first day of which the row tells nothing; default the day of the import",
    )


class OutcomesIn(Asked):
    """Outcomes of a list's members; who is not in them has bought nothing.

    They stand for the orders once all rows kept for the list are complete until its readout.
    """

    outcomes: Annotated[list[OutcomeIn], Field(min_length=1, max_length=MOST_ROWS)]
    replace: bool = Field(default=False, description="forget what was imported for the list before")
