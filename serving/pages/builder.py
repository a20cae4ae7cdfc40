"""The list builder: a form whose counts, costs and expected gain follow what is filled in."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from retention.segments.rfm import GROUPS
from serving.errors import ServeError
from serving.lists import service
from serving.lists.default_rate import default_rate
from serving.lists.errors import ListExists, ListRefused
from serving.lists.request import ListIn
from serving.lists.rows import LIST_ROWS
from serving.lists.terms import today_of
from serving.pages import terms
from serving.pages.builder_faults import faults_of, refusal
from serving.pages.builder_fields import OUTCOMES, QUESTIONS, Slider
from serving.pages.builder_form import BuilderForm, measured_texts
from serving.pages.frame import frame, headline
from serving.pages.lists_forms import posted
from serving.pages.lists_funnel import funnel
from serving.pages.lists_sensitivity import sensitivity_table
from serving.pages.lists_words import gain_words, outside_words, size_words
from serving.pages.render import PAGE_HEADERS, page
from serving.pages.stacks import round_ticks
from serving.pages.state import Parts
from serving.pages.words import day, money
from serving.store.batch import Batch
from serving.store.list_rows import find_list, kept_readouts

CHOICE_LINES = (
    ("risk_tier", "Risk", terms.RISK_TIERS[::-1]),
    ("value_tier", "Value", terms.VALUE_TIERS),
    ("lifecycle_status", "Lifecycle", tuple(terms.LIFECYCLE_WORDS)),
    ("rfm_group", "RFM group", GROUPS),
)
MARGIN_TO_BEGIN_WITH = "30"
MARGIN_REMARK = (
    f"The settings of this shop give no margin. {MARGIN_TO_BEGIN_WITH}% stands below to begin "
    "with and is a guess: put in yours, or set money.margin in the settings."
)
CHANGE_REMARK = (
    "A list cannot be filtered by how the risk has changed; the other filters were kept."
)
MADE_BEFORE = "A list of this name was made before; choose another name."
STEPS = 200
# Names of lists that fit into a field of the form.
MOST_NAMED = 3
PAST_REMARK = (
    "These scores are of {as_of} and look {days} days ahead, which are over: the list begins on "
    "that day, as an exercise. Publish newer scores to contact anybody now."
)
FIX = "Nothing can be foreseen until the marked fields are right."
# Names that addresses of this dashboard take already.
TAKEN = frozenset(("new", "preview"))


def builder_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the builder, filled in by the address as far as that goes."""
    items = request.query_params.multi_items()
    form = BuilderForm.of(items, _defaults(parts, batch))
    remarks = [CHANGE_REMARK] if any(name == "risk_change" for name, _ in items) else []
    return _page(request, parts, batch, form, remarks)


def build(request: Request, parts: Parts, batch: Batch, form: FormData) -> Response:
    """Make the list, or show the form again with what it would be, or with what is wrong."""
    given = BuilderForm.of(form.multi_items(), {})
    if form.get("do") != "make":
        return _page(request, parts, batch, given, [])
    asked, faults = _asked(given)
    if asked is not None:
        try:
            made = service.create(
                parts.store, parts.settings, parts.clock(), asked, request.state.principal.prefix
            )
        except ListExists:
            faults = {"list_id": MADE_BEFORE}
        except ListRefused as error:
            faults = refusal(error)
        else:
            href = f"/lists/{made['list_id']}"
            return RedirectResponse(href, status_code=303, headers=PAGE_HEADERS)
    return _page(request, parts, batch, given, [], faults)


def preview_part(request: Request, parts: Parts, batch: Batch, form: FormData) -> Response:
    """The part of the page that follows what is filled in."""
    given = BuilderForm.of(form.multi_items(), {})
    return page("list_preview.html", **_foreseen(parts, given, {}), is_part=True, fields=FIELDS)


build_list, preview_list = posted(build), posted(preview_part)
FIELDS = (*QUESTIONS, *(name for name, _, _ in CHOICE_LINES), "primary_outcome")


