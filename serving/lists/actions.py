"""The actions of `perennial list`: their options, and the call that does the work."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from configs.settings import load_settings
from serving.options import Json, before_action, config_of, day

list_app = typer.Typer(help="Contact lists: make them, tell what became of them, read them out.")
list_app.callback()(before_action)


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
        typer.Option("--begins-on", parser=day, metavar="DATE", help="Default today."),
    ] = None,
    readout_on: Annotated[
        date | None,
        typer.Option(
            "--readout-on", parser=day, metavar="DATE", help="Default after the churn horizon."
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
    settings = load_settings(config_of(context))
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
    settings = load_settings(config_of(context))
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
    settings = load_settings(config_of(context))
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
    settings = load_settings(config_of(context))
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
    settings = load_settings(config_of(context))
    from serving.lists import commands

    commands.outcomes(settings, list_id=name, file=file, replace=replace, as_json=as_json)


@list_app.command("readout")
def list_readout(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Tell what a list earned: contacted against held out."""
    settings = load_settings(config_of(context))
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
    settings = load_settings(config_of(context))
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
    settings = load_settings(config_of(context))
    from serving.lists.programme_commands import show_programme

    show_programme(settings, as_json=as_json)
