from concurrent.futures import ThreadPoolExecutor

import pytest

from serving.store.tasks import TaskError, Tasks
from tests.serving.made import NOW


@pytest.fixture
def tasks(store):
    return Tasks(store.database, lambda: NOW)


def test_a_customer_has_one_owner_at_a_time(tasks):
    tasks.assign("A", " Ann  Lee ", "2024-07-05", "abcd")
    tasks.assign("A", "Bob", "", "efgh")
    task = tasks.of(["A", "B"])["A"]
    assert (task.owner, task.due_on, task.done_at, task.set_by) == ("Bob", None, None, "efgh")
    assert list(tasks.of(["A", "B"])) == ["A"]


def test_without_an_owner_the_task_is_gone(tasks):
    tasks.assign("A", "Ann", "", "abcd")
    tasks.assign("A", " ", "", "abcd")
    assert tasks.of(["A"]) == {}


def test_what_is_done_is_open_no_more_and_can_be_undone(tasks):
    tasks.assign("A", "Ann", "2024-07-05", "abcd")
    tasks.set_done("A", "efgh", is_done=True)
    assert tasks.open() == []
    assert tasks.of(["A"])["A"].done_at == "2024-07-01T06:00:00Z"
    tasks.set_done("A", "efgh", is_done=False)
    assert [task.customer_id for task in tasks.open()] == ["A"]
    tasks.set_done("nobody", "efgh", is_done=True)


def test_the_earliest_due_comes_first_and_no_day_last(tasks):
    for customer_id, day in (("A", ""), ("B", "2024-08-01"), ("C", "2024-07-02")):
        tasks.assign(customer_id, "Ann", day, "abcd")
    assert [task.customer_id for task in tasks.open()] == ["C", "B", "A"]
    assert tasks.owners() == ["Ann"]


@pytest.mark.parametrize(
    ("owner", "day"), [("x" * 61, ""), ("a\x07b", ""), ("Ann", "tomorrow"), ("Ann", "2024-02-30")]
)
def test_an_owner_or_a_day_that_is_none_is_refused(tasks, owner, day):
    with pytest.raises(TaskError):
        tasks.assign("A", owner, day, "abcd")
    assert tasks.of(["A"]) == {}


def test_many_who_assign_a_customer_at_once_leave_one_owner(tasks):
    owners = [f"owner {number}" for number in range(60)]

    def assign(owner):
        tasks.assign("A", owner, "2024-07-05", "abcd")
        if owner.endswith("7"):
            tasks.assign("A", "", "", "abcd")
            tasks.assign("A", owner, "", "abcd")

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(assign, owners))
    assert [task.owner in owners for task in tasks.open()] == [True]


def test_a_new_owner_begins_anew(tasks):
    tasks.assign("A", "Ann", "2024-07-05", "abcd")
    tasks.set_done("A", "abcd", is_done=True)
    tasks.assign("A", "Bob", "2024-07-09", "abcd")
    assert [(task.owner, task.due_on) for task in tasks.open()] == [("Bob", "2024-07-09")]
