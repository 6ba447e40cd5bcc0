"""The command line: exit codes, one line for each error, and no heavy import for help."""

import fcntl
import os
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from conftest import ROOT, Run

OF_THE_EXTRA = {"dvc", "fsspec", "pypi_simple", "sklearn", "skops"}  # of the extra `pipeline`
HEAVY = {"numpy", "pandas", "pyarrow", "sklearn", "great_expectations", "fsspec", "aiohttp", "dvc", "skops"}


@pytest.mark.parametrize("call", [["--help"], ["train", "--help"], ["frobnicate"], ["inspect", "--nonsense"]])
def test_help_and_wrong_arguments_import_nothing_heavy(call: list[str]) -> None:
    code = (
        "import sys; from pipeline.__main__ import main\n"
        f"try: main({call!r})\nexcept SystemExit as end: print(end.code)\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    expected = "0" if "--help" in call else "2"
    assert done.stdout.splitlines()[-2:] == [expected, "[]"]


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (
            "dataset: tiny\ngate: {}\ntrain: {method: x, validation: {rows: 1, seed: 0}}\ngama: 3\n",
            2,
            "params.yaml: Object contains unknown field `gama`",
        ),
        ("dataset: tiny\n", 2, "params.yaml: Object missing required field `gate`"),
        ("dataset: [\n", 2, "params.yaml: expected YAML"),
        (
            "dataset: mnits\ngate: {}\ntrain: {method: x, validation: {rows: 1, seed: 0}}\n",
            2,
            "mnist, tiny, found 'mnits'",
        ),
        (None, 3, "params.yaml: not found; run from the folder that has it"),
    ],
)
def test_a_wrong_params_file_is_one_line_and_its_exit_code(
    project: Path, here: Run, params: str | None, code: int, message: str
) -> None:
    path = project / "params.yaml"
    if params is None:
        path.unlink()
    else:
        path.write_text(params)
    done = here("inspect")
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("inspect: error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ("{method: nope, validation: {rows: 60, seed: 0}}", "linear, logistic_regression, "),
        (
            "{method: gradient_svm, validation: {rows: 60, seed: 0}, gama: 3}",
            "method gradient_svm takes C, gamma, components; found gama",
        ),
        ("{method: gradient_svm, validation: {rows: 0, seed: 0}}", "Expected `int` >= 1"),
    ],
)
def test_a_wrong_method_or_argument_is_found_before_any_data_is_read(
    project: Path, here: Run, train: str, message: str
) -> None:
    (project / "params.yaml").write_text(f"dataset: tiny\ngate: {{}}\ntrain: {train}\n")
    done = here("train")
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_package_is_named(project: Path, run: Run) -> None:
    done = run(sys.executable, "-S", "-m", "pipeline", "inspect")
    assert done.returncode == 3
    assert "is missing; run `make" in done.stderr


def test_outside_a_checkout_a_missing_package_names_the_extra(project: Path, run: Run) -> None:
    (project / "dvc.yaml").unlink()
    done = run(sys.executable, "-S", "-m", "pipeline", "inspect")
    assert done.returncode == 3
    assert re.fullmatch(r"inspect: error: package \w+ is missing; install `mnist-gates\[pipeline]`\n", done.stderr)


@pytest.mark.parametrize(
    ("first", "usage"), [("bin/mnist-gates", "usage: mnist-gates "), ("-c", "usage: python -m pipeline ")]
)
def test_help_and_errors_name_the_program_as_it_was_called(
    project: Path,
    here: Run,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    first: str,
    usage: str,
) -> None:
    monkeypatch.setattr(sys, "argv", [first])
    with pytest.raises(SystemExit):
        here("--help")
    assert capfd.readouterr().out.startswith(usage)
    shutil.copytree(project.parent / "mirror", project / "data/raw")
    shutil.copy(project / "data/raw/t10k-labels-idx1-ubyte", project / "data/raw/train-labels-idx1-ubyte")
    done = here("convert")
    assert done.returncode == 1
    assert done.stderr.endswith(f"; run `{usage.removeprefix('usage: ')}inspect`\n"), done.stderr


def test_the_check_of_data_imports_neither_dvc_nor_scikit_learn(project: Path, run: Run) -> None:
    code = (
        "import sys; from pipeline.__main__ import main\n"
        "assert main(['check', '../mirror', '--docs', 'report']) == 0\n"
        "assert main(['profile', '../mirror', '--output', 'mine.yaml']) == 0\n"
        f"print(sorted({OF_THE_EXTRA!r} & {{name.split('.')[0] for name in sys.modules}}))"
    )
    done = run(sys.executable, "-c", code)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_a_missing_input_is_the_environment(project: Path, here: Run) -> None:
    done = here("convert")
    assert done.returncode == 3
    assert done.stderr.startswith("convert: error: data/raw/train-images-idx3-ubyte: No such file or directory")
    assert done.stderr.endswith("; run the stage that makes it, or `dvc repro`\n")
    (project / "dvc.yaml").unlink()
    assert here("convert").stderr.endswith("; run the stage that makes it\n")


def test_a_missing_file_of_a_command_is_no_matter_of_stages(here: Run) -> None:
    done = here("check", "data", "--dataset", "mine.yaml")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    done = here("profile", "data", "--output", "data")
    assert "stage" not in done.stderr
    assert "dvc" not in done.stderr


def test_progress_is_shown_to_a_terminal_and_to_nothing_else(project: Path, run: Run) -> None:
    command = [sys.executable, "-m", "pipeline", "download"]
    assert run(*command).stderr == ""
    shutil.rmtree(project / "data/raw")
    reading, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    with subprocess.Popen(
        [*command, "--source", str(project.parent / "mirror")], cwd=project, stderr=terminal
    ) as process:
        assert process.wait() == 0
    assert b"download: 100%" in os.read(reading, 1 << 16)
    os.close(reading)
    os.close(terminal)


@pytest.mark.parametrize("reader", ["head -1", "true"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_enough_is_no_error(run: Run, reader: str, unbuffered: str) -> None:
    command = f"{sys.executable} -m pipeline methods | {reader}; echo ${{PIPESTATUS[0]}}"
    done = run("bash", "-c", command, PYTHONUNBUFFERED=unbuffered)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] in {"0", "141"}  # 141: as of any program that writes to a closed pipe


def test_at_its_end_a_command_leaves_nothing_for_a_search_for_garbage() -> None:
    code = (
        "import atexit, gc\n"
        "atexit.register(lambda: print(len(gc.get_objects()) < 100))\n"  # called last
        "from pipeline.__main__ import main\n"
        "main(['methods'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"
