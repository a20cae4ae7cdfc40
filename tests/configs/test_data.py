import gzip
import hashlib
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "configs/data"


def digest(data):
    return hashlib.sha256(data).hexdigest()


def test_the_cdnow_log_is_the_published_one():
    packed = (FOLDER / "cdnow_master.txt.gz").read_bytes()
    text = gzip.decompress(packed)
    note = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert digest(text) == "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"
    assert digest(text) in note
    assert digest(packed) in note
    assert text.count(b"\r\n") == 69_660


def test_every_file_has_a_note_of_its_provenance():
    note = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [
        p.name for p in FOLDER.iterdir() if p.name not in {"README.md"} and p.name not in note
    ] == []
