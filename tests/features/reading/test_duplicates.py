import shutil

import pytest

from features.reading.read import read_purchases
from tests.features.made import csv_rows, source_of, write

WITH_LINES = "customer_id,ordered_at,amount,line_id\n"
WITH_ORDERS = "customer_id,ordered_at,amount,order_id\n"


def read_folder(folder, **layout):
    read = read_purchases(source_of(folder, **layout))
    account = read.account
    assert account.rows == account.accepted + account.duplicate
    return read


def test_a_line_id_counts_once_within_a_file_and_across_files(tmp_path):
    write(
        tmp_path / "1.csv", WITH_LINES + "a,2024-01-01,1,L1\na,2024-01-01,1,L1\nb,2024-01-01,2,L2\n"
    )
    write(tmp_path / "2.csv", WITH_LINES + "b,2024-01-01,2,L2\nb,2024-01-02,2,L3\n")
    read = read_folder(tmp_path)
    assert (read.account.accepted, read.account.duplicate) == (3, 2)


def test_a_bad_line_does_not_make_the_good_one_with_its_id_a_duplicate(tmp_path):
    text = WITH_LINES + "a,never,1,L1\na,2024-01-01,1,L1\n"
    read = read_purchases(source_of(write(tmp_path / "1.csv", text), max_bad_rows=1.0))
    assert (read.account.accepted, read.account.duplicate, read.account.quarantined) == (1, 0, 1)


def test_lines_without_an_id_are_never_duplicates_of_each_other(tmp_path):
    text = WITH_LINES + "a,2024-01-01,1,\na,2024-01-01,1,\n"
    assert read_folder(write(tmp_path / "1.csv", text)).account.accepted == 2


def test_a_byte_identical_file_counts_once(tmp_path):
    write(tmp_path / "1.csv", csv_rows(20))
    once = read_folder(tmp_path)
    for name in ("2.csv", "3.csv"):
        shutil.copy(tmp_path / "1.csv", tmp_path / name)
    thrice = read_folder(tmp_path)
    assert thrice.lines.equals(once.lines)
    assert (thrice.account.rows, thrice.account.duplicate) == (60, 40)
    assert "3.csv is a byte-identical copy of 1.csv" in thrice.notes


def test_without_ids_equal_rows_of_different_files_are_separate_orders(tmp_path):
    write(tmp_path / "1.csv", "customer_id,ordered_at,amount\na,2024-01-01,1\n")
    write(tmp_path / "2.csv", "customer_id,ordered_at,amount\na,2024-01-01,1\nb,2024-01-02,1\n")
    assert read_folder(tmp_path).account.accepted == 3


@pytest.mark.parametrize(("first", "second", "kept"), [(2, 2, 2), (2, 3, 3), (3, 1, 3), (1, 0, 1)])
def test_equal_lines_of_an_order_count_as_often_as_in_the_fullest_file(
    tmp_path, first, second, kept
):
    line = "a,2024-01-01,5,o1\n"
    write(tmp_path / "1.csv", WITH_ORDERS + line * first + "b,2024-01-01,1,o2\n")
    write(tmp_path / "2.csv", WITH_ORDERS + line * second + "b,2024-01-03,1,o3\n")
    read = read_folder(tmp_path)
    assert read.lines["order_id"].to_pylist().count("o1") == kept


def test_r5_replaying_overlapping_deliveries_gives_the_same_lines(tmp_path):
    rows = [f"c{i % 5},2024-01-{i + 1:02d},{i},o{i // 2}\n" for i in range(20)]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    write(whole / "1.csv", WITH_ORDERS + "".join(rows))
    # Each delivery begins with the last order of the one before.
    for i in range(0, 20, 4):
        write(parts / f"{i:02d}.csv", WITH_ORDERS + "".join(rows[max(0, i - 2) : i + 4]))
    assert read_folder(parts).lines.equals(read_folder(whole).lines)
    assert read_folder(parts).account.duplicate == 8


@pytest.mark.parametrize("header", [WITH_LINES, WITH_ORDERS])
def test_r5_a_file_replayed_three_times_gives_the_same_lines(tmp_path, header):
    of_one = 2 if header == WITH_ORDERS else 1
    rows = [f"c{i % 5},2024-01-{i % 28 + 1:02d},{i % 3},x{i // of_one}\n" for i in range(60)]
    once, thrice = tmp_path / "once", tmp_path / "thrice"
    for folder in (once, thrice):
        folder.mkdir()
    write(once / "1.csv", header + "".join(rows))
    # Not byte for byte: the order of rows and the line ends differ.
    write(thrice / "1.csv", header + "".join(rows))
    write(thrice / "2.csv", header + "".join(rows[::-1]))
    write(thrice / "3.csv", (header + "".join(rows)).replace("\n", "\r\n"))
    first, again = read_folder(once), read_folder(thrice)
    assert again.lines.equals(first.lines)
    assert (again.account.rows, again.account.duplicate) == (180, 120)


def test_some_of_the_files_can_be_read_alone(tmp_path):
    for i in range(3):
        write(tmp_path / f"{i}.csv", WITH_ORDERS + f"c{i},2024-01-01,1,o{i}\n")
    source = source_of(tmp_path)
    with read_purchases(source, files=source.files()[1:]) as read:
        assert read.lines["customer_id"].to_pylist() == ["c1", "c2"]
        assert [f["file"] for f in read.facts["files"]] == ["1.csv", "2.csv"]


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("known_at", "", "2024-01-01"),
        ("known_at", "2023-12-01", "2024-01-01"),
        ("quantity", "", "50000"),
        ("currency", "EUR", ""),
        ("mood", "good", "bad"),
    ],
)
def test_a_line_of_an_order_delivered_again_is_told_as_it_is_kept(tmp_path, column, first, second):
    header = WITH_ORDERS.replace("\n", f",{column}\n")
    write(tmp_path / "1.csv", header + f"a,2024-01-01,10,o1,{first}\n")
    write(tmp_path / "2.csv", header + f"a,2024-01-01,10,o1,{second}\nb,2024-01-02,1,o2,\n")
    assert read_folder(tmp_path).account.duplicate == 1


def test_a_later_knowledge_of_the_same_line_is_another_line(tmp_path):
    header = WITH_ORDERS.replace("\n", ",known_at\n")
    write(tmp_path / "1.csv", header + "a,2024-01-01,10,o1,\n")
    write(tmp_path / "2.csv", header + "a,2024-01-01,10,o1,2024-01-02\n")
    assert read_folder(tmp_path).account.duplicate == 0


def test_the_first_of_a_line_id_does_not_depend_on_the_order_of_rows(tmp_path):
    header = WITH_LINES.replace("\n", ",category,order_id\n")
    rows = [f"a,2024-01-01,1,L1,{category}\n" for category in ("toys,o1", "food,o1", "food,o2")]
    found = [
        read_folder(write(tmp_path / "1.csv", header + "".join(some))).lines.to_pylist()
        for some in (rows, rows[::-1], rows[1:] + rows[:1])
    ]
    assert found[0] == found[1] == found[2]
    assert found[0][0]["category"] == "food"
