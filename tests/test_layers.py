"""The structure: who may import whom, and each stage's deps in dvc.yaml against what it really imports."""

import ast
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from pipeline.imports import closure, imported

GROUND = {"errors", "files", "params", "datasets"}
# A noun that contains another: what the package loads is a table's rows, the raw files' contract reads IDX, a
# method is made of features and a machine, the gates of all that they look at.
CONTAINS = {
    ("__init__", "table"),
    ("contract", "idx"),
    ("contract", "provenance"),
    *(("conversion", part) for part in ["idx", "provenance", "rows", "table"]),
    ("provenance", "idx"),
    *((noun, "location") for noun in ["sources", "archive", "package_index"]),
    ("package_index", "archive"),
    ("methods", "estimators"),
    ("croissant", "contents"),
    ("dataset_card", "contents"),
    ("dataset_card", "markdown"),
    ("card", "markdown"),
    ("card", "metrics"),
    ("card", "registry"),
    *(("idx_export", part) for part in ["idx", "rows", "table"]),
    ("onnx_export", "estimators"),
    ("registry", "methods"),
    ("registry", "imports"),
    *(("leaderboard", part) for part in ["compare", "metrics", "model", "plots", "registry", "training"]),
    ("leakage", "measures"),
    ("orientation", "references"),
    ("table", "rows"),
    ("probe", "estimators"),
    ("verify", "lock"),
    ("verify", "revisions"),
    *(("compare", part) for part in ["lock", "metrics", "plots", "registry", "table"]),
    *(("quality", part) for part in ["contract", "conversion", "idx", "rows", "table", "measures"]),
    *(("quality", part) for part in ["references", "leakage", "probe", "audit", "orientation", "plots"]),
}
CODE_OF_METHODS = {"pipeline/estimators", "pipeline/methods"}
ROOT_STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
STAGES = [path.stem for path in (ROOT / "pipeline/stages").glob("[a-z]*.py")]


def modules(path: Path) -> set[str]:
    """The packages that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return {name.split(".")[0] for name in names}


def noun(path: Path) -> str:
    return path.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted((ROOT / "pipeline").rglob("*.py")), ids=lambda path: str(path.name))
def test_imports_only_go_down(path: Path) -> None:
    own = noun(path)
    for other in {noun(file) for file in imported(path)} - {own}:
        if own in {"stages", "commands"}:
            assert other not in {"stages", "commands", "__main__"}
        elif own in GROUND:
            assert other in GROUND, f"{own} is ground, {other} is not"
        elif own != "__main__":
            assert other in GROUND or (own, other) in CONTAINS, f"{own} may not import {other}"


def test_only_quality_imports_great_expectations() -> None:
    users = {noun(path) for path in (ROOT / "pipeline").rglob("*.py") if "great_expectations" in modules(path)}
    assert users == {"quality"}


@pytest.mark.parametrize("name", ROOT_STAGES)
def test_a_stage_depends_on_what_it_imports_and_on_nothing_else(name: str) -> None:
    deps = ROOT_STAGES[name]["deps"]
    folders = {dep for dep in deps if (ROOT / dep).is_dir() and dep.startswith("pipeline/")}
    needed = {str(file.relative_to(ROOT)) for file in closure(ROOT / f"pipeline/stages/{name}.py")}
    outside = {file for file in needed if not file.startswith(tuple(f"{folder}/" for folder in folders))}
    assert sorted(dep for dep in deps if dep.endswith(".py")) == sorted(outside)
    assert folders <= CODE_OF_METHODS
    assert folders == CODE_OF_METHODS or name != "method"


@pytest.mark.parametrize("name", ["score", "leaderboard"])
def test_what_the_leaderboard_depends_on_is_there_and_is_used(name: str) -> None:
    stage = yaml.safe_load((ROOT / "leaderboard/dvc.yaml").read_text())["stages"][name]
    needed = {str(file.relative_to(ROOT)) for file in closure(ROOT / f"pipeline/stages/{name}.py")}
    assert {dep for dep in stage["deps"] if dep.endswith(".py")} <= needed


@pytest.mark.parametrize("name", STAGES)
def test_stages_stay_thin(name: str) -> None:
    assert len((ROOT / f"pipeline/stages/{name}.py").read_text().splitlines()) <= 40


def test_every_stage_says_what_it_does() -> None:
    assert all(stage["desc"] for stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values())
