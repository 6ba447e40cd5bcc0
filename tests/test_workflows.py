"""The workflows of .github and the action: linted, without rights to misuse, each `run:` step run as written."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, Run, commit, edit
from runner import Job, definition, equip

CI, COMMENT, ACTION = ".github/workflows/ci.yml", ".github/workflows/comment.yml", "action.yml"
ACTIONLINT = shutil.which("actionlint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
# These would run this very suite. .ci/run runs them for real; here, only that make knows them is shown.
INSTEAD = {command: f"make --dry-run {command.split()[1]}" for command in ("make check", "make test")}
INSTEAD[".venv/bin/pytest -m slow -n 2 --dist worksteal"] = "make --dry-run test"
# A test installs no packages: it runs the first line of that step, which looks for the programs.
PACKAGES = next(
    step["run"] for step in definition(CI)["jobs"]["test"]["steps"] if "apt-get" in step.get("run", "")
)
needs_actionlint = pytest.mark.skipif(ACTIONLINT is None, reason="actionlint is not installed")
needs_image = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("shellcheck")), reason="chromium or shellcheck is not installed"
)


def lint(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [str(ACTIONLINT), "-oneline", *map(str, files)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@needs_actionlint
def test_actionlint_finds_nothing() -> None:
    done = lint(ROOT / CI, ROOT / COMMENT)
    assert (done.returncode, done.stdout) == (0, "")


@needs_actionlint
@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("permissions: {contents: read}", "permissions: {contents: read", "could not parse as YAML"),
        ("github.event.pull_request.number", "gihub.event.pull_request.number", 'undefined variable "gihub"'),
        ("run: make check", "run: echo ${{ github.head_ref }}", "potentially untrusted"),
        ("matrix.python", "matrix.pyton", 'property "pyton" is not defined'),
        ("path: data/raw", "folder: data/raw", 'input "folder" is not defined in action "Gate IDX data"'),
        ('case "$CODE" in', "case $(ls *) in", "shellcheck reported issue"),
    ],
)
def test_actionlint_finds_what_is_wrong(tmp_path: Path, old: str, new: str, finding: str) -> None:
    if finding.startswith("shellcheck") and not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    text = (ROOT / CI).read_text()
    assert old in text
    broken = tmp_path / "repo/.github/workflows/ci.yml"
    broken.parent.mkdir(parents=True)
    (tmp_path / "repo/.git").mkdir()
    shutil.copy(ROOT / ACTION, tmp_path / "repo")
    broken.write_text(text.replace(old, new))
    done = lint(broken)
    assert done.returncode == 1
    assert finding in done.stdout


def test_every_job_is_run_by_a_test() -> None:
    """Within a job, the runner of these tests runs every step; in test_comment.py and test_action.py too."""
    files = {str(path.relative_to(ROOT)) for path in (ROOT / ".github").rglob("*.y*ml")}
    assert files == {CI, COMMENT}
    assert set(definition(CI)["jobs"]) == {"test", "compare"}
    assert set(definition(COMMENT)["jobs"]) == {"comment"}


def test_a_script_holds_no_expression_and_an_action_is_one_commit() -> None:
    for name in (CI, COMMENT, ACTION):
        content = definition(name)
        for job in [*content.get("jobs", {}).values(), *([content["runs"]] if "runs" in content else [])]:
            assert not any("${{" in step.get("run", "") for step in job["steps"])
        uses = re.findall(r"uses: (.+)", (ROOT / name).read_text())
        assert all(re.fullmatch(r"\./|actions/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action) for action in uses)


def test_the_code_of_a_pull_request_gets_neither_a_secret_nor_a_right() -> None:
    ci, comment = definition(CI), definition(COMMENT)
    assert set(ci[True]) == {"push", "pull_request"}
    assert ci["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in ci["jobs"].values())
    assert not re.search(r"secrets\.|github\.token", (ROOT / CI).read_text())
    assert set(comment[True]) == {"workflow_run"}
    job = comment["jobs"]["comment"]
    assert job["permissions"] == {"actions": "read", "contents": "read", "pull-requests": "write"}
    checkout, download, post = job["steps"]
    assert not {"ref", "repository"} & set(checkout["with"]), "the default branch"
    assert download["with"]["path"].startswith("${{ runner.temp }}/"), "the artifact overwrites no script"
    assert post["run"].split()[:3] == ["python3", "-I", "scripts/comment.py"]


def git(run: Run, *command: str) -> None:
    assert run("git", *command).returncode == 0, command


@pytest.fixture
def tested(reproduced: Path, run: Run) -> Path:
    """A clone of the project after its first `dvc repro`, all of it committed to main."""
    equip(reproduced)
    commit(run)
    git(run, "branch", "--force", "--move", "main")
    return reproduced


def run_tests(project: Path, temp: Path) -> Job:
    job = Job(
        project,
        temp / "temp",
        {"matrix.python": "3.12"},
        instead=INSTEAD | {PACKAGES.strip(): PACKAGES.splitlines()[0]},
    )
    return job.run(definition(CI)["jobs"]["test"])


@needs_image
@pytest.mark.slow
def test_the_job_test_checks_tests_and_gates(tested: Path, tmp_path: Path) -> None:
    ci_run = (ROOT / ".ci/run").read_text().splitlines()
    assert set(INSTEAD) <= set(ci_run), "what is not run here runs there"
    job = definition(CI)["jobs"]["test"]
    assert job["strategy"]["matrix"] == {"python": ["3.11", "3.12", "3.13", "3.14"]}
    done = run_tests(tested, tmp_path)
    assert done.code == 0, done.ran[-1]
    assert "pytest" in done.said("Tests")
    assert "checked, none failed" in done.said("The pipeline, and its gates as annotations")
    assert done.said("./") == str({"path": "data/raw", "python": "3.12"})


@needs_image
@pytest.mark.slow
def test_data_that_fail_a_gate_fail_the_job_with_annotations(tested: Path, tmp_path: Path) -> None:
    edit(tested / "pipeline/datasets/tiny.yaml", train__expect__images__ink__each=[60, 63])
    done = run_tests(tested, tmp_path)
    assert done.code != 0
    assert "::error title=train%3A images.ink.each::" in done.said("The pipeline, and its gates as annotations")
    assert "./" not in {step.name for step in done.ran}


@needs_image
@pytest.mark.slow
def test_a_pipeline_that_fails_on_good_data_fails_the_job(tested: Path, tmp_path: Path) -> None:
    edit(tested / "params.yaml", train__method="none_such")
    done = run_tests(tested, tmp_path)
    assert done.code != 0
    assert "checked, none failed" in done.said("The pipeline, and its gates as annotations")


@pytest.fixture
def compared(tested: Path, run: Run, tmp_path: Path) -> Callable[..., Job]:
    """Runs the job `compare` for a pull request that makes `change`."""

    def compare(change: Callable[[Path], object], **variables: str) -> Job:
        git(run, "switch", "--quiet", "--create", "proposed")
        change(tested)
        commit(run)
        git(run, "switch", "--quiet", "--detach", "main")
        git(run, "merge", "--quiet", "--no-ff", "--message", "merge", "proposed")
        contexts = {"github.event.pull_request.number": "7"}
        return Job(tested, tmp_path / "temp", contexts, variables).run(definition(CI)["jobs"]["compare"])

    return compare


BLIND = '''"""A method that sees nothing."""
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Binarizer


def estimator() -> Pipeline:
    """Take no argument."""
    return make_pipeline(Binarizer(threshold=255), LogisticRegression())
'''


def worse(project: Path) -> None:
    (project / "pipeline/methods/blind.py").write_text(BLIND)
    edit(project / "params.yaml", train={"method": "blind", "validation": {"rows": 60, "seed": 0}})


def artifact(job: Job) -> set[str]:
    """The names of the report's files; what GitHub refuses in one is not in them."""
    names = {str(path.relative_to(job.temp / "report")) for path in (job.temp / "report").rglob("*")}
    assert not any(re.search(r'["*:<>?|\r\n]', name) for name in names)
    return names


