"""The structure: who may import whom, and each stage's deps in dvc.yaml against what it really imports."""

import ast
from functools import cache
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from pipeline import methods

GROUND = {"errors", "files", "params", "datasets"}
# A noun that contains another: the raw files' contract reads IDX, a method is made of features and a machine,
# the gates of all that they look at.
CONTAINS = {
    ("contract", "idx"),
    ("package_index", "sources"),
    ("methods", "estimators"),
    ("leakage", "measures"),
    ("probe", "estimators"),
    ("verify", "lock"),
    ("verify", "revisions"),
    *(("compare", part) for part in ["lock", "metrics", "plots", "table"]),
    *(("quality", part) for part in ["contract", "idx", "table", "measures", "references"]),
    *(("quality", part) for part in ["leakage", "probe", "audit", "plots"]),
}
MODEL_CLASSES = {f"pipeline/estimators/{name}.py" for name in ["__init__", "gradients", "images", "pca", "svm"]}
STAGES = [path.stem for path in (ROOT / "pipeline/stages").glob("[a-z]*.py")]


@cache
def imports(path: Path) -> frozenset[Path]:
    """The project's own files that a file imports, at the top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "pipeline":
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("pipeline.")}
    bases = [ROOT / name.replace(".", "/") for name in found if name != "pipeline"]
    files = [base.with_suffix(".py") for base in bases] + [base / "__init__.py" for base in bases]
    return frozenset(file for file in files if file.is_file())


def modules(path: Path) -> set[str]:
    """The packages that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return {name.split(".")[0] for name in names}


def closure(path: Path) -> set[Path]:
    """A file and all of the project's own that it imports, directly or not."""
    seen, todo = set(), [path]
    while todo:
        if (current := todo.pop()) not in seen:
            seen.add(current)
            todo += imports(current)
    return seen


def noun(path: Path) -> str:
    return path.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted((ROOT / "pipeline").rglob("*.py")), ids=lambda path: str(path.name))
def test_imports_only_go_down(path: Path) -> None:
    own = noun(path)
    for other in {noun(file) for file in imports(path)} - {own}:
        if own in {"stages", "commands"}:
            assert other not in {"stages", "commands", "__main__"}
        elif own in GROUND:
            assert other in GROUND, f"{own} is ground, {other} is not"
        elif own != "__main__":
            assert other in GROUND or (own, other) in CONTAINS, f"{own} may not import {other}"


def test_only_quality_imports_great_expectations() -> None:
    users = {noun(path) for path in (ROOT / "pipeline").rglob("*.py") if "great_expectations" in modules(path)}
    assert users == {"quality"}


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("method", methods.names())
def test_a_stage_depends_on_what_it_imports_and_on_nothing_else(name: str, method: str) -> None:
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][name]
    deps = {dep.replace("${train.method}", method) for dep in stage["deps"] if dep.endswith(".py")}
    needed = {str(file.relative_to(ROOT)) for file in closure(ROOT / f"pipeline/stages/{name}.py")}
    if name == "train":
        needed |= {str(file.relative_to(ROOT)) for file in closure(ROOT / f"pipeline/methods/{method}.py")}
    if name in {"train", "evaluate"}:
        needed |= MODEL_CLASSES
    assert deps == needed


@pytest.mark.parametrize("name", STAGES)
def test_stages_stay_thin(name: str) -> None:
    assert len((ROOT / f"pipeline/stages/{name}.py").read_text().splitlines()) <= 40


def test_every_stage_says_what_it_does() -> None:
    assert all(stage["desc"] for stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values())
