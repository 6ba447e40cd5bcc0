"""docs/workflow.md: its commands run in their order, as written, through a real hub and a real remote."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, Run, commit

PAGE = (ROOT / "docs/workflow.md").read_text()
# The page needs a place of each kind; here they are folders.
HUB, STORAGE = "https://git.example/team/mnist.git", "/mnt/share/mnist"
IDENTITY = {
    f"GIT_{who}_{what}": "t@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_every_command_runs_as_written(reproduced: Path, run: Run, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "hub.git"], check=True)
    run("git", "remote", "add", "origin", str(tmp_path / "hub.git"))
    commit(run)
    assert run("git", "push", "--quiet", "origin", "HEAD:main").returncode == 0
    variables = IDENTITY | {"DVC_NO_ANALYTICS": "1"}
    places = {HUB: str(tmp_path / "hub.git"), STORAGE: str(tmp_path / "storage")}

    def here(text: str) -> str:
        for place, folder in places.items():
            text = text.replace(place, folder)
        return text

    commands = [line for block in blocks("sh") for line in block.splitlines() if line != "make repro"]
    assert len(commands) > 40
    for command in commands:
        done = run("bash", "-c", here(command), **variables)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    model = (reproduced / "data/model/model.skops").read_bytes()
    assert (tmp_path / "consumer/model.skops").read_bytes() == model
    (code,) = blocks("python")
    assert run("python", "-c", f"{here(code)}\nprint(model.hex())").stdout.strip() == model.hex()
    for folder in ("mnist", "parquet"):  # as `dvc get` and `dvc import` bring it: with what describes it
        names = {path.name for path in (tmp_path / "consumer" / folder).iterdir() if path.name != ".gitignore"}
        assert names == {"train.parquet", "test.parquet", "README.md", "croissant.json"}
    assert yaml.safe_load((reproduced / "params.yaml").read_text())["train"]["C"] == 3
    assert run("dvc", "exp", "list", "--name-only").stdout.split() == []


def test_the_example_of_the_action_names_inputs_that_it_has() -> None:
    (example,) = blocks("yaml")
    given = yaml.safe_load(example)["jobs"]["gate"]["steps"][1]["with"]
    assert set(given) <= set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])


def test_the_figures_of_the_example_are_those_of_the_baseline() -> None:
    scores = json.loads((ROOT / "metrics/test.json").read_text())
    assert f"test error rate {scores['error_rate']:.2%}" in PAGE
    assert f"({scores['errors']} of {scores['n']:,})" in PAGE
