"""Typed settings of one shop, read from its YAML file.

Defaults stand here; a YAML file says what differs. `docs/settings.md` lists every key.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Tag,
    ValidationError,
    model_validator,
)

from configs.checks import count_or_auto, database_url, folder, shop_name, time_zone
from configs.errors import SettingsError
from configs.faults import sentence
from configs.yaml_file import read_mapping

__all__ = ["Settings", "SettingsError", "load_settings"]

Column = Literal[
    "customer_id",
    "ordered_at",
    "amount",
    "order_id",
    "line_id",
    "product_id",
    "category",
    "quantity",
    "discount",
    "cost",
    "channel",
    "currency",
    "known_at",
]
Days = Annotated[PositiveInt, Field(le=36_500)]
Share = Annotated[float, Field(ge=0, le=1)]
Between = Annotated[float, Field(gt=0, lt=1)]
Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, AfterValidator(database_url)]


class _Part(BaseModel):
    # Strict: `"90"` or `yes` where a number is meant is an error, not a guess.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Format(_Part):
    """How a text file is laid out; what is absent is guessed from the file."""

    kind: Literal["text", "csv", "parquet"] | None = None
    separator: Text | None = None
    header: bool = True
    date_format: Annotated[str, Field(pattern="%[A-Za-z]")] | None = None


class Purchases(_Part):
    """The purchase log: where it is, what its columns are called, when its days begin."""

    source: Text
    format: Format = Format()
    columns: dict[Column, Text] = Field(default_factory=dict)
    timezone: Annotated[str, AfterValidator(time_zone)] = "UTC"
    day_starts_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "00:00"
    max_bad_rows: Share = 0.01

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> "Purchases":
        theirs = list(self.columns.values())
        twice = sorted({name for name in theirs if theirs.count(name) > 1})
        if twice:
            raise ValueError(f"names the source column {twice[0]!r} twice; name each once")
        return self


class Horizons(_Part):
    """Days after the cutoff in which a return, and the value of a customer, are counted."""

    churn_days: Days = 90
    value_days: Days = 365


class Eligible(_Part):
    """Which customers are scored: active lately, known long enough."""

    active_within_days: Days = 1095
    min_days: NonNegativeInt = 0


class CutPoints(_Part):
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


class Training(_Part):
    """How many cutoffs the training panel stacks, and the seed of everything drawn."""

    cutoffs: Annotated[Literal["auto"] | int, BeforeValidator(count_or_auto)] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class Mlflow(_Part):
    """Where runs and registered models are kept."""

    tracking_uri: Url | None = None


class Gate(_Part):
    """What a new model must win on before it is served."""

    metric: Literal["log_loss"] = "log_loss"
    shadow: Literal[False] = False


class Serve(_Part):
    """Where the service listens, and after how many hours its scores count as stale."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 3000
    workers: Literal[1] = 1
    stale_after_hours: PositiveFloat = 36.0
    production: Literal[False] = False


def _tier_kind(value: object) -> str:
    return "auto" if isinstance(value, str) else "cut points"


Tiers = Annotated[
    Annotated[Literal["auto"], Tag("auto")] | Annotated[CutPoints, Tag("cut points")],
    Discriminator(_tier_kind),
]


class Settings(_Part):
    """Everything perennial is told about one shop."""

    name: Annotated[str, AfterValidator(shop_name)]
    var: Annotated[Path, AfterValidator(folder)] = Field(
        default_factory=lambda data: Path("var") / data["name"], strict=False
    )
    purchases: Purchases
    horizons: Horizons = Horizons()
    eligible: Eligible = Eligible()
    tiers: Tiers = "auto"
    training: Training = Training()
    engine: Literal["local"] = "local"
    store: Url | None = None
    mlflow: Mlflow = Mlflow()
    gate: Gate = Gate()
    serve: Serve = Serve()

    @property
    def log_dir(self) -> Path:
        """Folder of the checked and sorted purchase log."""
        return self.var / "log"

    @property
    def models_dir(self) -> Path:
        """Folder of the promoted bundles and of the pointer to the one in use."""
        return self.var / "models"

    @property
    def quarantine_dir(self) -> Path:
        """Folder of the rows that could not be accepted, with the reason of each."""
        return self.var / "quarantine"

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
    Settings, frozen, with `${NAME}` in `purchases.source` replaced from the environment

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
    source = _with_environment(settings.purchases.source, path)
    purchases = settings.purchases.model_copy(update={"source": source})
    return settings.model_copy(update={"purchases": purchases})


def _with_environment(text: str, path: Path) -> str:
    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if not found:
            raise SettingsError(
                f"`purchases.source` in {path} needs the environment variable {match[1]}, "
                f"which is not set; set it first: export {match[1]}=..."
            )
        return found

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", value, text)
