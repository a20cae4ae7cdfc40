"""Laws of the code that no type can hold: who imports whom, and what may not be loaded."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "configs": set(),
    "features": set(),
    "models": {"features"},
    "retention": {"features", "models"},
    "training": {"features", "models", "retention", "configs"},
    "serving": {"features", "models", "retention", "configs"},
}
LAYERS = set(MAY_IMPORT)
UNSAFE = {"pickle", "cloudpickle", "dill", "marshal", "shelve"}
FILES = [path for layer in sorted(LAYERS) for path in sorted((ROOT / layer).rglob("*.py"))]


def imports_of(path):
    """Return the dotted names that a file imports, at any depth; a name from a module too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import from the full name, not from dots"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_point_down(path):
    layer = path.relative_to(ROOT).parts[0]
    ours = {name.split(".")[0] for name in imports_of(path)} & (LAYERS | {"perennial", "tests"})
    assert ours - {layer} <= MAY_IMPORT[layer]


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_nothing_loads_what_could_run_code(path):
    names = imports_of(path)
    assert not {name.split(".")[0] for name in names} & UNSAFE
    assert "joblib.load" not in names
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    }
    assert not calls & {"joblib.load", "pd.read_pickle", "pandas.read_pickle"}


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_a_package_face_is_one_docstring(layer):
    for path in (ROOT / layer).rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) == 1, f"{relative(path)} holds more than its docstring"
        assert isinstance(body[0], ast.Expr)
        assert isinstance(body[0].value, ast.Constant)


def test_every_package_has_a_face():
    folders = {path.parent for path in FILES}
    assert [relative(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_serving_names_no_mlflow():
    serving = [path for path in FILES if path.relative_to(ROOT).parts[0] == "serving"]
    assert [relative(p) for p in serving if any("mlflow" in n for n in imports_of(p))] == []


def loaded_after(statement):
    """Return the modules of a fresh Python after a statement."""
    program = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_service_runs_without_mlflow_and_training():
    assert not loaded_after("import serving.service") & {"mlflow", "training"}


def test_the_score_store_runs_without_bentoml_and_mlflow():
    assert not loaded_after("import serving.scores") & {"bentoml", "mlflow"}


def test_the_command_line_starts_without_the_layers():
    heavy = {"training", "pandas", "numpy", "pyarrow", "sqlalchemy", "mlflow", "bentoml", "xgboost"}
    loaded = loaded_after("import perennial")
    assert not loaded & heavy
    # Of the service nothing but what options there are.
    packages, options = {"serving", "serving.lists"}, {"options", "token_actions", "lists.actions"}
    ours = {name for name in loaded if name.split(".")[0] == "serving"}
    assert ours == packages | {f"serving.{name}" for name in options}