def _page(
    request: Request,
    parts: Parts,
    batch: Batch,
    form: BuilderForm,
    remarks: list[str],
    faults: Mapping[str, str] | None = None,
) -> Response:
    seen = _foreseen(parts, form, dict(faults or {}))
    if not seen["problem"]:
        # With its name in the form, a list that is sent twice is made once.
        form = form.named(seen["seen"]["list_id"])
    if _are_past(parts, batch) and form.texts["begins_on"] == batch.as_of:
        told = PAST_REMARK.format(as_of=day(batch.as_of), days=parts.settings.horizons.churn_days)
        remarks = [*remarks, told]
    if parts.settings.money.margin is None and form.texts["margin"] == MARGIN_TO_BEGIN_WITH:
        remarks = [*remarks, MARGIN_REMARK]
    return page(
        "list_new.html",
        # A preview that tells what is wrong has done its work; a list that was not made has not.
        200 if faults is None else 422,
        **frame(request, parts, "lists"),
        **headline(parts, batch),
        **seen,
        form=form,
        questions=QUESTIONS,
        outcomes=OUTCOMES,
        choice_lines=CHOICE_LINES,
        remarks=remarks,
        budget_slider=_budget_slider(seen),
        is_part=False,
    )


def _budget_slider(seen: Mapping[str, Any]) -> Slider | None:
    """A slider to about the budget that the list would use; None where nothing is foreseen."""
    if seen["problem"] or seen["seen"]["outlay"] <= 0:
        return None
    budget = seen["seen"]["terms"]["budget"] or 0.0
    most = round_ticks(max(float(seen["seen"]["outlay"]), 2 * budget))[-1]
    return Slider(0, most, most / STEPS)


def _foreseen(parts: Parts, form: BuilderForm, faults: dict[str, str]) -> dict[str, Any]:
    """What the preview shows: counts and money, or why there are none."""
    seen: dict[str, Any] = {}
    if not faults:
        asked, faults = _asked(form)
        if asked is not None and _is_made(parts, asked.list_id):
            faults = {"list_id": MADE_BEFORE}
        elif asked is not None:
            try:
                seen = service.preview(parts.store, parts.settings, parts.clock(), asked)
            except ListRefused as error:
                faults = refusal(error)
            except ServeError as error:
                faults = {"": f"{error}."}
    if not seen:
        problem = faults.get("") or FIX
        return {"problem": problem, "faults": faults, "line": problem}
    gain, why_not = seen["gain"], seen["refusal"]
    rate = seen["terms"]["assumed"]["save_rate"]
    return {
        "problem": "",
        "faults": faults,
        "seen": seen,
        "outside": outside_words(seen["counts"]),
        "steps": funnel(seen["counts"]),
        "sensitivity": sensitivity_table(seen["sensitivity"], gain["mean"]),
        "gain_words": gain_words(gain, rate),
        "line": f"{why_not[:1].upper()}{why_not[1:]}."
        if why_not
        else f"{size_words(seen['counts'])}, for {money(seen['outlay'])}; expected net gain "
        f"{money(gain['mean'])}",
    }


def _is_made(parts: Parts, list_id: str | None) -> bool:
    """Whether there is a list of this name."""
    if list_id is None:
        return False
    with parts.store.database.read() as connection:
        return find_list(connection, list_id) is not None


def _asked(form: BuilderForm) -> tuple[ListIn | None, dict[str, str]]:
    """The terms of a form; None with what is wrong by field."""
    body, faults = form.body()
    if body.get("list_id") in TAKEN:
        faults["list_id"] = "This name is taken by the dashboard itself; choose another one."
    try:
        asked = ListIn.model_validate(body)
    except ValidationError as error:
        # What could not be read was not in the body, so its absence is no fault of its own.
        return None, {**faults_of(error), **faults}
    return (None, faults) if faults else (asked, {})


def _are_past(parts: Parts, batch: Batch) -> bool:
    """Whether all days that the scores look ahead to are over."""
    today = today_of(parts.settings, parts.clock())
    ahead = timedelta(days=parts.settings.horizons.churn_days)
    return today > date.fromisoformat(batch.as_of) + ahead


def _defaults(parts: Parts, batch: Batch) -> dict[str, str]:
    """What stands in the fields to begin with."""
    defaults = {name: question.default for name, question in QUESTIONS.items()}
    if _are_past(parts, batch):
        defaults["begins_on"] = batch.as_of
    margin = parts.settings.money.margin
    defaults["margin"] = MARGIN_TO_BEGIN_WITH if margin is None else f"{100 * margin:g}"
    return {**defaults, **_measured(parts, batch)}


def _measured(parts: Parts, batch: Batch) -> dict[str, str]:
    """The save rate that final readouts give, and their lists; the last ones of many; or empty."""
    days = LIST_ROWS.of(parts.store, batch).horizon_days or parts.settings.horizons.churn_days
    with parts.store.database.read() as connection:
        told = default_rate(kept_readouts(connection), days)
    if not told.lists:
        return {}
    names = [each["list_id"] for each in told.lists]
    return measured_texts(names[-MOST_NAMED:], told.rate)
