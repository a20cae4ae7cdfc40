import logging

from serving.store.usage import Usage, count_listed
from tests.serving.made import NOW


def usage_of(store, clock=lambda: NOW, **options):
    return Usage(store.database, rows_per_day=100, clock=clock, **options)


def test_s21_rows_are_counted_over_restarts_and_workers(store):
    first, second = usage_of(store), usage_of(store)
    first.add("a", 60)
    second.add("a", 39)
    second.add("b", 5)
    assert first.seconds_to_wait("a") is None
    for each in (first, second, first):
        each.flush()
    assert first.seconds_to_wait("a") is None
    second.add("a", 1)
    assert second.seconds_to_wait("a") == 18 * 3600 + 1
    second.flush()
    again = usage_of(store)
    again.start()
    assert again.seconds_to_wait("a") is not None
    assert again.seconds_to_wait("b") is None
    again.stop()


def test_s21_the_alarm_sounds_once(store, caplog):
    told: list[str] = []
    usage = usage_of(store, alarm=told.append)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            usage.add("a", 70)
    assert told == ["a"]
    assert [r for r in caplog.records if "token a has listed all" in r.getMessage()]


def test_a_new_day_begins_at_zero(store):
    moment = [NOW]
    usage = usage_of(store, clock=lambda: moment[0])
    usage.add("a", 200)
    usage.flush()
    assert usage.seconds_to_wait("a")
    moment[0] = NOW.replace(day=2)
    assert usage.seconds_to_wait("a") is None
    usage.flush()
    assert usage.seconds_to_wait("a") is None


def test_what_cannot_be_written_is_kept(sqlite_store, caplog):
    usage = usage_of(sqlite_store)
    usage.add("a", 10)
    with sqlite_store.database.write(), caplog.at_level(logging.WARNING):
        usage.flush()
    assert "until the store answers" in caplog.text
    usage.add("a", 90)
    assert usage.seconds_to_wait("a")
    usage.flush()
    again = usage_of(sqlite_store)
    again.flush()
    assert again.seconds_to_wait("a")


def test_nothing_is_counted_outside_of_a_request():
    count_listed(5)
