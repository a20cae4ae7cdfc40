import cProfile
import hashlib
import json
import os
import shutil

import numpy as np
import pytest

from models.bundle import load_bundle, seal, write_json
from models.errors import BundleError
from models.manifest import MANIFEST
from tests.models.made import made_bundle, sealed_at


@pytest.fixture
def folder(tmp_path):
    sealed_at(tmp_path / "bundle")
    return tmp_path / "bundle"


class Watched:
    """Loads bundles and counts the calls of parsers while it does."""

    def __call__(self, folder):
        profile = cProfile.Profile()
        try:
            return profile.runcall(load_bundle, folder)
        finally:
            calls = {getattr(e.code, "co_name", ""): e.callcount for e in profile.getstats()}
            self.trees, self.json = calls.get("load_model", 0), calls.get("loads", 0)


@pytest.fixture
def parsed():
    """Load, and fail if XGBoost is asked to parse anything, or JSON more than the manifest."""
    watched = Watched()
    yield watched
    assert watched.trees == 0
    assert watched.json <= 1


def test_the_watch_sees_the_parsers(folder):
    watched = Watched()
    watched(folder)
    assert (watched.trees, watched.json) == (8, 7)


def refused(folder, parsed, match="not what was sealed"):
    with pytest.raises(BundleError, match=match) as caught:
        parsed(folder)
    assert "\n" not in str(caught.value)


def flips():
    """Twenty places: a file by its order and a share of its length."""
    draw = np.random.default_rng(0)
    return [
        (int(draw.integers(0, 9)), float(draw.random()), int(draw.integers(8))) for _ in range(20)
    ]


@pytest.mark.parametrize(("file", "place", "bit"), flips())
def test_s2_a_flipped_bit_is_refused_before_parsing(folder, parsed, file, place, bit):
    names = sorted(p.name for p in folder.iterdir())
    path = folder / names[file % len(names)]
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    refused(folder, parsed, f"not what was sealed|{MANIFEST} is")


@pytest.mark.parametrize("place", np.linspace(0, 0.999, 40))
def test_s2_a_manifest_with_a_flipped_bit_is_refused(folder, parsed, place):
    path = folder / MANIFEST
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1 << int(place * 1000) % 8
    path.write_bytes(content)
    refused(folder, parsed, f"{MANIFEST} is")


def test_s2_a_missing_file_is_refused_by_name(folder, parsed):
    (folder / "groups.json").unlink()
    refused(folder, parsed, r"groups\.json does not agree")


def test_s2_an_added_file_is_refused_by_name(folder, parsed):
    (folder / "more.json").write_text("{}")
    refused(folder, parsed, r"more\.json does not agree")
    (folder / "more.json").unlink()
    (folder / "deep").mkdir()
    refused(folder, parsed, "deep does not agree")


@pytest.mark.parametrize("key", ["version", "schema", "python", "packages", "files"])
def test_s2_an_edited_manifest_is_refused(folder, parsed, key):
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest[key] = {} if isinstance(manifest[key], dict) else "0" * 12
    write_json(folder / MANIFEST, manifest)
    refused(folder, parsed)


def test_s2_a_swapped_manifest_is_refused(folder, parsed, tmp_path):
    sealed_at(tmp_path / "other", made_bundle(note="other"))
    shutil.copy(tmp_path / "other" / MANIFEST, folder / MANIFEST)
    refused(folder, parsed)


def test_s2_a_version_that_is_not_of_these_files_is_refused(folder, parsed):
    (folder / MANIFEST).unlink()
    seal(folder, "0123456789ab", {"model": "made"})
    refused(folder, parsed, "its version does not agree")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[" * 200_000, "it is no JSON"),
        (b"[]", "it lists no files"),
        (b'{"files": []}', "it lists no files"),
        (b'{"files": {}, "format": 99}', "is of format 99, this version reads"),
    ],
)
def test_what_is_no_manifest_is_refused(folder, parsed, content, match):
    (folder / MANIFEST).write_bytes(content)
    refused(folder, parsed, match)


def test_a_folder_without_a_manifest_is_no_bundle(folder, parsed, tmp_path):
    (folder / MANIFEST).unlink()
    refused(folder, parsed, "no sealed bundle in .*; run `perennial train` first")
    refused(tmp_path / "nowhere", parsed, "no sealed bundle")


def test_s12_links_and_pipes_are_refused(folder, parsed, tmp_path):
    kept = tmp_path / "kept.json"
    (folder / "groups.json").rename(kept)
    (folder / "groups.json").symlink_to(kept)
    refused(folder, parsed, r"groups\.json does not agree")
    (folder / "groups.json").unlink()
    os.mkfifo(folder / "groups.json")
    refused(folder, parsed, r"groups\.json does not agree")


@pytest.mark.parametrize("name", ["../outside.json", "/etc/hostname", "a/b.json"])
def test_s12_a_manifest_lists_names_in_its_folder_alone(folder, parsed, tmp_path, name):
    (tmp_path / "outside.json").write_text("{}")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][name] = hashlib.sha256(b"{}").hexdigest()
    write_json(folder / MANIFEST, manifest)
    refused(folder, parsed)
