"""verify --lock: dvc.lock against dvc.yaml, code, params and metrics of the workspace, without data."""

import shutil
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import zc.lockfile
from conftest import Run, call_in, edit
from loopback import Server
from test_verify import MODEL, VERIFY, entry, rewrite

from pipeline.history.lock import Entry, Lock, Stage
from pipeline.history.verify import step


@pytest.fixture
def bare(reproduced: Path) -> Path:
    """A project without its data, like a fresh clone."""
    card = (reproduced / "data/model/README.md").read_bytes()
    shutil.rmtree(reproduced / "data")
    (reproduced / "data/model").mkdir(parents=True)
    (reproduced / "data/model/README.md").write_bytes(card)  # git holds it
    shutil.rmtree(reproduced / ".dvc/cache")
    return reproduced


def test_the_lock_of_a_fresh_clone_is_in_step(bare: Path, run: Run) -> None:
    done = run(*VERIFY, "--lock")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "verify: every dvc.lock is in step with its dvc.yaml, code, params and metrics\n"


Change = Callable[[Path], object]
MODIFIED: dict[str, Change] = {
    "train: changed deps: pipeline/models (modified)": lambda p: (p / "pipeline/models/onnx.py").write_text("1"),
    "gate: changed deps: pipeline/gates (modified)": lambda p: (p / "pipeline/gates/evidence/probe.py").unlink(),
    "inspect: changed deps: pipeline/rows (deleted)": lambda p: shutil.rmtree(p / "pipeline/rows"),
    "train: changed deps: params.yaml.train (modified)": lambda p: edit(p / "params.yaml", train__C=3),
    "evaluate: changed outs: metrics/test.json (modified)": lambda p: (p / "metrics/test.json").write_text("{}"),
    "card: changed deps: metrics (modified)": lambda p: None,
    "evaluate: changed outs: metrics/recall.csv (deleted)": lambda p: (p / "metrics/recall.csv").unlink(),
    "gate: changed command": lambda p: edit(p / "dvc.yaml", stages__gate__cmd="true"),
    "report: not in dvc.lock": lambda p: edit(p / "dvc.yaml", stages__report={"cmd": "true"}),
    "download: frozen, so DVC does not look": lambda p: edit(p / "dvc.yaml", stages__download__frozen=True),
}
REWRITTEN: dict[str, Change] = {
    "evaluate: not in dvc.lock": rewrite(lambda stages: stages.pop("evaluate")),
    "old: not in dvc.yaml": rewrite(lambda stages: stages.update(old=stages["inspect"])),
    "inspect: data/raw: another hash than that of the stage that writes it": rewrite(
        lambda stages: entry(stages, "inspect", "data/raw", "deps").update(md5="0" * 32)
    ),
    "gate: data/parquet: another hash than that of the stage that writes it": rewrite(
        lambda stages: entry(stages, "gate", "data/parquet", "deps").update(md5="0" * 32)
    ),
    "gate: pipeline/base: another hash than an earlier stage has": rewrite(
        lambda stages: entry(stages, "gate", "pipeline/base", "deps").update(md5="0" * 32)
    ),
}
MODEL_REWRITTEN: dict[str, Change] = {
    f"evaluate: {MODEL}: another hash than": rewrite(
        lambda stages: entry(stages, "train", MODEL).update(md5="0" * 32)
    ),
}
NO_STAGES: list[dict[str, Change]] = [
    {"gate: not in dvc.yaml": lambda p: (p / "dvc.yaml").write_text("{}")},
    {"gate: not in dvc.yaml": lambda p: (p / "dvc.yaml").write_text("")},
]


@pytest.mark.parametrize("changes", [MODIFIED, REWRITTEN, MODEL_REWRITTEN, *NO_STAGES])
def test_a_lock_out_of_step_is_named_with_all_that_is(bare: Path, run: Run, changes: dict[str, Change]) -> None:
    for change in changes.values():
        change(bare)
    done = run(*VERIFY, "--lock")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "verify: error: not in step; run `dvc repro`, also of another dvc.yaml if it is named here, and commit:\n"
    )
    assert [finding for finding in changes if finding not in done.stderr] == []


def test_stages_that_read_a_file_of_a_folder_are_held_to_each_other() -> None:
    """The stage that writes the folder has no hash of the file."""
    path = "data/parquet/train.parquet"
    convert = Stage("convert", outs=[Entry("data/parquet", f"{'c' * 32}.dir")])
    stages = {"convert": convert, "train": Stage("train", [Entry(path, "a" * 32)])}
    stages["score"] = Stage("score", [Entry(path, "b" * 32)])
    project = step.Project({"dvc.yaml": dict.fromkeys(stages, step.Declared())}, [], {})
    assert step.judged(project, {"dvc.yaml": Lock(stages)}).findings == [
        f"score: {path}: another hash than an earlier stage has"
    ]


