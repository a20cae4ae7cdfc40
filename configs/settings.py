"""Typed settings of one shop, read from its YAML file.

Defaults stand here; a YAML file says what differs. `docs/settings.md` lists every key.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Tag,
    ValidationError,
    model_validator,
)

from configs.checks import count_or_auto, database_url, folder, shop_name
from configs.errors import SettingsError
from configs.faults import sentence
from configs.part import Part, Text
from configs.purchases import VARIABLE, Purchases
from configs.tables import Contacts, Costs, Customers, Money, Surveys
from configs.writing import currency_code, known_locale
from configs.yaml_file import read_mapping

__all__ = ["Settings", "SettingsError", "load_settings"]

Days = Annotated[PositiveInt, Field(le=36_500)]
Between = Annotated[float, Field(gt=0, lt=1)]
Url = Annotated[str, AfterValidator(database_url)]
# Parts that are read from somewhere.
SOURCES = ("purchases", "customers", "contacts", "surveys")


class Horizons(Part):
    """Days after the cutoff in which a return, and the value of a customer, are counted."""

    churn_days: Days = 90
    value_days: Days = 365


class Eligible(Part):
    """Which customers are scored: active lately, known long enough."""

    active_within_days: Days = 1095
    min_days: NonNegativeInt = 0


class CutPoints(Part):
    """Churn probabilities at which medium and high risk begin."""

    medium_risk: Between
    high_risk: Between

    @model_validator(mode="after")
    def _medium_comes_first(self) -> "CutPoints":
        if self.medium_risk >= self.high_risk:
            raise ValueError(
                f"has medium_risk {self.medium_risk}, not below high_risk {self.high_risk}; "
                "lower the one or raise the other"
            )
        return self


class Training(Part):
    """Cutoffs that the training panel stacks, tree parameters tried, and the seed of all drawn."""

    cutoffs: Annotated[Literal["auto"] | int, BeforeValidator(count_or_auto)] = "auto"
    trials: Annotated[NonNegativeInt, Field(le=1000)] = 30
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class Mlflow(Part):
    """Where runs and registered models are kept."""

    tracking_uri: Url | None = None


class Gate(Part):
    """What a new model must win on before it is served."""

    metric: Literal["log_loss"] = "log_loss"
    shadow: Literal[False] = False


class Serve(Part):
    """Where the service listens, how much it lets through, when its scores count as stale."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 3000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    stale_after_hours: PositiveFloat = 36.0
    requests_per_minute: Annotated[int, Field(ge=1, le=10**9)] = 600_000
    wrong_tokens_per_minute: Annotated[int, Field(ge=1, le=10**9)] = 10
    rows_per_day: Annotated[int, Field(ge=1, le=10**12)] = 10_000_000
    export_rows_per_day: Annotated[int, Field(ge=1, le=10**12)] = 10_000_000
    behind_tls: bool = False
    production: bool = False


class ExportEmails(Part):
    """Where the e-mail address of each customer stands: a CSV with `customer_id` and `email`."""

    source: Text


class Exports(Part):
    """What exports may hold besides scores."""

    emails: ExportEmails | None = None


class Dashboard(Part):
    """How the dashboard writes numbers and money, and whom it calls worth a contact this week."""

    locale: Annotated[str, AfterValidator(known_locale)] = "en-GB"
    currency: Annotated[str, AfterValidator(currency_code)] | None = None
    contact_pause_days: Days = 30
    contact_cost: NonNegativeFloat | None = None
    save_rate: Between = 0.05


class Lists(Part):
    """What every contact list keeps to: the share of customers whom none contacts."""

    global_control: Annotated[float, Field(gt=0, le=0.5)] | None = None


def _tier_kind(value: object) -> str:
    return "auto" if isinstance(value, str) else "cut points"


Tiers = Annotated[
    Annotated[Literal["auto"], Tag("auto")] | Annotated[CutPoints, Tag("cut points")],
    Discriminator(_tier_kind),
]


class Settings(Part):
    """Everything perennial is told about one shop."""

    name: Annotated[str, AfterValidator(shop_name)]
    var: Annotated[Path, AfterValidator(folder)] = Field(
        default_factory=lambda data: Path("var") / data["name"], strict=False
    )
    purchases: Purchases
    customers: Customers | None = None
    contacts: Contacts | None = None
    surveys: Surveys | None = None
    costs: Costs = Costs()
    money: Money = Money()
    horizons: Horizons = Horizons()
    eligible: Eligible = Eligible()
    tiers: Tiers = "auto"
    training: Training = Training()
    engine: Literal["local", "spark"] = "local"
    store: Url | None = None
    mlflow: Mlflow = Mlflow()
    gate: Gate = Gate()
    serve: Serve = Serve()
    lists: Lists = Lists()
    dashboard: Dashboard = Dashboard()
    exports: Exports = Exports()

    @property
    def log_dir(self) -> Path:
        """Folder of the checked and sorted purchase log."""
        return self.var / "log"

    @property
    def spark_dir(self) -> Path:
        """Folder of what is on its way to Spark and back."""
        return self.var / "spark"

    @property
    def models_dir(self) -> Path:
        """Folder of the promoted bundles and of the pointer to the one in use."""
        return self.var / "models"

    @property
    def quarantine_dir(self) -> Path:
        """Folder of the rows that could not be accepted, with the reason of each."""
        return self.var / "quarantine"

    @property
    def exports_dir(self) -> Path:
        """Folder of the files that exports made."""
        return self.var / "exports"

    @property
    def contacts_dir(self) -> Path:
        """Folder of the assignments of each contact list, which training reads."""
        return self.var / "contacts"

    @property
    def artifact_dir(self) -> Path:
        """Folder of the files that MLflow keeps for its runs."""
        return self.var / "mlflow" / "artifacts"

    @property
    def store_url(self) -> str:
        """Database URL of the score store."""
        return self.store or f"sqlite:///{self.var.absolute() / 'scores.db'}"

    @property
    def tracking_uri(self) -> str:
        """URL of the MLflow tracking store and registry."""
        default = self.var.absolute() / "mlflow" / "mlflow.db"
        return self.mlflow.tracking_uri or f"sqlite:///{default}"


def load_settings(path: Path) -> Settings:
    """Read the settings of a shop.

    Parameters
    ----------
    path : Path of a YAML file; its stem is the shop's name unless `name` is given

    Returns
    -------
    Settings, frozen, with `${NAME}` in each `source` replaced from the environment

    Raises
    ------
    SettingsError
        If the file cannot be read or a value is refused; all faults are in the one message.
    """
    data, lines = read_mapping(path)
    data.setdefault("name", path.stem)
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError(sentence(error, Settings, path=path, lines=lines)) from None
    told = settings.model_dump()
    for part in SOURCES:
        if told[part] is not None:
            told[part]["source"] = _with_environment(told[part]["source"], f"{part}.source", path)
    if told == settings.model_dump():
        return settings
    try:
        # Once more: whether it is a file or a database is known only now.
        return Settings.model_validate(told)
    except ValidationError as error:
        raise SettingsError(sentence(error, Settings, path=path, lines=lines)) from None


def _with_environment(text: str, key: str, path: Path) -> str:
    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if not found:
            raise SettingsError(
                f"`{key}` in {path} needs the environment variable {match[1]}, "
                f"which is not set; set it first: export {match[1]}=..."
            )
        return found

    return VARIABLE.sub(value, text)
