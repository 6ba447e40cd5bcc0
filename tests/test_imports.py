"""The modules that a module imports: found at any depth, also inside functions, and nothing is run."""

from pathlib import Path

import pytest

from pipeline.base.errors import ConfigError
from pipeline.models import imports

FILES = {
    "pipeline/a.py": "from pipeline import b\nimport numpy\nraise SystemExit",
    "pipeline/b.py": "def f():\n    from pipeline.c import d\n    import pipeline.e",
    "pipeline/c/__init__.py": "from pipeline import a",
    "pipeline/c/d.py": "",
    "pipeline/e.py": "",
    "pipeline/other.py": "from pipeline import a",
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(imports, "ROOT", tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_closure_has_all_that_is_imported_and_itself(tree: Path) -> None:
    found = {path.relative_to(tree).as_posix() for path in imports.closure(tree / "pipeline/a.py")}
    assert found == FILES.keys() - {"pipeline/other.py"}


def test_a_module_that_imports_nothing_of_the_project_is_alone(tree: Path) -> None:
    assert imports.closure(tree / "pipeline/e.py") == {tree / "pipeline/e.py"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("from . import a", r"pipeline/odd\.py: line 1: expected `from pipeline\.\.\.`, found a relative import"),
        ("def f():\n    from .c import d", r"pipeline/odd\.py: line 2: expected `from pipeline\.\.\.`"),
        ("def (", r"pipeline/odd\.py: expected Python, found SyntaxError: invalid syntax"),
        ("a\0", r"pipeline/odd\.py: expected Python, found .*null bytes"),
    ],
)
def test_a_file_that_cannot_be_followed_is_named(tree: Path, content: str, message: str) -> None:
    (tree / "pipeline/odd.py").write_text(content)
    with pytest.raises(ConfigError, match=message):
        imports.closure(tree / "pipeline/odd.py")


def test_an_import_for_type_checkers_alone_is_none(tree: Path) -> None:
    lines = ["from typing import TYPE_CHECKING", "if TYPE_CHECKING:", "    from pipeline import a", "else:"]
    (tree / "pipeline/typed.py").write_text("\n".join([*lines, "    from pipeline import e", ""]))
    assert imports.closure(tree / "pipeline/typed.py") == {tree / "pipeline/typed.py", tree / "pipeline/e.py"}
