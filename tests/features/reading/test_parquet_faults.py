"""R4: a corrupt Parquet file is an error that names it; the process lives, no rows are lost."""

import datetime as dt
import decimal
import resource
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, UnreadableError
from features.reading.parquet_files import CHILD, ParquetDecoder
from features.reading.read import read_purchases
from tests.features.made import source_of, write

ROWS = 3000
# What a child may use of address space here: pyarrow itself takes some 0.4 GB.
LITTLE = 1 << 30


def table():
    draw = np.random.default_rng(0)
    days = np.datetime64("2024-01-01", "us") + draw.integers(0, 300, ROWS).astype("timedelta64[D]")
    return pa.table(
        {
            "customer_id": [f"c{i % 97}" for i in range(ROWS)],
            "ordered_at": pa.array(days),
            "amount": draw.integers(0, 9999, ROWS) / 100,
            "note": [f"note {i}" for i in range(ROWS)],
        }
    )


def whole_file(folder, *, checked=True):
    path = folder / "whole.parquet"
    pq.write_table(
        table(), path, row_group_size=700, write_page_checksum=checked, compression="zstd"
    )
    return path


def mutant(data, draw):
    """The file cut off, with bits turned, bytes overwritten, a piece moved or doubled."""
    kind, at = draw.integers(6), int(draw.integers(len(data)))
    some = int(draw.integers(1, 200))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes([data[at] ^ (1 << int(draw.integers(8)))]) + data[at + 1 :]
    if kind == 2:
        return data[:at] + draw.bytes(some) + data[at + some :]
    if kind == 3:
        return data[:at] + data[at + some :]
    if kind == 4:
        return data[:at] + data[at : at + some] + data[at:]
    # The footer is where the lengths stand.
    at = len(data) - 1 - int(draw.integers(min(900, len(data))))
    return data[:at] + bytes([int(draw.integers(256))]) + data[at + 1 :]


def survives(folder, data, sound):
    """Read a mutant: it is refused by name, or it gives the lines of the sound file."""
    path = write(folder / "mutant.parquet", data)
    try:
        with read_purchases(source_of(path, max_bad_rows=0.01)) as read:
            assert read.account.rows == ROWS
            assert read.lines.equals(sound)
        return 0
    except DataError as error:
        refusal = str(error)
    assert "mutant.parquet" in refusal
    return 1


@pytest.fixture
def sound(tmp_path):
    path = whole_file(tmp_path)
    with read_purchases(source_of(path)) as read:
        return path.read_bytes(), read.lines


def check_mutants(folder, sound, n, seed):
    data, lines = sound
    draw = np.random.default_rng(seed)
    refused = sum(survives(folder, mutant(data, draw), lines) for _ in range(n))
    assert refused > n // 2


def test_r4_a_corrupt_file_is_refused_and_nothing_else_happens(tmp_path, sound):
    check_mutants(tmp_path, sound, 30, seed=1)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_r4_five_hundred_corrupt_files_harm_nobody(tmp_path, sound):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    check_mutants(tmp_path, sound, 500, seed=2)
    # Kilobytes: what the parent needs does not come of what the files claim.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_r4_the_decoder_goes_on_after_a_corrupt_file(tmp_path):
    whole, cut = whole_file(tmp_path), tmp_path / "cut.parquet"
    data = whole.read_bytes()
    decoder = ParquetDecoder(LITTLE)
    try:
        for broken in (data[:-20], data[:500] + b"\xff" * 300 + data[800:], b""):
            write(cut, broken)
            with pytest.raises(UnreadableError):
                list(decoder.tables(cut, list))
            assert sum(t.num_rows for t in decoder.tables(whole, list)) == ROWS
    finally:
        decoder.close()


def test_r4_a_bomb_is_refused(tmp_path):
    # 400 MB of one letter in some kilobytes, of which each row is one half.
    bomb = pa.table({"customer_id": ["a" * 200_000_000] * 2, "ordered_at": ["x"] * 2})
    path = tmp_path / "bomb.parquet"
    pq.write_table(bomb.append_column("amount", pa.array([1, 2])), path, compression="zstd")
    assert path.stat().st_size < 1_000_000
    decoder = ParquetDecoder(LITTLE // 2)
    try:
        with pytest.raises(UnreadableError):
            list(decoder.tables(path, list))
    finally:
        decoder.close()


def test_r4_a_file_that_claims_endless_rows_is_refused(tmp_path):
    path = tmp_path / "claims.parquet"
    names = ["customer_id", "ordered_at", "amount"]
    rows = 60_000_000
    with pq.ParquetWriter(path, pa.schema([(n, pa.int8()) for n in names])) as writer:
        same = pa.array(np.zeros(rows, np.int8))
        writer.write_table(pa.table([same] * 3, names=names), row_group_size=rows)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(DataError, match=r"claims\.parquet cannot be read.*60000000 rows in"):
        read_purchases(source_of(path))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("amount", [["1"], ["2"]]),
        ("amount", [{"x": 1}, {"x": 2}]),
        ("ordered_at", [1, 2]),
        ("ordered_at", [True, False]),
        ("customer_id", [None, None]),
    ],
)
def test_r4_columns_of_the_wrong_kind_are_refused(tmp_path, name, values):
    columns = {"customer_id": ["a", "b"], "ordered_at": ["2024-01-01"] * 2, "amount": [1.0, 2.0]}
    pq.write_table(pa.table({**columns, name: values}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet"):
        read_purchases(source_of(tmp_path / "a.parquet"))


@pytest.mark.parametrize(
    "amounts",
    [
        pa.array([decimal.Decimal("1.5"), decimal.Decimal("2")], pa.decimal256(40, 4)),
        pa.array(["1.5", "2"]).dictionary_encode(),
        pa.array(np.array([1.5, 2], np.float16)),
        pa.array([b"1.5", b"2"]),
        pa.array(["1.5", "2"], pa.large_string()),
    ],
    ids=lambda a: str(a.type),
)
def test_unusual_types_of_columns_are_read(tmp_path, amounts):
    columns = {"customer_id": ["a", "b"], "ordered_at": [dt.date(2024, 1, 1)] * 2}
    pq.write_table(pa.table({**columns, "amount": amounts}), tmp_path / "a.parquet")
    with read_purchases(source_of(tmp_path / "a.parquet")) as read:
        assert read.lines["amount"].to_pylist() == [15_000, 20_000]


def test_columns_that_nothing_reads_may_be_of_any_kind(tmp_path):
    columns = {"customer_id": ["a"], "ordered_at": ["2024-01-01"], "amount": [1.0]}
    odd = {"tags": [["x", "y"]], "more": [{"x": 1}], "row": [9], "took": [dt.timedelta(1)]}
    pq.write_table(pa.table({**columns, **odd}), tmp_path / "a.parquet")
    with read_purchases(source_of(tmp_path / "a.parquet")) as read:
        assert read.account.accepted == 1
        assert read.facts["unused"] == ["tags", "more", "row_1", "took"]


def test_the_decoding_process_has_a_limit_and_no_imports_of_ours():
    done = subprocess.run(
        [sys.executable, "-I", str(CHILD), str(100 << 20)],
        input='{"path": "/dev/null", "columns": null}\n',
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "fault" in done.stdout
    assert "from features" not in CHILD.read_text()
