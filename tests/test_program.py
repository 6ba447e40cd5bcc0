"""How the program was started: its name in messages, and the project that it runs from."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Run

from pipeline.base import program


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("/home/a/.local/bin/mnist-gates", "mnist-gates"),
        ("C:/tools/mnist-gates.exe", "mnist-gates"),
        ("/project/pipeline/__main__.py", "python -m pipeline"),
        ("-c", "python -m pipeline"),
        ("", "python -m pipeline"),
    ],
)
def test_messages_name_the_program_as_the_user_typed_it(
    monkeypatch: pytest.MonkeyPatch, first: str, name: str
) -> None:
    monkeypatch.setattr(sys, "argv", [first])
    assert program.called() == name


def test_the_name_is_that_of_the_distribution_and_of_its_script() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (project["name"], list(project["scripts"])) == (program.NAME, [program.NAME])


def test_a_checkout_sets_up_with_make_and_the_own_params_are_those_of_the_project_only(
    project: Path, run: Run, tmp_path: Path
) -> None:
    code = "from pipeline.base import program; print(program.in_checkout(), program.own_params())"
    command = [sys.executable, "-c", code]
    assert run(*command).stdout == "True params.yaml\n"
    (tmp_path / "params.yaml").write_text("theirs: 1\n")
    done = run("bash", "-c", f"cd .. && PYTHONPATH={project} {sys.executable} -c '{code}'")
    assert done.stdout == "True None\n"


def test_a_package_beside_no_project_is_in_no_checkout(project: Path, tmp_path: Path) -> None:
    (tmp_path / "site-packages").mkdir()
    (project / "pipeline").rename(tmp_path / "site-packages/pipeline")
    code = "from pipeline.base import program; print(program.in_checkout(), program.own_params())"
    for folder in ("site-packages", "project"):  # neither is the project that the package runs from
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path / folder,
            env={"PYTHONPATH": str(tmp_path / "site-packages")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "False None\n"
