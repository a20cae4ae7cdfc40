"""What the commands read: lines of days to come are mistakes, whoever asks."""

import datetime as dt

from configs.settings import load_settings
from training.inputs import load


def test_a_line_dated_ahead_is_set_aside_and_the_log_ends_today_or_before(tmp_path):
    rows = [f"C{i},2024-0{1 + i % 6}-1{i % 9},{i}.50" for i in range(200)]
    rows.append("C1,2099-01-01,9.99")
    (tmp_path / "log.csv").write_text("\n".join(["customer_id,ordered_at,amount", *rows]))
    config = tmp_path / "shop.yaml"
    config.write_text(f"var: {tmp_path / 'var'}\npurchases: {{source: {tmp_path / 'log.csv'}}}\n")
    loaded = load(load_settings(config))
    assert loaded.account.reasons == {"future_date": 1}
    assert loaded.log.last_day < (dt.date.today() - dt.date(1970, 1, 1)).days  # noqa: DTZ011
