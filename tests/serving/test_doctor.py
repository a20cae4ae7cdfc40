"""Fifteen bad set-ups and more, each refused with the fix named; a good one passes."""

import json
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from configs.settings import load_settings
from serving import commands
from serving.doctor import Refused, check_production, circumstances, examine, refusals
from serving.scores import ScoreStore
from serving.store.tokens import Tokens
from tests.made_shop import call
from tests.serving.made import NOW, READ, made_batch, made_settings, promote, publish

SAFE = {"BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true"}
OFF = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}
VERSIONS = {"bentoml": "1.4.39", "mlflow": "3.17.2", "skops": None}
GIB = 1024**3


@pytest.fixture
def good(tmp_path):
    """A set-up fit for production: private files, a model, a batch, a token."""
    settings = made_settings(tmp_path)
    settings.var.mkdir(mode=0o700)
    settings.models_dir.mkdir()
    version = promote(settings.models_dir)
    store = ScoreStore(settings.store_url)
    publish(store, made_batch(model_version=version))
    Tokens(store.database, lambda: NOW).create([READ], days=365)
    store.close()
    return circumstances(
        settings,
        tmp_path / "shop.yaml",
        environment={**SAFE, **OFF},
        versions=VERSIONS,
        free_bytes=100 * GIB,
        now=NOW,
    )


def told(seen, **changes):
    """The same with other settings, written to the settings file."""
    content = {**json.loads(seen.config.read_text()), **changes}
    seen.config.write_text(json.dumps(content))
    settings = load_settings(seen.config)
    return replace(seen, settings=settings, host=settings.serve.host)


def with_environment(seen, **changes):
    return replace(seen, environment={**seen.environment, **changes})


def broken_bundle(seen):
    [folder] = [p for p in seen.settings.models_dir.iterdir() if p.is_dir()]
    (folder / "metrics.json").write_text('{"auc": 1.0}')
    return seen


def long_token(seen):
    store = ScoreStore(seen.settings.store_url)
    Tokens(store.database, lambda: NOW).create([READ], days=3650)
    store.close()
    return seen


def other_schema(seen):
    with sqlite3.connect(seen.settings.var / "scores.db") as connection:
        connection.execute("UPDATE store_info SET schema_version = 99")
    connection.close()
    return seen


def no_database(seen):
    (seen.settings.var / "scores.db").write_bytes(b"no database at all" * 99)
    return seen


def with_mode(path_of, mode):
    def change(seen):
        path_of(seen).chmod(mode)
        return seen

    return change


def versions(**changes):
    return lambda seen: replace(seen, versions={**VERSIONS, **changes})


def environment(**changes):
    return lambda seen: with_environment(seen, **changes)


def settings(**changes):
    return lambda seen: told(seen, **changes)


def readable_password(seen):
    told(seen, mlflow={"tracking_uri": "https://me:secret@mlflow.example"})
    return with_mode(lambda s: s.config, 0o644)(told(seen))


REMOTE_STORE = "postgresql+psycopg://shop@db.example/shop"
# name: what makes the good set-up bad, what is looked at, the fix
BAD = {
    "old bentoml": (versions(bentoml="1.4.38"), "versions", "install bentoml>=1.4.39"),
    "old mlflow": (versions(mlflow="3.17.1"), "versions", "install mlflow>=3.17.2"),
    "pre-release": (versions(mlflow="3.17.2rc0"), "versions", "install mlflow>=3.17.2"),
    "old skops": (versions(skops="0.12.0"), "versions", "install skops>=0.13"),
    "no bentoml": (versions(bentoml=None), "versions", "install bentoml>=1.4.39"),
    "any address": (
        settings(serve={"host": "0.0.0.0"}),  # noqa: S104
        "address",
        "set serve.host to 127.0.0.1, or put a proxy",
    ),
    "another host": (lambda seen: replace(seen, host="10.0.0.4"), "address", "serve.behind_tls"),
    "store in the clear": (settings(store=REMOTE_STORE), "store link", "sslmode=verify-full"),
    "never stale": (
        settings(serve={"stale_after_hours": 1000}),
        "staleness",
        "set it to the time between two batches",
    ),
    "guessing let through": (
        settings(serve={"wrong_tokens_per_minute": 10**6}),
        "limits",
        "set it to 1000 or fewer",
    ),
    "MLflow by http": (
        settings(mlflow={"tracking_uri": "http://mlflow.example:5000"}),
        "MLflow's address",
        "give an https:// address",
    ),
    "MLflow open to the world": (
        settings(mlflow={"tracking_uri": "https://mlflow.example"}),
        "MLflow's address",
        "set MLFLOW_TRACKING_TOKEN",
    ),
    "pickle on": (
        environment(MLFLOW_ALLOW_PICKLE_DESERIALIZATION="true"),
        "MLflow's switches",
        "set MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false",
    ),
    "jobs on": (
        environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="True"),
        "MLflow's switches",
        "set MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false",
    ),
    "MLflow unguarded": (
        environment(MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE="1"),
        "MLflow's switches",
        "set MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE=false",
    ),
    "MLflow under any host": (
        environment(MLFLOW_SERVER_ALLOWED_HOSTS="mlflow.example, *"),
        "MLflow's switches",
        "name the hosts in MLFLOW_SERVER_ALLOWED_HOSTS",
    ),
    "MLflow for any page": (
        environment(MLFLOW_SERVER_CORS_ALLOWED_ORIGINS="*"),
        "MLflow's switches",
        "name the hosts in MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
    ),
    "certificates unchecked": (
        environment(MLFLOW_TRACKING_INSECURE_TLS="true"),
        "MLflow's switches",
        "set MLFLOW_TRACKING_INSECURE_TLS=false",
    ),
    "BentoML reports": (
        environment(BENTOML_DO_NOT_TRACK="1"),
        "usage reports",
        "set BENTOML_DO_NOT_TRACK=True",
    ),
    "MLflow reports": (
        environment(MLFLOW_DISABLE_TELEMETRY=""),
        "usage reports",
        "set MLFLOW_DISABLE_TELEMETRY=true",
    ),
    "settings others write": (
        with_mode(lambda seen: seen.config, 0o666),
        "settings file",
        "chmod go-w",
    ),
    "password others read": (readable_password, "settings file", "chmod 600"),
    "open folder": (
        with_mode(lambda seen: seen.settings.var, 0o755),
        "folder of the shop",
        "chmod 700",
    ),
    "open store": (
        with_mode(lambda seen: seen.settings.var / "scores.db", 0o640),
        "store file",
        "chmod 600",
    ),
    "full disk": (lambda seen: replace(seen, free_bytes=1000), "disk space", "free some space"),
    "changed bundle": (broken_bundle, "model", "perennial rollback"),
    "another schema": (other_schema, "store", "correct `store`"),
    "no database": (no_database, "store", "correct `store`"),
    "endless token": (long_token, "tokens", "create it anew with --days 365"),
}


