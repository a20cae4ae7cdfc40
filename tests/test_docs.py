"""Every setting and every command stands in the docs, with its default and its options."""

import re
from pathlib import Path

import pytest
import typer

import perennial
from configs.keys import every_key
from configs.settings import Settings

ROOT = Path(__file__).parents[1]
KEYS = [".".join(key) for key in every_key(Settings)]


def text_of(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def table_rows(text):
    """Return the first two cells of each table row whose first cell is one code word."""
    rows = re.findall(r"^\| `([a-z_.]+)` \|(.*?)\|", text, flags=re.MULTILINE)
    return {key: cell.strip() for key, cell in rows}


def commands_of(command, words=()):
    """Return every command with its option names, by the words that call it."""
    below = getattr(command, "commands", None)
    if below is None:
        options = [option for p in command.params for option in p.opts if option.startswith("--")]
        return {" ".join(words): options}
    found: dict[str, list[str]] = {}
    for name, part in below.items():
        found |= commands_of(part, (*words, name))
    return found


COMMANDS = commands_of(typer.main.get_command(perennial.app))


def test_the_settings_page_lists_exactly_the_keys_there_are():
    assert sorted(table_rows(text_of("settings.md"))) == sorted(KEYS)


@pytest.mark.parametrize(
    "key", [key for key in KEYS if key.startswith(("horizons.", "eligible.", "serve."))]
)
def test_the_settings_page_tells_the_default(key):
    group, name = key.split(".")
    value = Settings.model_fields[group].default.model_dump()[name]
    told = table_rows(text_of("settings.md"))[key].strip("`")
    assert told == (f"{value:g}" if isinstance(value, float) else str(value)).replace("F", "f")


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_every_command_stands_in_the_docs_with_its_options(words):
    first, *rest = words.split()
    # These take their configuration before the action, so it is not among the action's options.
    configured = "--config" in COMMANDS[words] or first in ("token", "list")
    middle = "-c CONFIG " if configured else ""
    usage = f"`perennial {first} {middle}{' '.join(rest)}".rstrip()
    rows = [row for row in text_of("commands.md").splitlines() if f"| {usage}" in row]
    assert len(rows) == 1, f"docs/commands.md has no row that begins with {usage}"
    missing = [name for name in COMMANDS[words] if name != "--config" and name not in rows[0]]
    assert missing == []


def test_no_command_in_the_docs_is_unknown():
    told = re.findall(r"^\| `perennial (\w+)", text_of("commands.md"), flags=re.MULTILINE)
    assert set(told) == {words.split()[0] for words in COMMANDS}


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_the_pages_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
