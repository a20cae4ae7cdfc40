"""Texts that a spreadsheet would run, and those that it would not."""

import csv
import random
import shutil
import subprocess
import zipfile

import pyarrow as pa
import pytest

from serving.exports.files import ExportFile
from serving.exports.guard import FORMULA_STARTS, guarded, guarded_column

CALLS = [
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://example.org";"click")',
    "SUM(A1:A9)",
    "IMPORTXML(A1)",
    "DDE(1)",
    '"quoted"',
    "a,b;c",
    "\u00fc",
    "",
]


def payloads():
    draw = random.Random(7)  # noqa: S311 - a choice of texts
    plain = [f"{start}{call}" for start in FORMULA_STARTS for call in CALLS]
    twice = [
        "".join(draw.choices(FORMULA_STARTS, k=3)) + draw.choice(CALLS)
        for _ in range(200 - len(plain))
    ]
    return plain + twice


def test_s11_two_hundred_payloads_are_guarded_alike_in_a_column_and_one_by_one():
    texts = payloads()
    assert len(texts) == 200
    column = guarded_column(pa.array(texts)).to_pylist()
    assert column == [guarded(text) for text in texts] == [f"'{text}" for text in texts]


@pytest.mark.parametrize("text", ["00012", "a-b", "a=b", " =1", "'x", "ü", "", "é@b"])
def test_other_texts_and_nulls_stay(text):
    assert guarded_column(pa.array([text, None])).to_pylist() == [text, None]


def written(path):
    texts = payloads()
    schema = pa.schema([("customer_id", pa.string()), ("amount", pa.float64())])
    file = ExportFile(path, schema, "csv")
    file.write([texts, [-1.5] * len(texts)])
    file.close()
    return texts


def test_s11_the_file_gives_every_text_back_and_numbers_stay_numbers(tmp_path):
    texts = written(tmp_path / "e.csv")
    with (tmp_path / "e.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["customer_id"].removeprefix("'") for row in rows] == texts
    assert {row["amount"] for row in rows} == {"-1.5"}


@pytest.mark.long
def test_s11_libreoffice_finds_no_formula(tmp_path):
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    written(tmp_path / "e.csv")
    home = f"-env:UserInstallation=file://{tmp_path / 'home'}"
    call = [program, home, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path)]
    subprocess.run([*call, str(tmp_path / "e.csv")], check=True, timeout=120)
    with zipfile.ZipFile(tmp_path / "e.xlsx") as book:
        sheets = [book.read(name) for name in book.namelist() if "worksheets/" in name]
    assert sheets
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
