"""Contacts and outcomes: what is kept, what is left out, and the files that training reads."""

import csv
import stat

import pytest
from sqlalchemy import event, func, select, update

from serving.lists import service
from serving.lists.assignments import OTHER, sync
from serving.lists.errors import ListDamaged, ListRefused, UnknownList
from serving.lists.request import ContactIn, OutcomeIn
from serving.lists.words import contacts_text
from serving.scores import ScoreStore
from serving.store.list_tables import contacts, list_members
from tests.serving.lists.made_lists import WHO, make, members_of
from tests.serving.made import NOW, made_batch, publish


@pytest.fixture
def shop(store, settings):
    publish(store, made_batch(customers=600))
    make(store, settings, list_id="spring")
    return store, settings


def contact(customer_id, at="2024-07-01", **told):
    return ContactIn(customer_id=customer_id, contacted_at=at, **told)


def lines_of(path):
    with path.open(newline="") as file:
        return {row["customer_id"]: row for row in csv.DictReader(file)}


def test_a_contact_that_is_known_counts_once(shop):
    store, settings = shop
    rows = [contact("00001"), contact("00002"), contact("00001")]
    first = service.record_contacts(store, settings, NOW, rows, WHO)
    again = service.record_contacts(store, settings, NOW, rows, WHO)
    assert (first["recorded"], first["duplicate"]) == (2, 1)
    assert (again["recorded"], again["duplicate"]) == (0, 3)


def test_moments_are_kept_in_the_time_of_the_shop(shop):
    store, settings = shop
    rows = [contact("00001", "2024-06-30T23:30:00-04:00"), contact("00002", "2024-06-30")]
    service.record_contacts(store, settings, NOW, rows, WHO)
    found = lines_of(settings.contacts_dir / OTHER)
    assert found["00001"]["contacted_at"] == "2024-07-01T03:30:00"
    assert found["00002"]["contacted_at"] == "2024-06-30T00:00:00"
    assert (found["00001"]["list_id"], found["00001"]["arm"]) == ("", "contacted")


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [("yesterday!", "row 2: contacted_at 'yesterday!' is no moment"), ("2024-07-03", "lies ahead")],
)
def test_a_moment_that_cannot_be_is_refused_and_nothing_is_kept(shop, moment, sentence):
    store, settings = shop
    rows = [contact("00001"), contact("00002", moment)]
    with pytest.raises(ListRefused, match=sentence):
        service.record_contacts(store, settings, NOW, rows, WHO)
    told = service.record_contacts(store, settings, NOW, [contact("00001")], WHO)
    assert told["recorded"] == 1


def of_arm(store, arm):
    return members_of(store, "spring").query("arm == @arm")["customer_id"].tolist()


def test_contacts_of_a_list_that_is_not_known_or_of_no_member_are_refused_whole(shop):
    store, settings = shop
    member = of_arm(store, "contacted")[0]
    rows = [
        contact(member, list_id="spring"),
        contact(member, list_id="sprng"),
        contact("somebody-with-a-long-name", list_id="spring"),
        contact("00001"),
    ]
    with pytest.raises(ListRefused) as caught:
        service.record_contacts(store, settings, NOW, rows, WHO)
    assert str(caught.value) == (
        "2 rows do not fit, so none was kept: row 2: there is no list 'sprng'; row 3: customer "
        "'somebod…name' is not on list 'spring'; correct them, or leave the list out of contacts "
        "that belong to none"
    )
    assert caught.value.field == "contacts.1.list_id"
    with store.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(contacts)) == 0
    with pytest.raises(ListRefused, match="line 7: there is no list 'sprng'"):
        service.record_contacts(store, settings, NOW, rows[1:2], WHO, lines=[7])


def test_many_rows_that_do_not_fit_are_counted_and_some_are_named(shop):
    store, settings = shop
    rows = [contact(f"x{i}", list_id="spring") for i in range(8)]
    with pytest.raises(
        ListRefused, match="8 rows do not fit, so none was kept: row 1: .*; and 3 more rows;"
    ):
        service.record_contacts(store, settings, NOW, rows, WHO)


def test_a_contact_before_the_first_day_of_its_list_is_refused(shop):
    store, settings = shop
    early = contact(of_arm(store, "contacted")[0], "2024-06-30T23:59:00", list_id="spring")
    sentence = "row 1: 2024-06-30 lies before 2024-07-01, the first day of 'spring'"
    with pytest.raises(ListRefused, match=sentence):
        service.record_contacts(store, settings, NOW, [early], WHO)


def test_rows_are_held_against_their_lists_before_other_writers_have_to_wait(shop):
    store, settings = shop
    seen: list[str] = []

    @event.listens_for(store.database.engine, "before_cursor_execute")
    def noted(connection, cursor, statement, parameters, context, many):
        seen.append(statement)

    def write(effect):
        seen.clear()
        with store.database.write() as connection:
            answer = effect(connection)
        written.extend(seen)
        return answer

    written: list[str] = []
    rows = [contact(c, list_id="spring") for c in of_arm(store, "contacted")]
    told = service.record_contacts(store, settings, NOW, rows, WHO, write)
    assert told["recorded"] == len(rows)
    assert any("INSERT INTO contacts" in statement for statement in written)
    assert not any("list_members" in statement for statement in written)