def test_a_private_and_current_set_up_is_fine(good):
    assert {finding.level for finding in examine(good)} == {"fine"}
    check_production(good)


@pytest.mark.parametrize("name", BAD)
def test_s14_a_bad_set_up_is_refused_with_the_fix(good, name):
    change, check, fix = BAD[name]
    seen = change(good)
    found = [each for each in refusals(examine(seen)) if each.check == check]
    assert any(fix in each.fix for each in found), [each.as_dict() for each in found]
    with pytest.raises(Refused, match="not fit for it") as caught:
        check_production(seen)
    assert caught.value.exit_code == 3
    assert fix in str(caught.value)


def test_s14_no_finding_repeats_a_password(good):
    seen = readable_password(good)
    seen = told(seen, store="postgresql+nodriver://me:secret@db.example/shop")
    assert "secret" not in json.dumps([each.as_dict() for each in examine(seen)])


def test_a_proxy_that_ends_tls_may_stand_before_any_address(good):
    seen = told(good, serve={"host": "0.0.0.0", "behind_tls": True})  # noqa: S104
    assert refusals(examine(seen)) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda seen: replace(seen, now=NOW + timedelta(hours=40)), "is stale"),
        (lambda seen: replace(seen, now=NOW + timedelta(days=360)), "ends on"),
        (lambda seen: replace(seen, now=NOW + timedelta(days=400)), "no token is valid"),
        (lambda seen: replace(seen, free_bytes=GIB), "few for the batches to come"),
        (lambda seen: replace(seen, environment=SAFE), "MLflow unpickles models"),
    ],
)
def test_what_a_service_can_run_with_is_advice(good, change, what):
    seen = change(good)
    assert refusals(examine(seen)) == []
    [found] = [each for each in examine(seen) if what in each.what]
    assert (found.level, bool(found.fix)) == ("advice", True)


def test_an_empty_folder_is_not_filled_by_looking(tmp_path):
    told_settings = made_settings(tmp_path)
    seen = circumstances(told_settings, tmp_path / "shop.yaml", environment=SAFE, free_bytes=GIB)
    assert refusals(examine(seen)) == []
    assert not told_settings.var.exists()


def test_the_command_prints_one_document_and_ends_with_3(tmp_path):
    made_settings(tmp_path, host="0.0.0.0")  # noqa: S104
    called = call("doctor", "-c", tmp_path / "shop.yaml", "--json")
    document = json.loads(called.out)
    assert (called.code, document["fit"]) == (3, False)
    assert "address" in [f["check"] for f in document["findings"] if f["level"] == "refused"]
    made_settings(tmp_path)
    called = call("doctor", "-c", tmp_path / "shop.yaml")
    assert called.code == 0, called.out
    assert called.out.endswith("fit for production\n")


def test_s14_serve_in_production_starts_nothing_where_the_doctor_refuses(tmp_path: Path):
    told_settings = made_settings(tmp_path, production=True)
    config = tmp_path / "shop.yaml"
    with pytest.raises(Refused, match=r"set serve\.host to 127") as caught:
        commands.serve(told_settings, config_path=config, host="0.0.0.0", port=None)  # noqa: S104
    assert caught.value.exit_code == 3
    assert not told_settings.var.exists()
