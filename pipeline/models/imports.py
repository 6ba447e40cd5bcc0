"""Which of the project's own modules a module imports, read from its source without running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pipeline
from pipeline.base.errors import ConfigError

ROOT = Path(pipeline.__file__).parent.parent


def shown(path: Path) -> str:
    """The path of a file of the project, from the project's folder."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file. Raises ConfigError if it is not Python."""
    try:
        return ast.parse(path.read_bytes(), path.name)
    except (SyntaxError, ValueError) as error:
        raise ConfigError(f"{shown(path)}: expected Python, found {type(error).__name__}: {error}") from None


@cache
def imported(path: Path) -> frozenset[Path]:
    """The project's own files that a file imports, at the top or inside a function; not those for type checkers.

    Raises ConfigError for a relative import, because it does not give the full name of a module.
    """
    found: set[str] = set()
    for node in _run(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            where = f"{shown(path)}: line {node.lineno}"
            raise ConfigError(f"{where}: expected `from pipeline...`, found a relative import")
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "pipeline":
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("pipeline.")}
    bases = [ROOT / name.replace(".", "/") for name in found if name != "pipeline"]
    files = [base.with_suffix(".py") for base in bases] + [base / "__init__.py" for base in bases]
    return frozenset(file for file in files if file.is_file())


def _run(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes of a syntax tree, without what stands under `if TYPE_CHECKING`: a program never runs it."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            todo += node.orelse
        else:
            yield node
            todo += ast.iter_child_nodes(node)


def closure(path: Path) -> set[Path]:
    """A file and all of the project's own files that it imports, directly or through others."""
    seen: set[Path] = set()
    todo = [path]
    while todo:
        if (current := todo.pop()) not in seen:
            seen.add(current)
            todo += imported(current)
    return seen