def test_who_is_erased_after_the_rows_were_checked_is_left_out(shop):
    store, settings = shop
    gone, left = of_arm(store, "contacted")[:2]

    def write(effect):
        with store.database.write() as connection:
            store.erase(connection, gone, who=WHO, now=NOW)
        with store.database.write() as connection:
            return effect(connection)

    rows = [contact(gone, list_id="spring"), contact(gone), contact(left, list_id="spring")]
    told = service.record_contacts(store, settings, NOW, rows, WHO, write)
    assert (told["recorded"], told["erased"]) == (1, 2)
    with store.database.read() as connection:
        assert connection.scalars(select(contacts.c.customer_id)).all() == [left]


def test_a_contact_of_the_held_out_is_kept_and_counted(shop):
    store, settings = shop
    rows = [contact(c, list_id="spring") for c in of_arm(store, "held_out")[:3]]
    told = service.record_contacts(store, settings, NOW, rows, WHO)
    assert (told["recorded"], told["held_out_contacted"]) == (3, 3)
    assert "3 of them were to be left alone" in contacts_text(told)


def test_rows_of_the_held_out_are_no_contacts(shop):
    store, settings = shop
    rows = [contact("00001", arm="held_out"), contact("00002", arm="contacted")]
    told = service.record_contacts(store, settings, NOW, rows, WHO)
    assert (told["recorded"], told["held_out"]) == (1, 1)


def test_the_file_of_a_list_has_every_member_and_what_was_recorded(shop):
    store, settings = shop
    members = members_of(store, "spring")
    path = settings.contacts_dir / "spring.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = lines_of(path)
    assert set(found) == set(members["customer_id"])
    reached = members.query("arm == 'contacted'")["customer_id"].iloc[0]
    held = members.query("arm == 'held_out'")["customer_id"].iloc[0]
    assert (found[reached]["contacted_at"], found[reached]["cost"]) == (
        "2024-07-01T00:00:00",
        "0.5",
    )
    assert (found[held]["arm"], found[held]["cost"]) == ("held_out", "")
    told = contact(reached, "2024-07-01T04:00:00", list_id="spring", channel="email", cost=0.7)
    service.record_contacts(store, settings, NOW, [told], WHO)
    after = lines_of(path)
    assert (after[reached]["contacted_at"], after[reached]["cost"]) == (
        "2024-07-01T04:00:00",
        "0.7",
    )
    assert (after[reached]["channel"], after[held]) == ("email", found[held])


def test_a_file_that_is_missing_is_made_again(shop):
    store, settings = shop
    path = settings.contacts_dir / "spring.csv"
    content = path.read_bytes()
    path.unlink()
    assert sync(store, settings) == [path]
    assert path.read_bytes() == content
    assert sync(store, settings) == []


def test_outcomes_of_strangers_are_left_out_and_a_later_row_replaces(shop):
    store, _ = shop
    first, second = members_of(store, "spring")["customer_id"].iloc[:2]
    rows = [OutcomeIn(customer_id=c, revenue=1.0) for c in (first, second, "stranger")]
    told = service.record_outcomes(store, NOW, "spring", rows, WHO)
    assert told == {"list_id": "spring", "recorded": 2, "not_members": 1, "outcomes": 2}
    again = [OutcomeIn(customer_id=first, revenue=2.0)]
    assert service.record_outcomes(store, NOW, "spring", again, WHO)["outcomes"] == 2
    told = service.record_outcomes(store, NOW, "spring", again, WHO, replace=True)
    assert told["outcomes"] == 1


def test_outcomes_that_cannot_be_are_refused(shop):
    store, _ = shop
    twice = [OutcomeIn(customer_id="00001", revenue=1.0)] * 2
    with pytest.raises(ListRefused, match="1 customer stands twice in the outcomes, first '00001'"):
        service.record_outcomes(store, NOW, "spring", twice, WHO)
    with pytest.raises(UnknownList):
        service.record_outcomes(store, NOW, "autumn", twice[:1], WHO)


def test_of_an_erased_member_arm_and_stratum_stay_and_the_list_is_still_checked(shop):
    store, settings = shop
    before = service.the_list(store, settings, NOW, "spring")
    members = members_of(store, "spring")
    gone = members["customer_id"].iloc[3]
    told = [contact(gone, list_id="spring"), contact(gone, "2024-06-01")]
    service.record_contacts(store, settings, NOW, told, WHO)
    with store.database.write() as connection:
        store.erase(connection, gone, who=WHO, now=NOW)
    after = members_of(store, "spring")
    row = after.iloc[3]
    assert (row["customer_id"], len(row["customer_hash"])) == (None, 64)
    assert after[["rank", "arm", "stratum"]].equals(members[["rank", "arm", "stratum"]])
    assert row[["return_probability", "expected_spend", "expected_profit"]].isna().all()
    read = service.the_list(store, settings, NOW, "spring")
    assert read == {**before, "erased": {row["arm"]: 1}}
    assert len(sync(store, settings)) == 2
    assert gone not in (settings.contacts_dir / "spring.csv").read_text()
    assert gone not in (settings.contacts_dir / OTHER).read_text()
    with store.database.write() as connection:
        first = list_members.c.rank == 1
        connection.execute(update(list_members).where(first).values(customer_id="another"))
    started = ScoreStore(store.database.engine.url.render_as_string(hide_password=False))
    with pytest.raises(ListDamaged):
        service.the_list(started, settings, NOW, "spring")
    started.close()
