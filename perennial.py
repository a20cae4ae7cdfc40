"""The command line. Each command reads the settings and calls one function of a layer.

The layers are imported when a command is called: MLflow and BentoML take seconds.
"""

import os
import re
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

switch_off()

app = typer.Typer(
    help="Who is about to stop buying, what each customer will be worth, whom to contact now.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
token_app = typer.Typer(help="Make, list and revoke the tokens that the service asks for.")
app.add_typer(token_app, name="token")
list_app = typer.Typer(help="Contact lists: make them, tell what became of them, read them out.")
app.add_typer(list_app, name="list")


def _day(text: str) -> date:
    with suppress(ValueError):  # a day that no calendar has is refused like any other text
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    raise typer.BadParameter(f"{text!r} is no date; write it as YYYY-MM-DD")


Config = Annotated[Path, typer.Option("--config", "-c", help="YAML file of the shop's settings.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder of the report; default: in the shop's var.")
]
Out = Annotated[Path, typer.Option("--out", help="Folder that the files are written to.")]
Cutoff = Annotated[
    date, typer.Option("--cutoff", parser=_day, metavar="DATE", help="First day not yet known.")
]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        parser=_day,
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


@token_app.callback()
@list_app.callback()
def _before_action(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="YAML file of the shop's settings.  [required]"),
    ] = None,
) -> None:
    # Required, but asked for only by the commands, so that their --help needs no settings.
    context.obj = config


def _config_of(context: typer.Context) -> Path:
    if not isinstance(context.obj, Path):
        above = context.parent.info_name if context.parent else "token"
        raise typer.BadParameter(
            f"name the settings before the action: perennial {above} -c CONFIG"
        )
    return context.obj


