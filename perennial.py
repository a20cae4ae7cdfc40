"""The command line. Each command reads the settings and calls one function of a layer.

The layers are imported when a command is called: MLflow and BentoML take seconds.
"""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stdout, suppress
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

import configs
from configs.first_settings import safe_name, write_settings
from configs.settings import Settings, load_settings
from configs.telemetry import switch_off
from serving.lists.actions import list_app
from serving.options import Json, day
from serving.token_actions import token_app

switch_off()

app = typer.Typer(
    help="Who is about to stop buying, what each customer will be worth, whom to contact now.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(token_app, name="token")
app.add_typer(list_app, name="list")

Config = Annotated[Path, typer.Option("--config", "-c", help="YAML file of the shop's settings.")]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder of the report; default: in the shop's var.")
]
Out = Annotated[Path, typer.Option("--out", help="Folder that the files are written to.")]
Cutoff = Annotated[
    date, typer.Option("--cutoff", parser=day, metavar="DATE", help="First day not yet known.")
]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        parser=day,
        metavar="DATE",
        help="Score as known at this day's start; default: the day after the log's last.",
    ),
]
HorizonDays = Annotated[
    int | None,
    typer.Option("--horizon-days", min=1, max=36_500, help="Instead of both `horizons`."),
]


@app.command()
def check(
    config: Config,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for report.html; default: `check` in the shop's `var`."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Report on the data: rows, quarantine, coverage, what is too little for what."""
    settings = load_settings(config)
    from training import commands

    commands.check(settings, as_json=as_json, out=out)


@app.command()
def train(config: Config, as_json: Json = False) -> None:
    """Fit the models, compare them with the simple rules and promote what wins."""
    settings = load_settings(config)
    from training import commands

    commands.train(settings, as_json=as_json)


@app.command()
def backtest(config: Config, out: OutFolder = None, as_json: Json = False) -> None:
    """Compare perennial, simple rules and buy-till-you-die models on the same rolling cutoffs."""
    settings = load_settings(config)
    from training import commands

    commands.backtest(settings, as_json=as_json, out=out)


@app.command()
def evaluate(
    config: Config,
    cutoff: Cutoff,
    out: Out,
    horizon_days: HorizonDays = None,
    as_json: Json = False,
) -> None:
    """Train on what was known before a day, predict at it, compare with what came after."""
    settings = load_settings(config)
    from training import commands

    commands.evaluate(settings, cutoff=cutoff, horizon_days=horizon_days, out=out, as_json=as_json)


@app.command()
def score(config: Config, as_of: AsOf = None, as_json: Json = False) -> None:
    """Score all customers and publish the batch to the score store."""
    settings = load_settings(config)
    from serving import commands

    commands.score(settings, as_of=as_of, as_json=as_json)


@app.command()
def portfolio(
    config: Config,
    basis: Annotated[str, typer.Option(help="Value as revenue (default) or profit.")] = "revenue",
    as_json: Json = False,
) -> None:
    """Tell what all customers together are worth: by cohort and channel, rates, room to grow."""
    if basis not in ("revenue", "profit"):
        raise typer.BadParameter(f"--basis must be revenue or profit, got {basis!r}")
    settings = load_settings(config)
    from serving import portfolio_commands

    portfolio_commands.portfolio(settings, basis=basis, as_json=as_json)


@app.command()
def value(
    config: Config,
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER_ID", help="As in the log.")],
    as_json: Json = False,
) -> None:
    """Tell what one customer is worth: to date and ahead, gross to contribution, what it cost."""
    settings = load_settings(config)
    from serving import value_commands

    value_commands.value(settings, customer_id=customer_id, as_json=as_json)


@app.command()
def serve(
    config: Config,
    host: Annotated[str | None, typer.Option(help="Instead of `serve.host`.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Instead of `serve.port`.")
    ] = None,
) -> None:
    """Run the service and the dashboard."""
    settings = load_settings(config)
    from serving import commands

    commands.serve(settings, config_path=config, host=host, port=port)


@app.command()
def doctor(config: Config, as_json: Json = False) -> int:
    """Tell whether this set-up is fit for production, and what to change where it is not."""
    settings = load_settings(config)
    from serving import commands

    return commands.doctor(settings, config_path=config, as_json=as_json)


Why = Annotated[str | None, typer.Option("--why", help="Reason, for the promotion log.")]
Who = Annotated[
    str | None,
    typer.Option("--who", help="Name for the promotion log; default PERENNIAL_USER or the login."),
]


@app.command()
def promote(
    config: Config,
    version: Annotated[
        str | None,
        typer.Argument(help="As `train` told it; default: the challenger refused last."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Though the gate refused it; needs --why.")
    ] = False,
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Serve a version that was kept: one in use earlier, or a refused challenger."""
    settings = load_settings(config)
    from training import promotion_commands as commands

    commands.promote(settings, version=version, force=force, why=why, who=who, as_json=as_json)


@app.command()
def rollback(config: Config, why: Why = None, who: Who = None, as_json: Json = False) -> None:
    """Serve the version again that was in use before the present one."""
    settings = load_settings(config)
    from training import promotion_commands as commands

    commands.rollback(settings, why=why, who=who, as_json=as_json)


@app.command()
def demo(
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Stop after printing; start no service.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Instead of `serve.port`.")
    ] = None,
) -> None:
    """Do the main job on the bundled CDNOW log, then serve it on this machine."""
    config = Path(configs.__path__[0]) / "cdnow.yaml"
    settings = _bundled(load_settings(config))
    from serving import commands as serving
    from training import commands as training

    if not no_serve:
        serving.check_port(settings, port)  # before minutes of work, not after
    training.train(settings, as_json=False, skip_unchanged=True)
    serving.score(settings, as_of=None, as_json=False)
    serving.demo_token(settings, port)
    if no_serve:
        print(f"to serve it: {_program()} serve -c {_shown(config)}")
        return
    serving.serve(settings, config_path=config, host=None, port=port)


def _bundled(settings: Settings) -> Settings:
    """The settings with the bundled log, wherever the command is called."""
    source = Path(configs.__path__[0]) / "data" / Path(settings.purchases.source).name
    purchases = settings.purchases.model_copy(update={"source": str(source)})
    return settings.model_copy(update={"purchases": purchases})


def _program() -> Path:
    """How this program was called, to be called again."""
    return _shown(Path(sys.argv[0])) if sys.argv[0].endswith("perennial") else Path("perennial")


def _shown(path: Path) -> Path:
    with suppress(ValueError):  # a path elsewhere is shown whole
        return path.relative_to(Path.cwd())
    return path


@app.command()
def quickstart(
    file: Annotated[Path, typer.Argument(help="CSV of purchases: customer, date, amount.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the results; default: beside the file.")
    ] = None,
    horizon_days: HorizonDays = None,
    as_json: Json = False,
) -> None:
    """From a CSV of purchases to a report, everybody's scores and a first list, in one command."""
    from features.reading.guess import guess_purchases

    name = safe_name(file.name.split(".")[0])
    folder = out or file.with_name(f"{name}-perennial")
    config = write_settings(folder, guess_purchases(file), name=name, horizon_days=horizon_days)
    settings = load_settings(config)
    from serving import commands as serving
    from training import commands as training

    if not as_json:
        training.check(settings, as_json=False)
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        training.train(settings, as_json=False, skip_unchanged=True)
    serving.score(
        settings,
        as_of=None,
        as_json=as_json,
        csv=folder / "scores.csv",
        list_csv=folder / "first-list.csv",
        list_call=f"{_program()} list -c {_shown(config)}",
    )
    _say_next(config, folder / "scores.csv")


def _say_next(config: Path, scores: Path) -> None:
    print(
        f"everybody's scores: {_shown(scores)}\n"
        f"the settings, to be edited: {_shown(config)}\n"
        "for the dashboard make a token to sign in with, then serve:\n"
        f"  {_program()} token -c {_shown(config)} create --scope read:scores --scope list:scores"
        " --scope lists\n"
        f"  {_program()} serve -c {_shown(config)}",
        file=sys.stderr,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of this process, and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    return exit_code_of(lambda: app(words, prog_name="perennial", standalone_mode=False))


def exit_code_of(command: Callable[[], object]) -> int:
    """Call a command; whatever goes wrong ends as one sentence on stderr and an exit code.

    An error of ours names its code by `exit_code`: 1 failed, 2 bad arguments or settings,
    3 refused by a check or unusable data.
    """
    try:
        code = command()
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command_path = context.command_path if context is not None else "perennial"
        _say(f"{error.format_message().rstrip('.')}; see `{command_path} --help`")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the one door that every error leaves by
        if os.environ.get("PERENNIAL_TRACEBACK"):
            traceback.print_exception(error)
        code = getattr(error, "exit_code", None)
        if isinstance(code, int):
            _say(str(error))
            return code
        _say(f"{type(error).__name__}: {error}; set PERENNIAL_TRACEBACK=1 to see where")
        return 1


def _say(message: str) -> None:
    print("perennial:", " ".join(message.split()), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