def of_train_and_card(status: dict[str, list[Any]]) -> list[str]:
    """The findings on a project with two stages. DVC keeps the model; git keeps the metrics."""
    train = step.Declared(["data/model/model.skops", "metrics/validation.json"])
    project = step.Project({"dvc.yaml": {"train": train, "card": step.Declared()}}, train.outs[:1], status)
    return step.judged(project, {"dvc.yaml": Lock({name: Stage(name) for name in ("train", "card")})}).findings


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ({"data/model": "modified"}, []),
        ({"data": "deleted"}, []),
        ({"data/model": "modified", "metrics": "modified"}, ["card: changed deps: metrics (modified)"]),
        ({"metrics": "deleted"}, ["card: changed deps: metrics (deleted)"]),
    ],
)
def test_a_folder_that_holds_outputs_may_lack_data_but_nothing_else(
    status: dict[str, str], found: list[str]
) -> None:
    absent = [{"changed outs": {"data/model/model.skops": "deleted"}}]
    assert of_train_and_card({"train": absent, "card": [{"changed deps": status}]}) == found


def test_a_folder_is_judged_if_its_data_are_there() -> None:
    status = {"card": [{"changed deps": {"data/model": "modified"}}, "changed command"]}
    assert of_train_and_card(status) == [
        "card: changed deps: data/model (modified)",
        "card: changed command",
    ]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda p: (p / "dvc.lock").unlink(), 3, "dvc.lock: not found; run `dvc repro` and commit it"),
        (lambda p: (p / "dvc.lock").write_text("<<<<<<< HEAD\na: 1\n"), 2, "dvc.lock: expected YAML, found"),
        (lambda p: (p / "dvc.lock").write_text("stages: 3\n"), 2, "dvc.lock: Expected `object`"),
        (lambda p: (p / "dvc.yaml").write_text("stages: {"), 2, "dvc.yaml: expected YAML, found"),
        (lambda p: (p / "params.yaml").write_text("<<<<<<< HEAD\na: 1\n"), 2, "params.yaml: expected YAML, found"),
    ],
)
def test_a_lock_that_is_none_is_one_line(
    bare: Path, run: Run, change: Callable[[Path], object], code: int, message: str
) -> None:
    change(bare)
    done = run(*VERIFY, "--lock")
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert done.stderr.startswith(f"verify: error: {message}")


@pytest.mark.slow
def test_while_another_dvc_is_at_work_the_lock_is_not_judged(bare: Path, run: Run) -> None:
    other = zc.lockfile.LockFile(str(bare / ".dvc/tmp/lock"))
    try:
        done = run(*VERIFY, "--lock")
    finally:
        other.close()
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)


def board(change: str, path: str, how: str = "modified") -> step.Judgement:
    """The judgement on a project whose leaderboard has one change."""
    main = {"gate": step.Declared(["metrics/passed.json", "data/parquet"])}
    project = step.Project(
        {"dvc.yaml": main, "board/dvc.yaml": {"score": step.Declared(["board/results"])}},
        ["data/parquet"],
        {"board/dvc.yaml:score": [{change: {path: how}}]},
    )
    locks = {"dvc.yaml": Lock({"gate": Stage("gate")}), "board/dvc.yaml": Lock({"score": Stage("score")})}
    return step.judged(project, locks)


@pytest.mark.parametrize(
    "path", ["params.yaml.train.validation", "metrics/passed.json", "data/parquet/train.parquet"]
)
def test_a_leaderboard_of_other_data_or_params_is_no_finding(path: str) -> None:
    says = f"board/dvc.yaml: made of another {path}; `dvc repro board/dvc.yaml` makes it anew"
    assert board("changed deps", path) == ([], [says])


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("changed deps", "pipeline/models"),
        ("changed deps", "board/params.yaml.rows"),
        ("changed outs", "board/results"),
    ],
)
def test_a_leaderboard_of_other_code_or_with_edited_results_is_a_finding(change: str, path: str) -> None:
    assert board(change, path) == ([f"board/dvc.yaml:score: {change}: {path} (modified)"], [])


OTHER_PROJECT = """
vars: [{names: [a, b]}]
stages:
  copy:
    foreach: ${names}
    do:
      cmd: cp source.txt ${item}.txt
      deps: [source.txt]
      outs: ["${item}.txt"]
  join:
    matrix: {name: "${names}", times: [1, 2]}
    cmd: cat ${item.name}.txt > ${item.name}${item.times}.out
    deps: ["${item.name}.txt", raw.txt, "%s/page"]
    outs: ["${item.name}${item.times}.out"]
"""


def test_stages_of_any_form_are_known_as_dvc_knows_them(tmp_path: Path, server: Server) -> None:
    """foreach, a matrix over variables, an http dependency without an MD5, and absent data of a .dvc file."""

    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("ETag", '"1"')
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(b"ok")

    server.otherwise = page
    run = call_in(tmp_path, tmp_path)
    (tmp_path / "source.txt").write_text("1\n")
    (tmp_path / "raw.txt").write_text("2\n")
    (tmp_path / "dvc.yaml").write_text(OTHER_PROJECT % server.url)
    for command in ("git init -q", "dvc init -q", "dvc add -q raw.txt", "dvc repro -q"):
        assert run(*command.split()).returncode == 0, command
    assert "checksum" in (tmp_path / "dvc.lock").read_text()
    (tmp_path / "raw.txt").unlink()
    shutil.rmtree(tmp_path / ".dvc/cache")
    for out in tmp_path.glob("*.out"):
        out.unlink()
    assert step.findings(tmp_path) == ([], [])
    (tmp_path / "source.txt").write_text("3\n")
    assert step.findings(tmp_path).findings == [
        f"copy@{name}: changed deps: source.txt (modified)" for name in "ab"
    ]
