import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features.log.writing import whole_customers, write_ranges
from tests.features.made import CLOCK, QUICK, drawn_logs, lines_of, log_of


@QUICK
@given(drawn_logs(customers="ABCDEFGH"), st.integers(1, 9), st.integers(1, 30))
def test_tables_hold_whole_customers_and_all_lines_in_order(frame, rows_a_batch, lines_a_range):
    lines = lines_of(frame)
    cut = list(whole_customers(lines.to_batches(rows_a_batch), lines_a_range))
    assert pa.concat_tables(cut).equals(lines)
    owners = [set(table["customer_id"].to_pylist()) for table in cut]
    assert sum(len(ids) for ids in owners) == len(set().union(*owners))
    assert all(table.num_rows >= lines_a_range for table in cut[:-1])
    for table in cut:
        # No larger than asked for but by its last customer.
        ids = table["customer_id"].to_pylist()
        assert ids.index(ids[-1]) < lines_a_range


def test_no_lines_are_no_tables():
    assert list(whole_customers([])) == []


@QUICK
@given(frame=drawn_logs(customers="ABCDE"), lines=st.integers(1, 10))
def test_written_ranges_are_the_log(tmp_path_factory, frame, lines):
    table = lines_of(frame)
    folder = tmp_path_factory.getbasetemp()
    stored, facts = write_ranges(
        whole_customers(table.to_batches(), lines), CLOCK, folder, "written"
    )
    log = log_of(frame)
    assert sum(s.n_lines for s in stored) == facts.lines == log.n_lines
    ids = [i for s in stored for i in s.load().customer_ids]
    assert ids == log.customer_ids.tolist()
