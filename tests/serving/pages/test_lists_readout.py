"""The readout: verdict, arms, effects and the save rate for the next list; and its picture."""

import csv
import io
import re
from datetime import timedelta

import pytest

from serving.pages.readout_picture import effect_line
from serving.runtime import Runtime
from tests.serving.made import NOW
from tests.serving.pages.browsing import first, sign_in
from tests.serving.pages.listing import SCOPES, list_maker, make_list, post_form, words


class Clock:
    """The moment of the service, which a test may move."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """The service's clock."""
    return Clock()


@pytest.fixture
def runtime(settings, clock):
    """The service's parts with a clock that moves."""
    runtime = Runtime(clock=clock)
    runtime.open(settings)
    yield runtime
    runtime.close()


@pytest.fixture
def maker(runtime, bare):
    """A browser that made the list `spring`."""
    client = list_maker(runtime, bare)
    assert make_list(client, list_id="spring").status_code == 303
    return client


def after(runtime, clock, client, days):
    clock.now = NOW + timedelta(days=days)
    client.cookies.clear()
    sign_in(client, runtime, SCOPES)


def import_outcomes(client, *, contacted, held_out):
    """Let shares of the arms buy for 50 each."""
    members = csv.DictReader(io.StringIO(client.get("/lists/spring/members.csv").text))
    shares = {"contacted": contacted, "held_out": held_out}
    lines = ["customer_id,revenue"]
    for place, row in enumerate(members):
        if place * 7 % 100 < 100 * shares[row["arm"]]:
            lines.append(f"{row['customer_id']},50")
    answer = post_form(client, "/lists/spring/outcomes", rows="\n".join(lines))
    assert answer.status_code == 303


def test_before_the_first_day_there_is_nothing_to_compare(maker):
    text = words(maker.get("/lists/spring/readout").text)
    assert "No day of this list is known yet" in text
    assert "Preliminary: the readout is on 29 Sept 2024" in text


def test_before_its_day_there_are_means_and_no_effects(runtime, clock, maker):
    after(runtime, clock, maker, 30)
    import_outcomes(maker, contacted=0.6, held_out=0.2)
    answer = maker.get("/lists/spring/readout")
    assert "status-preliminary" in answer.text
    assert "Contacted against held out" in answer.text
    assert "95% interval" not in answer.text
    assert "svg class" not in answer.text.replace('svg class="mark"', "")
    assert "Use it for the next list" not in answer.text


def test_afterwards_the_verdict_says_that_it_paid(runtime, clock, maker):
    after(runtime, clock, maker, 91)
    import_outcomes(maker, contacted=0.7, held_out=0.2)
    answer = maker.get("/lists/spring/readout")
    verdict = first(r'<p class="verdict-words">([^<]*)</p>', answer.text)
    assert re.match(
        r"\+\d+\.\d points, 95 % interval .*: it paid [\d,.]+ more than it cost\.$", verdict
    )
    assert answer.text.count('<svg class="effect"') == 3
    assert answer.text.count('<span class="chip">primary</span>') == 1
    assert verdict in maker.get("/lists").text
    assert "status-final" in maker.get("/lists").text


def test_the_measured_save_rate_begins_the_next_list(runtime, clock, maker):
    after(runtime, clock, maker, 91)
    import_outcomes(maker, contacted=0.7, held_out=0.2)
    text = maker.get("/lists/spring/readout").text
    href = first(r'href="(/lists/new)">Use it', text)
    builder = maker.get(href).text
    assert 'Measured by the list <a href="/lists/spring/readout">' in builder
    fields = dict(re.findall(r'name="(measured_\w+|save_\w+)" value="([^"]*)"', builder))
    assert make_list(maker, list_id="next", **fields).status_code == 303
    assert "measured by a readout" in maker.get("/lists/next").text


def test_contacts_that_were_not_recorded_are_told_of(maker):
    members = csv.DictReader(io.StringIO(maker.get("/lists/spring/members.csv").text))
    one = next(row["customer_id"] for row in members if row["arm"] == "contacted")
    rows = f"customer_id,contacted_at,cost\n{one},2024-07-01,2\n"
    assert post_form(maker, "/lists/spring/contacts", rows=rows).status_code == 303
    told = words(maker.get("/lists/spring/readout").text)
    assert "Costs: of the 1 recorded contact; a contact of 1 of the " in told
    assert "are taken as contacted at the declared cost" in told


def test_no_effect_is_no_verdict_in_favour(runtime, clock, maker):
    after(runtime, clock, maker, 91)
    import_outcomes(maker, contacted=0.4, held_out=0.4)
    text = words(maker.get("/lists/spring/readout").text)
    assert "No effect shown; a list of this size could have shown" in text


def test_without_a_hold_out_nothing_can_be_told(runtime, clock, maker):
    assert make_list(maker, list_id="all-in", holdout="0").status_code == 303
    after(runtime, clock, maker, 91)
    first_row = maker.get("/lists/all-in/members.csv").text.splitlines()[1]
    rows = f"customer_id,revenue\n{first_row.split(',')[0]},5\n"
    assert post_form(maker, "/lists/all-in/outcomes", rows=rows).status_code == 303
    text = words(maker.get("/lists/all-in/readout").text)
    assert "without customers held out there is nothing to compare with" in text
    assert text.count("cannot be told") >= 3


def test_an_interval_above_none_stands_right_of_the_mark():
    line = effect_line({"estimate": 2.0, "low": 1.0, "high": 3.0})
    assert line is not None
    assert 2 < line.zero < line.low < line.mark < line.low + line.width < 98
    assert line.side == "up"


@pytest.mark.parametrize(
    ("low", "high", "side"), [(-1.0, 3.0, "none"), (-3.0, -1.0, "down"), (0.0, 0.0, "none")]
)
def test_the_colour_says_what_the_interval_shows(low, high, side):
    line = effect_line({"estimate": (low + high) / 2, "low": low, "high": high})
    assert line is not None
    assert line.side == side


def test_an_effect_that_cannot_be_told_has_no_picture():
    assert effect_line({}) is None
    assert effect_line({"estimate": 1.0, "low": None, "high": None}) is None
