import pytest

from features.log.deliveries import oddities

# Ten weeks of 20 lines a day, none on Sundays (day 3 was one).
WEEKS = {day: 20 for day in range(70) if day % 7 != 3}


def added(**lines):
    return WEEKS | {int(name[1:]): n for name, n in lines.items()}


def week(lines):
    return WEEKS | {day: lines for day in range(70, 78) if day % 7 != 3}


@pytest.mark.parametrize("lines", [11, 20, 29])
def test_a_week_like_those_before_is_not_odd(lines):
    assert oddities(WEEKS, week(lines)) == []


def test_the_first_lines_of_a_log_are_not_odd():
    assert oddities({}, WEEKS) == []
    assert oddities({0: 5, 1: 5}, WEEKS) == []


def test_a_missing_day_is_named():
    without = {day: n for day, n in week(20).items() if day != 72}
    assert oddities(WEEKS, without) == ["1 day has no lines: 1970-03-14"]


def test_days_between_deliveries_are_missed_too():
    said, _ = oddities(WEEKS, WEEKS | {74: 20, 75: 20, 76: 20})
    assert said == "3 days have no lines: 1970-03-12, 1970-03-13, 1970-03-14"


def test_a_day_on_which_the_shop_is_closed_is_not_missed():
    assert 73 not in week(20)
    assert oddities(WEEKS, week(20)) == []


def test_a_volume_far_from_the_usual_is_told():
    [fewer], [more] = oddities(WEEKS, week(7)), oddities(WEEKS, week(35))
    assert fewer == "6 lines a day, 65% fewer than the 17 of these weekdays in the 56 days before"
    assert more == "30 lines a day, 75% more than the 17 of these weekdays in the 56 days before"


def test_a_quiet_weekday_is_held_against_its_like():
    # On day 3 of the week 200 lines are usual, else 2,000.
    shop = {day: 200 if day % 7 == 3 else 2000 for day in range(73)}
    assert oddities(shop, shop | {73: 210}) == []
    assert len(oddities(shop, shop | {73: 90})) == 1
    assert len(oddities(shop, shop | {73: 2000})) == 1


def test_the_last_day_may_be_cut():
    assert oddities(WEEKS, week(20) | {77: 1}) == []


def test_few_lines_are_chance():
    few = dict.fromkeys(range(70), 2)
    assert oddities(few, few | dict.fromkeys(range(70, 73), 4)) == []


def test_lines_that_went_away_are_told():
    gone, lost = oddities(WEEKS, {day: n for day, n in WEEKS.items() if day < 20})
    assert gone.startswith("43 days delivered before have no lines now: 1970-01-21, 1970-01-22")
    assert lost == "860 of the 1200 lines delivered before are gone"


def test_a_correction_that_takes_a_quiet_day_away_is_not_odd():
    quiet = dict.fromkeys(range(70), 3)
    assert oddities(quiet, {day: n for day, n in quiet.items() if day != 40}) == []
