"""The commands that belong to serving; `perennial.py` reads their arguments."""

import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from configs.console import Steps
from configs.settings import Settings
from serving.doctor import REFUSED, check_production, circumstances, examine, refusals
from serving.exports.batch_csv import CSV_FIELDS, write_csv
from serving.scores import ScoreStore
from serving.store.batch import Batch
from serving.store.listing import NOT_LAPSED, Filters
from serving.store.tokens import TokenInfo, Tokens

if TYPE_CHECKING:
    from serving.publish import Published

SHOWN = 10
DEMO = "demo"
DEMO_SCOPES = ("read:scores", "list:scores", "export")
DEMO_DAYS = 7


def serve(settings: Settings, *, config_path: Path, host: str | None, port: int | None) -> None:
    """Serve until Ctrl-C.

    Raises
    ------
    Refused
        If `serve.production` is on and the doctor refuses something.
    ServeError
        If the port is in use, or the service does not start.
    StoreDown
        If the score store cannot be opened.
    """
    from serving.web import front

    if settings.serve.production:
        check_production(circumstances(settings, config_path, host=host))
    listen_host, listen_port = host or settings.serve.host, port or settings.serve.port
    with front.bind(listen_host, listen_port) as bound:
        # A store that cannot be opened is told in one sentence, before BentoML logs a page of it.
        ScoreStore(settings.store_url).close()
        shown = f"[{listen_host}]" if ":" in listen_host else listen_host
        address = f"http://{shown}:{bound.getsockname()[1]}"
        front.run(
            config_path,
            bound,
            ready=lambda: print(f"{settings.name} is served on {address}", flush=True),
            workers=settings.serve.workers,
            behind_proxy=settings.serve.behind_tls,
        )


def score(
    settings: Settings,
    *,
    as_of: dt.date | None,
    as_json: bool,
    csv: Path | None = None,
    list_csv: Path | None = None,
    list_call: str = "perennial list",
) -> None:
    """Score all customers, publish the batch, tell of it; then learn uplift where lists are new.

    Parameters
    ----------
    csv : file for everybody's scores
    list_csv : file for the members of a first list, which is told too
    list_call : how the command about lists is called
    """
    from serving.lists.uplift_commands import learn_what_is_new
    from serving.publish import publish  # brings DuckDB, which the service does without

    with Steps("scoring", 1) as steps, steps.step("score all customers and publish the batch"):
        published = publish(settings, as_of=as_of, now=dt.datetime.now(dt.UTC))
    if csv is not None:
        write_batch_csv(settings, published.batch, csv)
    document = score_document(settings, published)
    if list_csv is not None:
        document["first_list"] = _first_list(settings, list_csv)
    if as_json:
        print(json.dumps(document), flush=True)
    else:
        _print_scored(published, document, list_csv, list_call)
    # Last, for it may take minutes or fail, and neither may hold back what was asked for.
    learned = learn_what_is_new(settings, dt.datetime.now(dt.UTC))
    if learned is not None:
        print(learned, file=sys.stderr)


def _print_scored(
    published: "Published", document: dict[str, Any], list_csv: Path | None, list_call: str
) -> None:
    batch = published.batch
    what = "is current already: nothing has changed" if published.unchanged else "is published"
    print(f"batch {batch.batch_id} {what}: {batch.customers:,} customers as of {batch.as_of}")
    if document["items"]:
        Console(highlight=False).print(riskiest_table(document["items"]))
    if list_csv is not None:
        from serving.lists.first import first_text

        print(first_text(document["first_list"], list_call, str(list_csv)))
    sys.stdout.flush()


def _first_list(settings: Settings, path: Path) -> dict[str, Any]:
    from serving.lists.first import first_list

    store = ScoreStore(settings.store_url)
    try:
        return first_list(store, settings, dt.datetime.now(dt.UTC), path)
    finally:
        store.close()


def score_document(settings: Settings, published: "Published") -> dict[str, Any]:
    """The batch's head and the customers with most value at risk, the lapsed left out."""
    batch = published.batch
    store = ScoreStore(settings.store_url)
    try:
        rows, _ = store.page(batch.batch_id, Filters(lifecycle_status=NOT_LAPSED), limit=SHOWN)
    finally:
        store.close()
    return {
        "batch_id": batch.batch_id,
        "as_of": batch.as_of,
        "data_until": batch.data_until,
        "model_version": batch.model_version,
        "published_at": batch.published_text,
        "customers": batch.customers,
        "unchanged": published.unchanged,
        "items": rows,
    }


