"""The manifest of a bundle: the SHA-256 of every file and of itself, checked before parsing."""

import hashlib
import json
from pathlib import Path
from typing import Any

from models.errors import BundleError

FORMAT = 2
MANIFEST = "manifest.json"
CARD = "card.json"


def json_text(value: Any) -> str:
    """JSON that is the same for the same values; NaN is refused."""
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def version_of(digests: dict[str, str]) -> str:
    """Version of a bundle from the digests of its files; the card, written later, counts not."""
    whole = "".join(f"{n} {digests[n]}\n" for n in sorted(digests) if n != CARD)
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def own_digest(manifest: dict[str, Any]) -> str:
    """Digest over all of a manifest but the digest itself."""
    rest = {k: v for k, v in manifest.items() if k != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def read_verified(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest, and the content of each file it lists, read once and found as it was sealed.

    Raises
    ------
    BundleError
        If there is no manifest, or anything in the folder differs from it.
    """
    manifest = _read_manifest(folder)
    listed: dict[str, str] = manifest["files"]
    there = {p.name: p for p in folder.iterdir() if p.name != MANIFEST}
    # A link could be turned elsewhere after the check, and a pipe would never end.
    odd = {n for n, p in there.items() if p.is_symlink() or not p.is_file()}
    odd |= set(there) ^ set(listed)
    files = {n: there[n].read_bytes() for n in sorted(set(listed) - odd)}
    odd |= {n for n, content in files.items() if hashlib.sha256(content).hexdigest() != listed[n]}
    if odd or version_of(listed) != manifest.get("version"):
        raise BundleError(
            f"the bundle in {folder} is not what was sealed: "
            f"{', '.join(sorted(odd)) or 'its version'} does not agree with the manifest; promote "
            "an intact version or train again"
        )
    return manifest, files


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if path.is_symlink() or not path.is_file():
        raise BundleError(f"no sealed bundle in {folder}; run `perennial train` first")
    try:
        text = path.read_text(encoding="utf-8")
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not a manifest, it is no JSON; train again") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise BundleError(f"{path} is not a manifest, it lists no files; train again")
    if manifest.get("format") != FORMAT:
        raise BundleError(
            f"{path} is of format {manifest.get('format')!r}, this version reads {FORMAT}; "
            "train again"
        )
    if manifest.get("sha256") != own_digest(manifest) or text != json_text(manifest):
        raise BundleError(
            f"{path} is not what was sealed; promote an intact version or train again"
        )
    return manifest
