"""A runner like GitHub's: it runs the `run:` steps of a job in order, as written, in a real bash."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from conftest import ROOT

BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]  # GitHub runs this for `shell: bash`
SCRIPTS = ("scripts/recover.py", "scripts/repro.py", "scripts/error_chart.py")
KEYS = {"name", "id", "if", "env", "run", "uses", "with", "shell"}
ALWAYS = "${{ !cancelled() }}"


class Step(NamedTuple):
    """A step that ran: its exit code, and its output on both streams. A `uses:` step prints its inputs."""

    name: str
    code: int
    said: str


class Job:
    """A job of a workflow, or a composite action, in `folder`.

    contexts: the value of each expression; an expression without a value is a KeyError. instead: other commands
    for scripts that a test cannot run as they are. variables: more environment variables.
    """

    def __init__(
        self,
        folder: Path,
        temp: Path,
        contexts: Mapping[str, str],
        variables: Mapping[str, str] = {},
        instead: Mapping[str, str] = {},
    ) -> None:
        temp.mkdir()
        self.folder, self.temp, self.instead = folder, temp, instead
        self.contexts = {"runner.temp": str(temp), **contexts}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        files = {name: str(temp / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        self.environment = {"PATH": path, "HOME": str(temp), "RUNNER_TEMP": str(temp), **files, **variables}
        self.ran: list[Step] = []
        self.code = 0

    def run(self, definition: Mapping[str, Any]) -> "Job":
        """Run the steps. After a step fails, only the steps that always run are run."""
        self.environment |= self.filled(definition.get("env", {}))
        for step in definition["steps"]:
            assert set(step) <= KEYS, f"the runner of these tests does not know all of {sorted(step)}"
            assert step.get("if") in {None, ALWAYS}
            if self.code == 0 or "if" in step:
                self.ran.append(self.used(step) if "uses" in step else self.done(step))
                self.code = self.code or self.ran[-1].code
        return self

    def used(self, step: Mapping[str, Any]) -> Step:
        return Step(step["uses"].split("@")[0], 0, str(self.filled(step.get("with", {}))))

    def done(self, step: Mapping[str, Any]) -> Step:
        output = Path(self.environment["GITHUB_OUTPUT"])
        output.write_text("")
        script = self.temp / "script"
        script.write_text(self.instead.get(step["run"].strip(), step["run"]))
        environment = self.environment | self.filled(step.get("env", {}))
        done = subprocess.run(
            [*BASH, script], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        for name, value in re.findall(r"^(\w+)=(.*)$", output.read_text(), re.MULTILINE):
            self.contexts[f"steps.{step['id']}.outputs.{name}"] = value
        return Step(step["name"], done.returncode, done.stdout + done.stderr)

    def filled(self, values: Mapping[str, object]) -> dict[str, str]:
        """The values, with each expression replaced by its value."""
        return {
            key: re.sub(r"\$\{\{ (.+?) \}\}", lambda found: self.contexts[found[1]], str(value))
            for key, value in values.items()
        }

    def said(self, name: str) -> str:
        """The output of the step of this name."""
        return next(step.said for step in self.ran if step.name == name)


def definition(name: str) -> dict[Any, Any]:
    """A workflow or action file; PyYAML reads the key `on` as True."""
    content: dict[Any, Any] = yaml.safe_load((ROOT / name).read_text())
    return content


def equip(folder: Path) -> None:
    """Give a folder the files that make needs and the environment of these tests: make then installs nothing."""
    for name in ("Makefile", "requirements/run.txt", "requirements/dev.txt", *SCRIPTS):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    shutil.copy(Path(sys.prefix, "pyvenv.cfg"), folder / ".venv")
    for name in ("bin", "lib"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix, name))
    for name in ("run.txt", "dev.txt"):
        (folder / ".venv" / name).touch()
