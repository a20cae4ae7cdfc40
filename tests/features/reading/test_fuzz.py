"""R3: arbitrary bytes as text give lines or our own error: no crash, no hang, no blow-up."""

import gzip
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import DataError
from features.reading.read import read_purchases
from features.reading.source import PurchaseSource
from tests.features.made import csv_rows

LAYOUTS = [
    {},
    {"separator": "tab"},
    {"separator": "||"},
    {"header": False, "columns": {"customer_id": "column0"}},
    {"kind": "text", "separator": "whitespace"},
    {"kind": "text", "widths": (3, 11, 6)},
    {"max_bad_rows": 1.0},
    {"max_bad_rows": 1.0, "kind": "text"},
]
PIECES = [
    *(b"customer_id,ordered_at,amount\n", b"a,2024-01-01,1\n", b'"', b'""', b'"\n', b",", b"\n"),
    *(b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x82", b"\t", b";", b" "),
    *(b'a,2024-01-01,"1\n2"\n', b'"a,2024-01-01,1\n', b"\x1f", b"||", b"9" * 400, b"\x80"),
]
SOUND = csv_rows(40).encode()
# Seconds and kilobytes that one small input may take, on a machine that does other things too.
MOST_SECONDS, MOST_MEMORY = 5.0, 512_000
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def mutants():
    """A sound file with some bytes overwritten, cut out or put in."""
    cuts = st.lists(
        st.tuples(st.integers(0, len(SOUND)), st.integers(0, 60), st.sampled_from(PIECES)),
        min_size=1,
        max_size=6,
    )

    def apply(changes):
        data = SOUND
        for at, length, piece in changes:
            data = data[:at] + piece + data[at + length :]
        return data

    return cuts.map(apply)


def inputs():
    """Bytes of any kind, pieces of CSV in any order, and spoilt files."""
    pieces = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)
    return st.one_of(st.binary(max_size=2000), pieces, mutants())


def survives(data, layout, name="a.csv"):
    begun, refusal = time.perf_counter(), None
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            with read_purchases(PurchaseSource(str(path), **layout), room=Path(folder)) as read:
                account = read.account
                parts = account.accepted + account.duplicate + account.anonymous + account.excluded
                assert account.rows == parts + account.quarantined
                assert read.lines.num_rows == account.accepted > 0
                lines = data.count(b"\n") + data.count(b"\r") + 2
                assert account.rows <= lines
        except DataError as error:
            refusal = str(error)
        assert refusal is None or str(path) in refusal
        assert [p.name for p in Path(folder).iterdir()] == [name]
    assert time.perf_counter() - begun < MOST_SECONDS


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@given(data=inputs())
@settings(SLOW, max_examples=25)
def test_r3_any_bytes_give_lines_or_our_error(layout, data):
    survives(data, layout)


@given(st.one_of(st.binary(max_size=600), mutants().map(gzip.compress)), st.integers(0, 90))
@settings(SLOW, max_examples=25)
def test_r3_any_packed_bytes_give_lines_or_our_error(data, cut):
    for name in ("a.csv.gz", "a.csv.zst"):
        survives(data[: len(data) - cut], {}, name)


@pytest.mark.parametrize(
    "data",
    [
        b'"' * 3_000_000,
        b'",' * 1_500_000,
        b'"\n' * 1_000_000,
        b'a,"\n' * 500_000,
        b"\n" * 3_000_000,
        b"," * 3_000_000,
        b"\r" * 3_000_000,
        b" " * 3_000_000,
        b"\xff" * 3_000_000,
        b"a,b\xff,c\n" * 300_000,
        b"\0" * 3_000_000,
        b"customer_id,ordered_at,amount\n" + b'"a,2024-01-01,1\n' * 150_000,
        b"customer_id,ordered_at,amount\n" + b'a,2024-01-01,"1\n"\n' * 150_000,
        b'customer_id,ordered_at,amount\na,2024-01-01,"' + b'""' * 1_500_000,
    ],
    ids=lambda data: repr(data[:40]),
)
def test_r3_what_could_take_long_does_not(data):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    survives(data, {})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY


@pytest.mark.long
@pytest.mark.timeout(3600)
@given(data=inputs(), layout=st.sampled_from(LAYOUTS))
@settings(SLOW, max_examples=5000)
def test_r3_many_more_bytes_give_lines_or_our_error(layout, data):
    survives(data, layout)
