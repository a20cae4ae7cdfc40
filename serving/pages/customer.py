"""The page of one customer: scores, reasons, purchases, and the scores of earlier batches."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from retention.table_fields import TABLE_FIELDS
from serving.pages import terms
from serving.pages.ahead import ahead_of
from serving.pages.back import back_to
from serving.pages.dates import SAID, next_order_sentence, silence_sentence
from serving.pages.frame import frame, horizons, notice, served
from serving.pages.gauges import history_points, reason_bars, value_range
from serving.pages.render import page
from serving.pages.rhythm import rhythm_of
from serving.pages.sentences import value_sentence
from serving.pages.state import Parts
from serving.pages.timeline import timeline
from serving.pages.worth import worth_panel
from serving.store.ahead import risks_ahead
from serving.store.batch import Batch
from serving.store.customer_contacts import contacts_with

LISTS = "lists"
SHOWN_ORDERS = 12
DRAWN_ORDERS = 400


def customer_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show one customer: scores, reasons, purchases, and the scores of earlier batches."""
    now = parts.clock()
    customer_id = request.path_params["customer_id"]
    answer = parts.answers.customer(batch, customer_id, now)
    if answer is None:
        return notice(
            request,
            parts,
            404,
            title="No such customer",
            sentence="The current batch holds no customer with this id. Ids are matched exactly, "
            "leading zeros and capitals included.",
            link={"href": "/customers", "text": "All customers"},
            here="customers",
        )
    row = answer["results"][0]
    orders = (parts.answers.orders(batch, customer_id, now) or {"orders": []})["orders"]
    history = (parts.answers.history(batch, customer_id, now) or {"history": []})["history"]
    groups = _groups(parts, batch)
    risks = risks_ahead(parts.store.database, batch.batch_id, customer_id)
    return page(
        "customer.html",
        **frame(request, parts, "customers"),
        head={**answer, "data_until": batch.data_until},
        served=served(parts, batch),
        back=back_to(request),
        row=row,
        status_words=terms.STATUS_WORDS.get(row["score_status"]),
        value_words=value_sentence(row),
        worth=worth_panel(parts, batch, customer_id),
        next_words=next_order_sentence(row),
        silence_words=silence_sentence(row),
        contacts=contacts_with(parts.store.database, batch.batch_id, customer_id),
        # Who is held out is for those who may see lists: whoever else knew could spoil the draw.
        sees_lists=LISTS in request.state.principal.scopes,
        lacking={
            field: code
            for field, code in row["missing"].items()
            if field not in (*SAID, *TABLE_FIELDS)
        },
        span=value_range(row),
        bars=reason_bars(row["reasons"]),
        orders=orders[::-1],
        shown_orders=SHOWN_ORDERS,
        line=timeline(orders[-DRAWN_ORDERS:], answer["as_of"], row["churn_horizon_days"]),
        ahead=ahead_of(risks, row, groups.get("risk_limits")),
        rhythm=rhythm_of(orders, row, groups.get("rhythm")),
        history=history[::-1],
        trail=history_points(history),
        meanings=terms.meanings(**horizons([row], parts)),
    )


def _groups(parts: Parts, batch: Batch) -> dict[str, Any]:
    """Limits and rhythm by which the batch was made; empty where its model is in use no more."""
    champion = parts.holder.champion
    if champion is None or champion.version != batch.model_version:
        return {}
    return champion.bundle.groups
