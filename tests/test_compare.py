"""The command `compare` in a real repository, with revisions of better and worse models and of other data."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image
from revised import REVISIONS, fail_gate, git, lock, merge

from pipeline.__main__ import main
from pipeline.rows import arrow, parquet

Compare = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def repository(reproduced_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny project with one branch for each revision, on `good`; read it, do not change it."""
    folder = tmp_path_factory.mktemp("compare")
    shutil.copytree(reproduced_once.parent, folder, dirs_exist_ok=True)
    project = folder / "project"
    for name, edits in REVISIONS.items():  # `good` comes first, and all others start from it
        git(project, "checkout", "--quiet", "-b", name)
        for edit in edits:
            edit(project)
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--message", name)
        git(project, "checkout", "--quiet", "good")
    return project


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """A copy of the repository, to change."""
    shutil.copytree(repository.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "project"


@pytest.fixture
def compare(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Compare]:
    """Run the command in the repository or in another folder; return its exit code and both outputs."""

    def call(*arguments: str, folder: Path = repository) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        code = main(["compare", *arguments])
        out, err = capsys.readouterr()
        last = [line for line in err.splitlines() if not line.startswith("compare: warning: ")]
        assert len(last) == (code != 0), err
        return code, out, err

    yield call
    assert git(repository, "status", "--short") == "", "a comparison writes nothing but its picture"


def test_the_workspace_is_compared_where_no_head_is_named(compare: Compare, repository: Path) -> None:
    code, out, err = compare("good")
    assert "run `dvc repro`: evaluate: changed outs: metrics/predictions.csv (modified)" in err, "it was edited"
    commit = git(repository, "rev-parse", "good")[:7]
    assert (code, out) == (
        0,
        f"base  good ({commit})  test error rate 1.67%, 95% interval 0.29% to 8.86% (1 of 60)\n"
        "head  workspace       test error rate 1.67%, 95% interval 0.29% to 8.86% (1 of 60)\n"
        "difference on the same 60 rows: +0.00 percentage points, 95% interval -4.47 to +4.47\n"
        "  only base right: 0 rows; only head right: 0 rows; exact McNemar p = 1.0000\n"
        "verdict: no significant difference at alpha 0.05\n",
    )


def test_a_significantly_worse_model_is_a_regression(compare: Compare) -> None:
    code, out, err = compare("good", "worse")
    assert code == 1
    assert "difference on the same 60 rows: +18.33 percentage points" in out
    assert "only base right: 11 rows; only head right: 0 rows; exact McNemar p = 0.0010" in out
    assert "significantly worse at alpha 0.05" in err
    assert err.startswith("compare: error: worse (")


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        (["worse", "good"], "significantly better at alpha 0.05"),
        (["good", "hardly-worse"], "no significant difference at alpha 0.05"),
        (["good", "other-errors"], "no significant difference at alpha 0.05"),
        (["good", "worse", "--alpha", "1e-17"], "no significant difference at alpha 1e-17"),
        (
            ["good", "worse", "--tolerance", "0.1"],
            "worse at alpha 0.05, but not significantly by more than the tolerance of 0.1",
        ),
    ],
)
def test_what_is_no_regression_is_accepted(compare: Compare, call: list[str], verdict: str) -> None:
    code, out, _ = compare(*call)
    assert (code, out.splitlines()[-1]) == (0, f"verdict: {verdict}")


def test_a_higher_alpha_makes_a_regression_of_less(compare: Compare) -> None:
    assert compare("good", "hardly-worse", "--alpha", "0.3")[0] == 1
    assert compare("good", "worse", "--tolerance", "0.05")[0] == 1


