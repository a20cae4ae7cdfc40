"""The actions of `perennial token`: their options, and the call that does the work."""

from typing import Annotated

import typer

from configs.settings import load_settings
from serving.options import Json, before_action, config_of

token_app = typer.Typer(help="Make, list and revoke the tokens that the service asks for.")
token_app.callback()(before_action)


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
    settings = load_settings(config_of(context))
    from serving import commands

    commands.token_create(settings, scopes=scope, name=name, days=days, as_json=as_json)


@token_app.command("list")
def token_list(context: typer.Context, as_json: Json = False) -> None:
    """List the tokens by their first letters; the tokens themselves are not kept."""
    settings = load_settings(config_of(context))
    from serving import commands

    commands.token_list(settings, as_json=as_json)


@token_app.command("revoke")
def token_revoke(
    context: typer.Context,
    prefix: Annotated[str, typer.Argument(help="First letters, as `token list` shows them.")],
    as_json: Json = False,
) -> None:
    """Revoke a token and end the sessions begun with it."""
    settings = load_settings(config_of(context))
    from serving import commands

    commands.token_revoke(settings, prefix=prefix, as_json=as_json)
