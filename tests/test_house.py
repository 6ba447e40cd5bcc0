"""The house: who may import whom, and each stage's deps in dvc.yaml against what the stage imports."""

import ast
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from pipeline.models.imports import closure, imported

PACKAGE = ROOT / "pipeline"
FILES = sorted(PACKAGE.rglob("*.py"))
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
BOARD = yaml.safe_load((ROOT / "leaderboard/dvc.yaml").read_text())["stages"]

# From top to bottom. `datasets` holds YAML only.
FLOORS = [
    ["__main__.py", "__init__.py"], ["stages", "commands"], ["leaderboard"], ["gates"], ["history"], ["describe"],
    ["models"], ["sources", "deformed"], ["readers"], ["rows"], ["methods"], ["estimators"], ["features"],
    ["base"], ["datasets"],
]  # fmt: skip
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def room(path: Path) -> str:
    """The room of a file: the folder of pipeline/ that it is in."""
    return path.relative_to(PACKAGE).parts[0]


def test_every_folder_is_a_room() -> None:
    assert {
        path.name for path in PACKAGE.iterdir() if path.name not in ("__pycache__", "py.typed")
    } == FLOOR.keys()
    assert not list((PACKAGE / "datasets").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_imports_rooms_below_it_only(path: Path) -> None:
    others = {room(file) for file in imported(path)} - {room(path)}
    assert {other for other in others if FLOOR[other] <= FLOOR[room(path)]} == set()


def test_only_the_gates_import_great_expectations() -> None:
    users = {room(path) for path in FILES if "great_expectations" in packages(path)}
    assert users == {"gates"}


def packages(path: Path) -> set[str]:
    """The packages that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return {name.split(".")[0] for name in names}


def code(stage: dict[str, list[str]]) -> set[str]:
    """The code that a stage depends on, without the records of datasets."""
    return {
        dep for dep in stage["deps"] if dep.startswith("pipeline/") and not dep.startswith("pipeline/datasets")
    }


def needed(stage: str) -> set[str]:
    """The files that the module of a stage imports, directly or not, and the module itself.

    The stage `method` also reads the source of every method, without an import.
    """
    read = (PACKAGE / "methods").glob("*.py") if stage == "method" else ()
    found = {path for start in (PACKAGE / f"stages/{stage}.py", *read) for path in closure(start)}
    return {path.relative_to(ROOT).as_posix() for path in found}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_rooms_that_it_imports_and_on_nothing_else(name: str) -> None:
    own = f"pipeline/stages/{name}.py"
    rooms = {f"pipeline/{path.split('/')[1]}" for path in needed(name) - {own}}
    assert code(STAGES[name]) == rooms | {own}
    assert len(STAGES[name]["deps"]) <= 8
    assert STAGES[name]["deps"] == sorted(STAGES[name]["deps"])


@pytest.mark.parametrize("name", ["score", "leaderboard"])
def test_the_leaderboard_depends_on_code_that_it_uses(name: str) -> None:
    assert [dep for dep in code(BOARD[name]) if not any(path.startswith(dep) for path in needed(name))] == []


def test_the_page_of_the_leaderboard_depends_on_all_code_that_it_uses() -> None:
    deps = tuple(code(BOARD["leaderboard"]))
    assert [path for path in needed("leaderboard") if not path.startswith(deps)] == []


def test_each_dep_is_there_or_is_the_output_of_a_stage() -> None:
    outs = {
        next(iter(out))
        for stage in (STAGES | BOARD).values()
        for out in [*stage.get("outs", []), *stage.get("metrics", [])]
    }
    for stage in (STAGES | BOARD).values():
        assert stage["desc"]
        for dep in stage["deps"]:
            written = any(dep == out or dep.startswith(f"{out}/") for out in outs)
            assert written or "${" in dep or (ROOT / dep).exists(), dep


# Modules that the tests of another module cover on purpose: the test file that does it.
THROUGH = {
    "__main__": "main",
    "base/dataset": "records",
    "base/errors": "main",
    "base/progress": "pipeline",
    "commands/methods": "own_methods",
    "features/components": "features_components",
    "gates/explained": "profile",
    "gates/grey_range": "folder",
    "gates/meanings": "mutations",
    "gates/memory": "judge",
    "gates/suite_json": "suite",
    "gates/validation": "judge",
    "gates/value_counts": "suites",
    "methods/*": "leaderboard",
    "sources/every": "fetch",
    "stages/*": "pipeline",
}


def test_every_module_has_a_test_file_of_its_name_or_of_its_room() -> None:
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    modules = [path.relative_to(PACKAGE).with_suffix("") for path in FILES if path.stem != "__init__"]
    untested = [module for module in modules if not tests & set(module.parts)]
    assert [str(module) for module in untested if not any(map(module.match, THROUGH))] == []
    assert [name for name in THROUGH if not any(module.match(name) for module in untested)] == [], (
        "no longer needed"
    )
    assert set(THROUGH.values()) <= tests


def test_dvc_yaml_stays_short() -> None:
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 170


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_stays_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 250