@pytest.mark.parametrize("option", ["--tolerance", "--alpha"])
@pytest.mark.parametrize("value", ["-0.1", "1", "nan", "inf", "5%", ""])
def test_a_tolerance_or_alpha_out_of_bounds_is_a_wrong_call(option: str, value: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(["compare", "good", option, value])
    assert end.value.code == 2


def test_a_gate_that_held_and_fails_now_is_a_regression(compare: Compare) -> None:
    code, out, err = compare("good", "failed")
    assert code == 1
    assert "a gate that held no longer does: train: blank, images.ink.each" in err
    assert "not paired: failed (" in out
    assert "only base right" not in out


def test_a_gate_that_is_lost_while_another_is_mended_is_a_regression(compare: Compare) -> None:
    code, _, err = compare("failed", "failed-otherwise")
    says = "a gate that held no longer does: train: duplicates (mended: train: images.ink.each)\n"
    assert (code, says in err) == (1, True)


def test_a_name_that_fails_twice_hides_no_gate_that_is_lost(compare: Compare, copy: Path) -> None:
    fail_gate("blank", count=2)(copy)
    git(copy, "commit", "--quiet", "--all", "--message", "twice")
    fail_gate("duplicates", count=1)(copy)
    code, _, err = compare("HEAD", folder=copy)
    assert (code, "no longer does: train: duplicates (mended: train: blank)\n" in err) == (1, True)


def test_params_after_a_bad_merge_are_named_in_a_warning(compare: Compare, copy: Path) -> None:
    (copy / "params.yaml").write_text("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n")
    code, _, err = compare("good", folder=copy)
    assert (code, err.count("\n")) == (0, 1)
    assert err.startswith("compare: warning: params.yaml: expected YAML, found")


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        (["good", "failed-without-names"], 1, "no longer does: train: 2 expectations fail, 0 before"),
        (["failed-without-names", "failed"], 2, "no test rows have passed the gate"),
    ],
)
def test_a_revision_without_the_names_of_its_failures_has_their_number(
    compare: Compare, call: list[str], code: int, says: str
) -> None:
    found, _, err = compare(*call)
    assert (found, says in err) == (code, True)


def test_a_gate_that_failed_before_too_leaves_nothing_to_pair(compare: Compare) -> None:
    code, _, err = compare("failed", "failed-again")
    assert code == 2
    assert "void: failed (" in err
    assert "no test rows have passed the gate" in err


def test_other_test_rows_void_the_pairing(compare: Compare) -> None:
    code, out, err = compare("good", "other-test")
    assert code == 2
    assert "void: the test data differ, so the rows cannot be paired" in err
    assert "rows of test" in out


def test_other_training_rows_or_another_writer_of_parquet_leave_the_pairing(compare: Compare) -> None:
    code, out, _ = compare("good", "other-train")
    assert code == 0
    assert "only base right: 1 rows" in out
    assert "changed data:\n  rows of train" in out
    code, out, _ = compare("good", "other-writer")
    assert code == 0
    assert "only base right: 1 rows" in out
    assert "changed data:\n  data/parquet" in out


def test_what_changed_is_listed(compare: Compare, copy: Path) -> None:
    path = copy / "dvc.lock"
    content = yaml.safe_load(path.read_text())
    for stage in ("method", "train", "card"):
        content["stages"][stage]["params"]["params.yaml"]["train"]["C"] = 0.5
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    for stage in ("method", "train", "evaluate", "card"):
        lock(stage, "deps", "pipeline/models", f"{'3' * 32}.dir")(copy)
    lock("method", "deps", "pipeline/methods", f"{'4' * 32}.dir")(copy)
    lock("card", "deps", "metrics", f"{'5' * 32}.dir")(copy)
    merge("metrics/validation.json", error_rate=0.25)(copy)
    merge("metrics/method.json", code={"pipeline/methods/own.py": "3" * 64})(copy)
    changes = json.loads(compare("good", "--format", "json", folder=copy)[1])
    assert changes["params"] == {"train.C": [None, 0.5]}
    assert changes["code"]["pipeline/models"][1] == f"{'3' * 32}.dir"
    assert changes["code"]["pipeline/methods/own.py"] == [None, "3" * 64]
    assert not {"pipeline/methods", "metrics"} & changes["code"].keys(), "another method's code, and no code"
    assert changes["metrics"]["validation.error_rate"][1] == 0.25
    assert changes["data"] == {}
    out = compare("good", folder=copy)[1]
    assert "\n  pipeline/models  " in out.partition("changed code:")[2]


