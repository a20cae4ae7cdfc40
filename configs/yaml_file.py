"""A YAML file as a mapping, with the line of every key."""

from pathlib import Path
from typing import Any

import yaml

from configs.errors import SettingsError

# A settings file is a page of text; more is most likely the purchase log itself.
MAX_BYTES = 1_000_000

Line = dict[tuple[str, ...], int]


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, where YAML would quietly keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key `{key.value}` is given twice", key.start_mark
                )
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        return super().construct_mapping(node, deep)


def read_mapping(path: Path) -> tuple[dict[Any, Any], Line]:
    """Read a YAML file whose top level is a mapping.

    Returns
    -------
    tuple of the mapping and the line (from 1) of each key, by its path of key names

    Raises
    ------
    SettingsError
        If the file cannot be read, is not UTF-8 or YAML, is empty or holds no mapping.
    """
    text = _text(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is no readable YAML: {_what(error)}; mend it") from None
    except (ValueError, RecursionError) as error:
        what = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SettingsError(f"{path} is no readable YAML: {what}; mend it") from None
    if data is None:
        raise SettingsError(f"{path} is empty; it needs at least `purchases: {{source: FILE}}`")
    if not isinstance(data, dict):
        raise SettingsError(
            f"{path} holds one {_kind(data)} at its top level, not `key: value` lines; "
            "it needs at least `purchases: {source: FILE}`"
        )
    return data, _lines(node) if node is not None else {}


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise SettingsError(f"{path} is a folder; name a settings file (YAML) in it")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SettingsError(
                f"{path} has {size} bytes, too many for a settings file (at most {MAX_BYTES}); "
                "if it is the purchase log, name it as `purchases.source` in a YAML file"
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(
            f"there is no settings file {path} ({_neighbours(path)}); check the path after -c"
        ) from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}; check the path") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(
            f"{path} is not UTF-8 in line {line}; save it with the encoding UTF-8"
        ) from None


def _neighbours(path: Path) -> str:
    folder = path.parent
    found = sorted(p.name for p in folder.glob("*.y*ml")) if folder.is_dir() else []
    if not found:
        return f"{folder} holds no YAML file"
    return f"{folder} holds {', '.join(found[:5])}"


def _what(error: yaml.YAMLError) -> str:
    """Say what PyYAML met and in which line, as part of one sentence."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        what = " ".join((error.problem or error.context or "a mistake").split())
        return f"{what} (line {mark.line + 1})" if mark is not None else what
    return " ".join(str(error).split())


def _kind(data: object) -> str:
    return "text" if isinstance(data, str) else type(data).__name__


def _lines(node: yaml.Node, path: tuple[str, ...] = ()) -> Line:
    """Return the line of every key below `node`, found without following references."""
    lines: Line = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            lines[here] = key.start_mark.line + 1
            if len(here) < 8:  # settings are three deep; a self-reference is endless
                lines.update(_lines(value, here))
    return lines
