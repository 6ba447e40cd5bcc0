"""Which of the project's own modules a module is made of, read from its source without running it."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent


@cache
def imported(path: Path) -> frozenset[Path]:
    """The project's own files that a file imports, at the top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "pipeline":
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("pipeline.")}
    bases = [ROOT / name.replace(".", "/") for name in found if name != "pipeline"]
    files = [base.with_suffix(".py") for base in bases] + [base / "__init__.py" for base in bases]
    return frozenset(file for file in files if file.is_file())


def closure(path: Path) -> set[Path]:
    """A file and all of the project's own that it imports, directly or not."""
    seen: set[Path] = set()
    todo = [path]
    while todo:
        if (current := todo.pop()) not in seen:
            seen.add(current)
            todo += imported(current)
    return seen