def test_a_clone_without_data_cache_or_remote_is_enough(
    compare: Compare, repository: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    assert not (clone / "data/parquet").exists()
    there = compare("good", "origin/worse", "--format", "json", folder=clone)[1]
    here = compare("good", "worse", "--format", "json")[1]
    assert there.replace("origin/worse", "worse") == here


def test_names_that_are_markup_reach_markdown_as_text(compare: Compare) -> None:
    code, out, _ = compare("good", "a|b`<img/src=x>@name#1", "--format", "md")
    assert code == 1
    assert "<img" not in out
    assert "`" not in out
    assert "@name" not in out


def test_predictions_of_other_rows_void_the_pairing(compare: Compare, copy: Path) -> None:
    path = copy / "metrics/predictions.csv"
    lines = path.read_text().splitlines(keepends=True)
    actual = lines[4].split(",")[1]
    for other in (lines[:30], [*lines[:4], lines[4].replace(f",{actual},", f",{3 - int(actual)},"), *lines[5:]]):
        path.write_text("".join(other))
        code, _, err = compare("good", folder=copy)
        assert (code, "void: the predictions are not of the same rows; run `dvc repro`" in err) == (2, True)


def test_what_is_not_there_is_named_with_its_revision(compare: Compare, copy: Path) -> None:
    (copy / "metrics/test.json").unlink()
    git(copy, "commit", "--quiet", "--all", "--message", "incomplete")
    for call in (["HEAD", "HEAD~1"], ["HEAD~1", "HEAD"]):
        code, out, err = compare(*call, folder=copy)
        assert (code, out) == (3, "")
        assert "HEAD (" in err
        assert "metrics/test.json: not in this revision" in err
    assert compare("HEAD~1", "nope", folder=copy)[0] == 2


def test_the_rows_that_only_base_gets_right_are_drawn_then_those_that_only_head_does(
    compare: Compare, repository: Path, tmp_path: Path
) -> None:
    images, _ = arrow.to_arrays(parquet.read(repository / "data/parquet/test.parquet"))
    assert compare("good", "other-errors", "--picture", str(tmp_path / "rows.png"))[0] == 0
    with Image.open(tmp_path / "rows.png") as picture:
        assert (picture.format, picture.size[0]) == ("PNG", 12 * 68)
        for left, row in ((6, 5), (6 + 68, 0)):  # good is wrong in row 0, other-errors in row 5
            drawn = picture.crop((left, 28, left + 56, 84)).resize((28, 28), Image.Resampling.NEAREST)
            np.testing.assert_array_equal(255 - np.asarray(drawn), images[row])


def test_a_picture_needs_the_rows_that_were_compared(compare: Compare, copy: Path, tmp_path: Path) -> None:
    call, path = ("good", "worse", "--picture", str(tmp_path / "rows.png")), copy / "data/parquet/test.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows, path, compression="snappy", row_group_size=7)
    passed = json.loads((copy / "metrics/passed.json").read_text())
    same = parquet.fingerprints({"test": parquet.scan(path)})
    assert same["test"] == passed["test"], "another writer, the same rows"
    assert compare(*call, folder=copy)[0] == 1
    (tmp_path / "rows.png").unlink()
    for other in (
        rows.slice(1),
        rows.replace_schema_metadata({"shape": "none"}),
        rows.replace_schema_metadata({}),
    ):
        pq.write_table(other, path)
        code, out, err = compare(*call, folder=copy)
        assert code in {1, 3}
        assert "other test rows than compared; run `dvc checkout`" in err or "expected columns" in err
        assert "verdict: significantly worse" in out
    path.unlink()
    code, _, err = compare(*call, folder=copy)
    assert (code, "test.parquet: not found; run `dvc repro` or `dvc pull`" in err) == (3, True)
    assert not (tmp_path / "rows.png").exists()


def test_predictions_of_fewer_rows_than_there_are_make_no_picture(compare: Compare, copy: Path) -> None:
    path = copy / "metrics/predictions.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:31]))
    code, out, err = compare("workspace", "--picture", "rows.png", folder=copy)
    assert (code, "other test rows than compared" in err, "the same 30 rows" in out) == (3, True, True)


def test_a_prediction_of_no_known_class_is_drawn_as_its_number(compare: Compare, copy: Path) -> None:
    path = copy / "metrics/predictions.csv"
    path.write_text(path.read_text().replace("\n2,2,2\n", "\n2,2,-1\n").replace("\n3,0,0\n", "\n3,0,99\n"))
    code, out, _ = compare("good", "--picture", str(copy / "rows.png"), folder=copy)
    assert (code, "only base right: 2 rows" in out) == (0, True)
    assert (copy / "rows.png").is_file()