@pytest.mark.slow
def test_a_harmless_pull_request_passes_and_reports(compared: Callable[..., Job], run: Run) -> None:
    job = compared(lambda project: (project / "notes.md").write_text("harmless"))
    assert job.code == 0, job.ran[-1]
    assert run("git", "rev-parse", "target").stdout == run("git", "rev-parse", "main").stdout
    assert {"number", "comparison.md", "rows.png", "plots/index.html"} <= artifact(job)
    assert (job.temp / "report/number").read_text() == "7\n"
    comparison = (job.temp / "report/comparison.md").read_text()
    assert "xychart" in comparison
    assert (job.temp / "GITHUB_STEP_SUMMARY").read_text() == comparison


@pytest.mark.slow
def test_a_regression_fails_after_the_report_is_kept_though_the_committed_metrics_and_their_lock_hide_it(
    compared: Callable[..., Job], run: Run
) -> None:
    def forge(project: Path) -> None:
        good = (project / "metrics/predictions.csv").read_bytes()
        worse(project)
        assert run("dvc", "repro").returncode == 0
        lock, predictions = project / "dvc.lock", project / "metrics/predictions.csv"
        old, new = (hashlib.md5(content).hexdigest() for content in (predictions.read_bytes(), good))
        predictions.write_bytes(good)
        lock.write_text(lock.read_text().replace(old, new))

    job = compared(forge)
    assert [step.name for step in job.ran if step.code] == ["Verdict"], job.ran
    assert (job.code, job.ran[-1].said.startswith("::error title=Regression::")) == (1, True)
    assert [step.name for step in job.ran].count("actions/upload-artifact") == 2
    assert {"number", "comparison.md", "rows.png", "plots/index.html"} <= artifact(job)


@pytest.mark.parametrize(
    ("code", "says"),
    [(0, ""), (1, "Regression"), (2, "Not comparable"), (3, "No comparison"), (130, "No comparison")],
)
def test_the_verdict_tells_a_regression_from_what_cannot_be_compared(tmp_path: Path, code: int, says: str) -> None:
    """That other test data make it 2: test_compare.py."""
    last = definition(CI)["jobs"]["compare"]["steps"][-1]
    job = Job(tmp_path, tmp_path / "temp", {"steps.compare.outputs.code": str(code)}).run({"steps": [last]})
    assert (job.code, job.said("Verdict").startswith(f"::error title={says}::")) == (code, bool(says))


@pytest.mark.slow
def test_a_gate_that_no_longer_holds_is_a_regression_that_the_report_names(compared: Callable[..., Job]) -> None:
    job = compared(
        lambda project: edit(project / "pipeline/datasets/tiny.yaml", train__expect__images__ink__each=[60, 63])
    )
    assert (job.code, job.ran[-1].said.startswith("::error title=Regression::")) == (1, True)
    assert "a gate that held no longer does" in (job.temp / "report/comparison.md").read_text()


@pytest.mark.slow
def test_bad_data_end_the_job_before_the_comparison_and_say_whose_it_is(compared: Callable[..., Job]) -> None:
    job = compared(
        lambda project: edit(project / "pipeline/datasets/tiny.yaml", train__class_counts=[99, 101, 100])
    )
    assert job.code != 0
    assert [step.name for step in job.ran][-2:] == ["actions/upload-artifact"] * 2
    assert artifact(job) == {"number"}
