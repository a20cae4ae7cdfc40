"""MLflow's address and switches, BentoML's usage reports: what settings and environment tell."""

from urllib.parse import urlsplit

from serving.checkup.finding import Circumstances, Finding, advice, fine, refused
from serving.checkup.network import is_loopback

CREDENTIALS = (
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_CLIENT_CERT_PATH",
    "MLFLOW_TRACKING_AWS_SIGV4",
)
ON = ("true", "1")
# What each opens where it is on.
DANGEROUS = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "MLflow unpickles models, which runs what is in them",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "MLflow's server runs jobs for whoever reaches it",
    "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "MLflow's server checks neither host nor origin",
    "MLFLOW_TRACKING_INSECURE_TLS": "any server can pass for MLflow's",
}
ON_BY_DEFAULT = ("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION")
WIDE = {
    "MLFLOW_SERVER_ALLOWED_HOSTS": "MLflow's server answers under any host name",
    "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "any web page may write to MLflow's server",
}
# Each library heeds this very word.
REPORTS = {
    "BENTOML_DO_NOT_TRACK": ("True", "BentoML"),
    "MLFLOW_DISABLE_TELEMETRY": ("true", "MLflow"),
}


def tracking_findings(seen: Circumstances) -> list[Finding]:
    """Look at MLflow's address and at the switches of both libraries."""
    switches = [_switch(name, seen) for name in DANGEROUS]
    wide = [_wide(name, seen) for name in WIDE]
    return [_server(seen), *switches, *wide, *(_reports(name, seen) for name in REPORTS)]


def _server(seen: Circumstances) -> Finding:
    check, where = "MLflow's address", "mlflow.tracking_uri"
    url = urlsplit(seen.settings.tracking_uri)
    if url.scheme not in ("http", "https"):
        return fine(check, "runs and models are kept in a database, without a server", where)
    host = url.hostname or ""
    if is_loopback(host):
        return fine(check, f"the server on {host} is reached from this machine only", where)
    if url.scheme == "http":
        return refused(
            check,
            f"runs and models travel to {host} in the clear",
            where,
            "give an https:// address, or one on 127.0.0.1",
        )
    if not url.username and not any(seen.environment.get(name) for name in CREDENTIALS):
        return refused(
            check,
            f"{host} is asked without a credential, so it is open to the world",
            where,
            "let the server ask for a sign-in and set MLFLOW_TRACKING_TOKEN, or "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        )
    return fine(check, f"{host} is asked by https with a credential", where)


def _switch(name: str, seen: Circumstances) -> Finding:
    told = seen.environment.get(name, "").lower()
    if told in ON:
        return refused("MLflow's switches", DANGEROUS[name], name, f"set {name}=false")
    if told or name not in ON_BY_DEFAULT:
        return fine("MLflow's switches", f"{name} is off", name)
    what = f"where MLflow runs with this environment, {_lower(DANGEROUS[name])}"
    return advice("MLflow's switches", what, name, f"set {name}=false")


def _wide(name: str, seen: Circumstances) -> Finding:
    if "*" in [part.strip() for part in seen.environment.get(name, "").split(",")]:
        return refused("MLflow's switches", WIDE[name], name, f"name the hosts in {name}, not *")
    return fine("MLflow's switches", f"{name} is not wide open", name)


def _reports(name: str, seen: Circumstances) -> Finding:
    word, library = REPORTS[name]
    if seen.environment.get(name) == word:
        return fine("usage reports", f"{library} sends none", name)
    return refused("usage reports", f"{library} reports on its use", name, f"set {name}={word}")


def _lower(sentence: str) -> str:
    return sentence if sentence.startswith("MLflow") else sentence[0].lower() + sentence[1:]
