"""docs/architecture.md: its pictures are those of the code, and what it names is there."""

import ast
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

from conftest import ROOT

PAGE = (ROOT / "docs/architecture.md").read_text()
FLOW, ROOMS = re.findall(r"^```mermaid\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PACKAGE = ROOT / "pipeline"


def imported() -> set[tuple[str, str]]:
    """Each pair of rooms of which the first imports the second."""
    found = set()
    for path in PACKAGE.glob("*/**/*.py"):
        own = path.relative_to(PACKAGE).parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipeline."):
                found.add((own, str(node.module).split(".")[1]))
    return {(own, other) for own, other in found if own != other}


def drawn() -> set[tuple[str, str]]:
    """The arrows of the picture of the rooms."""
    lines = [line.split(" --> ") for line in ROOMS.splitlines() if "-->" in line]
    sides = [[re.findall(r"\w+", side) for side in line] for line in lines]
    return {pair for left, right in sides for pair in product(left, right)}


def reached(start: str) -> set[str]:
    """The rooms that the picture's arrows lead to from a room."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        room = todo.pop()
        todo += [other for own, other in drawn() if own == room and other not in seen]
        seen |= {other for own, other in drawn() if own == room}
    return seen


def test_every_arrow_that_is_drawn_is_an_import() -> None:
    assert drawn() - imported() == set()


def test_every_import_is_drawn_straight_or_by_a_longer_way() -> None:
    assert {(own, other) for own, other in imported() if other not in reached(own)} == set()


def test_the_flow_is_what_dvc_draws() -> None:
    command = [str(Path(sys.executable).parent / "dvc"), "dag", "--mermaid", "card"]
    assert (
        FLOW.strip()
        == subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    )


def test_every_room_has_a_paragraph() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(re.findall(r"^\| `(\w+)/` \|", PAGE, re.MULTILINE)) == rooms


def test_every_file_that_a_walk_names_is_there() -> None:
    walks = PAGE.partition("## Walk 1")[2]
    paths = {path for path in re.findall(r"`([\w./]+/[\w./]*)`", walks) if "NAME" not in path}
    assert len(paths) > 8
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