@token_app.command("create")
def token_create(
    context: typer.Context,
    scope: Annotated[list[str], typer.Option(help="What it allows; may be repeated.")],
    name: Annotated[str | None, typer.Option(help="A word to know it by.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days until it expires.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    settings = load_settings(_config_of(context))
    from serving import commands

    commands.token_create(settings, scopes=scope, name=name, days=days, as_json=as_json)


@token_app.command("list")
def token_list(context: typer.Context, as_json: Json = False) -> None:
    """List the tokens by their first letters; the tokens themselves are not kept."""
    settings = load_settings(_config_of(context))
    from serving import commands

    commands.token_list(settings, as_json=as_json)


@token_app.command("revoke")
def token_revoke(
    context: typer.Context,
    prefix: Annotated[str, typer.Argument(help="First letters, as `token list` shows them.")],
    as_json: Json = False,
) -> None:
    """Revoke a token and end the sessions begun with it."""
    settings = load_settings(_config_of(context))
    from serving import commands

    commands.token_revoke(settings, prefix=prefix, as_json=as_json)


Name = Annotated[str, typer.Argument(metavar="LIST", help="Name of the list.")]


@list_app.command("make", help="Make a list: written once, with its hold-out, never changed.")
@list_app.command("preview", help="Tell what a list would be; nothing is written.")
def list_make(
    context: typer.Context,
    cost: Annotated[float | None, typer.Option(min=0, help="Currency, of one contact.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the list; default by the day.")] = None,
    margin: Annotated[
        float | None, typer.Option(help="Share of net spend left after goods, as 0.4.")
    ] = None,
    save_rate: Annotated[
        float | None, typer.Option(help="Share of the lost whom contact brings back, as 0.05.")
    ] = None,
    save_rate_sd: Annotated[
        float | None, typer.Option(help="How unsure that is: standard deviation, as 0.02.")
    ] = None,
    incentive: Annotated[
        float | None, typer.Option(min=0, help="Currency, paid when redeemed.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Currency for contacts and incentives.")
    ] = None,
    max_contacts: Annotated[int | None, typer.Option(min=1, help="Most customers.")] = None,
    holdout: Annotated[
        str | None, typer.Option(help="Share held out, 0 to 0.5, or auto (default).")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="return_rate (default), revenue or profit.")
    ] = None,
    begins_on: Annotated[
        date | None,
        typer.Option("--begins-on", parser=_day, metavar="DATE", help="Default today."),
    ] = None,
    readout_on: Annotated[
        date | None,
        typer.Option(
            "--readout-on", parser=_day, metavar="DATE", help="Default after the churn horizon."
        ),
    ] = None,
    risk: Annotated[list[str] | None, typer.Option(help="Risk tier; may be repeated.")] = None,
    value: Annotated[list[str] | None, typer.Option(help="Value tier; may be repeated.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only who can be reached by it.")] = None,
    include_lapsed: Annotated[
        bool, typer.Option("--include-lapsed", help="Lapsed customers too.")
    ] = False,
    terms: Annotated[
        Path | None,
        typer.Option(help="YAML or JSON with any term of POST /v1/lists; options go first."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a list or, called as `preview`, tell what it would be."""
    settings = load_settings(_config_of(context))
    from serving.lists import commands

    asked = {
        "list_id": name,
        "contact_cost": cost,
        "margin": margin,
        "save_rate": {"mean": save_rate, "sd": save_rate_sd},
        "incentive": incentive,
        "budget": budget,
        "max_contacts": max_contacts,
        "holdout": holdout,
        "primary_outcome": outcome,
        "begins_on": begins_on,
        "readout_on": readout_on,
        "audience": {
            "risk_tier": risk,
            "value_tier": value,
            "channel": channel,
            "include_lapsed": include_lapsed or None,
        },
    }
    act = commands.preview if context.info_name == "preview" else commands.make
    act(settings, asked=asked, terms=terms, as_json=as_json)


@list_app.command("show")
def list_show(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="LIST", help="Name of the list; default: all lists.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show one list, or all of them."""
    settings = load_settings(_config_of(context))
    from serving.lists import commands

    commands.show(settings, list_id=name, as_json=as_json)


@list_app.command("members")
def list_members(
    context: typer.Context,
    name: Name,
    arm: Annotated[str | None, typer.Option(help="contacted or held_out; default both.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV; default: stdout.")] = None,
    as_json: Json = False,
) -> None:
    """Print the members of a list as CSV."""
    if arm not in (None, "contacted", "held_out"):
        raise typer.BadParameter(f"--arm must be contacted or held_out, got {arm!r}")
    settings = load_settings(_config_of(context))
    from serving.lists import commands

    commands.members(settings, list_id=name, arm=arm, out=out, as_json=as_json)


@list_app.command("contacts")
def list_contacts(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV: customer_id, contacted_at, ...")],
    name: Annotated[
        str | None, typer.Option("--list", help="List of the rows that name none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import who was contacted, when and at what cost."""
    settings = load_settings(_config_of(context))
    from serving.lists import commands

    commands.contacts(settings, file=file, list_id=name, as_json=as_json)


@list_app.command("outcomes")
def list_outcomes(
    context: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(help="CSV: customer_id, revenue, ...")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget what was imported for the list before.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Import what the members of a list bought."""
    settings = load_settings(_config_of(context))
    from serving.lists import commands

    commands.outcomes(settings, list_id=name, file=file, replace=replace, as_json=as_json)


@list_app.command("readout")
def list_readout(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Tell what a list earned: contacted against held out."""
    settings = load_settings(_config_of(context))
    from serving.lists import commands

    commands.readout(settings, list_id=name, as_json=as_json)


@list_app.command("uplift")
def list_uplift(
    context: typer.Context,
    experiment: Annotated[
        Path | None, typer.Option(help="CSV of an experiment; default: the finished lists.")
    ] = None,
    treatment: Annotated[str | None, typer.Option(help="Its column of the arms.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Its column of the outcome.")] = None,
    control: Annotated[
        str | None, typer.Option(help="Value of the treatment's column for those left alone.")
    ] = None,
    learner: Annotated[str, typer.Option(help="x (default), t or class.")] = "x",
    features: Annotated[
        list[str] | None, typer.Option(help="Columns to learn from; with commas or repeated.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="Columns not to learn from; with commas or repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Learn whom contact moves, from finished lists or an experiment."""
    if learner not in ("x", "t", "class"):
        raise typer.BadParameter(f"--learner must be x, t or class, got {learner!r}")
    settings = load_settings(_config_of(context))
    from serving.lists import uplift_commands

    uplift_commands.uplift(
        settings,
        experiment=experiment,
        treatment=treatment,
        outcome=outcome,
        control=control,
        learner=learner,
        features=features or (),
        ignore=ignore or (),
        as_json=as_json,
    )


@list_app.command("programme")
def list_programme(context: typer.Context, as_json: Json = False) -> None:
    """Tell what all lists together bring: the standing control group against everybody else."""
    settings = load_settings(_config_of(context))
    from serving.lists.programme_commands import show_programme

    show_programme(settings, as_json=as_json)


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
        f"  {_program()} token -c {_shown(config)} create --scope read:scores --scope list:scores\n"
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
