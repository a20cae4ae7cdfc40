import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import perennial

ROOT = Path(__file__).parents[1]


@pytest.fixture
def shop(tmp_path):
    """Return a settings file whose log does not exist and whose `var` is this test's."""
    path = tmp_path / "shop.yaml"
    path.write_text(
        f"var: {tmp_path}/var\npurchases: {{source: {tmp_path}/none.csv}}\n", encoding="utf-8"
    )
    return path


def run(*words, **environment):
    """Run the command line as a program of its own."""
    return subprocess.run(
        [sys.executable, "-m", "perennial", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def assert_one_sentence(error):
    assert error.startswith("perennial: ")
    assert error.count("\n") == 1
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["trian"], "No such command 'trian'. Did you mean 'train'?; see `perennial --help`"),
        (["train"], "Missing option '--config' / '-c'; see `perennial train --help`"),
        (["train", "-c", "{shop}", "--jsn"], "--jsn"),
        (["score", "-c", "{shop}", "--as-of", "1997-13-01"], "is no date; write it as YYYY-MM-DD"),
        (["score", "-c", "{shop}", "--as-of", "19970101"], "is no date; write it as YYYY-MM-DD"),
        (["score", "-c", "{shop}", "--as-of", "1997-W01-1"], "is no date; write it as YYYY-MM-DD"),
        (["evaluate", "-c", "{shop}", "--cutoff", "1997-10-01"], "Missing option '--out'"),
        (
            ["evaluate", "-c", "{shop}", "--cutoff", "x", "--out", "d"],
            "'x' is no date; write it as YYYY-MM-DD",
        ),
        (
            [
                "evaluate",
                "-c",
                "{shop}",
                "--cutoff",
                "1997-10-01",
                "--out",
                "d",
                "--horizon-days",
                "0",
            ],
            "greater than or equal to 1",
        ),
        (["serve", "-c", "{shop}", "--port", "99999"], "less than or equal to 65535"),
        (["token", "list"], "name the settings before the action: perennial token -c CONFIG"),
        (["token", "-c", "{shop}"], "Missing command"),
        (["token", "-c", "{shop}", "create"], "Missing option '--scope'"),
        (["train", "-c", "no/such.yaml"], "there is no settings file no/such.yaml"),
    ],
)
def test_bad_arguments_end_with_2_and_one_sentence(capsys, shop, words, sentence):
    code = perennial.main([word.format(shop=shop) for word in words])
    out, error = capsys.readouterr()
    assert (code, out) == (2, "")
    assert sentence in error
    assert_one_sentence(error)


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["train"],
        ["backtest"],
        ["evaluate", "--cutoff", "1997-10-01", "--out", "d"],
        ["score"],
        ["serve"],
    ],
    ids=lambda words: words[0],
)
def test_a_misspelt_setting_ends_every_command_with_2(capsys, shop, words):
    with shop.open("a", encoding="utf-8") as file:
        file.write("horizons: {chrun_days: 9}\n")
    assert perennial.main([*words, "-c", str(shop)]) == 2
    error = capsys.readouterr().err
    assert "`horizons.chrun_days` (line 3); did you mean `churn_days`?" in error
    assert_one_sentence(error)


@pytest.mark.parametrize("command", ["check", "train", "backtest"])
def test_a_log_that_is_not_there_ends_with_3(capsys, shop, command):
    assert perennial.main([command, "-c", str(shop), "--json"]) == 3
    out, error = capsys.readouterr()
    assert out == ""
    assert "none.csv" in error.splitlines()[-1]


def test_no_words_at_all_show_the_help(capsys):
    assert perennial.main([]) == 0
    assert "Commands:" in capsys.readouterr().out


def test_a_token_is_made_listed_and_revoked(capsys, shop):
    token_on = ["token", "-c", str(shop)]
    create = ["create", "--scope", "read:scores", "--scope", "list:scores", "--json"]
    assert perennial.main([*token_on, *create]) == 0
    token = json.loads(capsys.readouterr().out)["token"]
    assert perennial.main([*token_on, "list"]) == 0
    listed = capsys.readouterr().out
    assert token not in listed
    prefix = token.split("_")[1]
    assert prefix in listed
    assert perennial.main([*token_on, "revoke", prefix]) == 0


def test_an_unknown_scope_ends_with_2_and_one_sentence(capsys, shop):
    assert perennial.main(["token", "-c", str(shop), "create", "--scope", "everything"]) == 2
    assert_one_sentence(capsys.readouterr().err)


def test_the_program_passes_its_exit_code_on(shop):
    assert run("--help").returncode == 0
    done = run("train", "-c", "no/such.yaml")
    assert done.returncode == 2
    assert_one_sentence(done.stderr)


def test_the_traceback_is_shown_when_asked_for():
    done = run("train", "-c", "no/such.yaml", PERENNIAL_TRACEBACK="1")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("perennial: there is no settings file")


class BrokenError(Exception):
    """An error of ours, by its exit code."""

    exit_code = 3


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (BrokenError("the log\n  is empty"), 3, "perennial: the log is empty\n"),
        (KeyError("x"), 1, "perennial: KeyError: 'x'; set PERENNIAL_TRACEBACK=1 to see where\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_within_a_command_ends_as_one_sentence(capsys, error, code, sentence):
    def fail():
        raise error

    assert perennial.exit_code_of(fail) == code
    assert capsys.readouterr().err == sentence


def test_serve_stops_cleanly_when_interrupted(shop):
    # No batch is published: the service starts all the same, and says where.
    with subprocess.Popen(
        [sys.executable, "-m", "perennial", "serve", "-c", str(shop), "--port", str(free_port())],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if "http://127.0.0.1" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
        assert process.wait(timeout=60) in {0, 130}, "".join([*seen, rest])
        assert "Traceback" not in "".join([*seen, rest])


def free_port():
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