def doctor(settings: Settings, *, config_path: Path, as_json: bool) -> int:
    """Print whether this set-up is fit for production and what to change; return the exit code."""
    findings = examine(circumstances(settings, config_path))
    fit = not refusals(findings)
    if as_json:
        print(json.dumps({"fit": fit, "findings": [each.as_dict() for each in findings]}))
        return 0 if fit else REFUSED
    table = Table("", "looked at", "found", "what to do", title_justify="left")
    for each in findings:
        style = {"refused": "bold red", "advice": "yellow", "fine": "green"}[each.level]
        found = f"{escape(each.what)} [dim]({escape(each.where)})[/dim]"
        table.add_row(f"[{style}]{each.level}[/]", each.check, found, escape(each.fix))
    Console(highlight=False).print(table)
    print("fit for production" if fit else "not fit for production: see the lines that say refused")
    return 0 if fit else REFUSED


def check_port(settings: Settings, port: int | None) -> None:
    """See that the service could listen.

    Raises
    ------
    ServeError
        If the port is in use.
    """
    from serving.web import front

    front.bind(settings.serve.host, port or settings.serve.port).close()


def demo_token(settings: Settings, port: int | None) -> None:
    """Make a token to look around with; the one of an earlier demo ends."""
    with _tokens(settings) as tokens:
        for info in tokens.list():
            if info.name == DEMO and info.status == "valid":
                tokens.revoke(info.prefix)
        text, _ = tokens.create(DEMO_SCOPES, name=DEMO, days=DEMO_DAYS)
    print(f"address  http://{settings.serve.host}:{port or settings.serve.port}")
    print(f"token    {text}")


def write_batch_csv(settings: Settings, batch: Batch, path: Path) -> None:
    """Write all rows of a batch as CSV."""
    store = ScoreStore(settings.store_url)
    try:
        write_csv(store.rows_frame(batch.batch_id, CSV_FIELDS), path)
    finally:
        store.close()


def riskiest_table(rows: list[dict[str, Any]]) -> Table:
    """Customers with most value at risk, for a terminal."""
    days = rows[0]["churn_horizon_days"]
    table = Table(
        "customer",
        f"no order in {days} days",
        "value at risk",
        f"expected in {rows[0]['value_horizon_days']} days",
        "orders",
        "last order, days ago",
        title=f"the {len(rows)} customers with most value at risk, lapsed ones left out",
        title_justify="left",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(
            escape(row["customer_id"]),
            f"{row['churn_probability']:.0%}",
            f"{row['value_at_risk']:,.2f}",
            f"{row['predicted_clv']:,.2f}",
            str(row["historic_number_of_orders"]),
            str(row["days_since_last"]),
        )
    return table


def token_create(
    settings: Settings,
    *,
    scopes: Sequence[str],
    name: str | None,
    days: int | None,
    as_json: bool,
) -> None:
    """Make a token and print it, this once."""
    with _tokens(settings) as tokens:
        text, info = tokens.create(scopes, name=name, days=days)
    if as_json:
        print(json.dumps({"token": text, **asdict(info)}))
        return
    print(text)
    print(
        f"valid until {info.expires_at} for {', '.join(info.scopes)}; it is shown only now",
        file=sys.stderr,
    )


def token_list(settings: Settings, *, as_json: bool) -> None:
    """Print all tokens, without their secrets."""
    with _tokens(settings) as tokens:
        found = tokens.list()
    if as_json:
        print(json.dumps({"tokens": [asdict(info) for info in found]}))
        return
    table = Table("prefix", "name", "scopes", "created", "expires", "status")
    for info in found:
        table.add_row(*_cells(info))
    Console().print(table)


def token_revoke(settings: Settings, *, prefix: str, as_json: bool) -> None:
    """End a token and the dashboard sessions that it opened."""
    with _tokens(settings) as tokens:
        info = tokens.revoke(prefix)
    print(json.dumps(asdict(info)) if as_json else f"token {info.prefix} is revoked")


@contextmanager
def _tokens(settings: Settings) -> Iterator[Tokens]:
    store = ScoreStore(settings.store_url)
    try:
        yield Tokens(store.database)
    finally:
        store.close()


def _cells(info: TokenInfo) -> tuple[str, ...]:
    scopes = ", ".join(info.scopes)
    return info.prefix, info.name, scopes, info.created_at, info.expires_at, info.status
