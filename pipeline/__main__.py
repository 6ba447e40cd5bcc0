"""`python -m pipeline COMMAND`: run a DVC stage or another command; an error becomes one line and an exit code.

Where the package is installed, its script `mnist-gates` is the same program.
A command imports its libraries only when it runs, so help and a wrong argument give an answer at once.
"""

import argparse
import atexit
import contextlib
import errno
import gc
import importlib
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.base import program
from pipeline.base.errors import ConfigError, PipelineError, UnavailableError
from pipeline.base.outputs import Outputs

STAGES = {
    "download": "download the raw IDX files and verify them",
    "inspect": "check the raw files against the dataset's record",
    "convert": "convert the raw files to Parquet",
    "gate": "check the Parquet files against the dataset's expectations",
    "method": "check the method that params.yaml names, and record what it is made of",
    "train": "measure the validation error, then fit the model on all of train",
    "evaluate": "score the model on the test split, once",
    "card": "write the model card beside the model",
    "score": "score one method for the leaderboard: validation, test, costs",
    "leaderboard": "write the table, page and picture of all scored methods",
    "generate": "write deformed copies of the rows of train, as many as you want",
}
COMMANDS = {
    "methods": "list the methods, or write what each is made of",
    "check": "check data of your own against a dataset's record and gates",
    "profile": "write the record of a new dataset from known good files",
    "audit": "rank all labels by how surely a model that was not fitted on them contradicts them",
    "suite": "write the suites of a dataset as JSON of Great Expectations",
    "compare": "compare two revisions: paired test, interval, what changed; exit 1 for a regression",
    "verify": "reproduce a revision in a clean clone and compare every hash with its dvc.lock",
    "export": "write the Parquet files back to the raw IDX files, byte for byte",
    "onnx": "write the model as an ONNX file and compare both on the test rows",
}
# The packages of an extra that the locks' run.txt does not have; every other package is of the extra `pipeline`.
EXTRAS = dict.fromkeys(["onnx", "onnxruntime", "skl2onnx"], "onnx") | dict.fromkeys(["skorch", "torch"], "torch")
SETUP = {
    "onnx": "pip install skl2onnx onnxruntime",
    "torch": "pip install skorch torch",
    "pipeline": "make .venv/run.txt` and `source .venv/bin/activate",
}
FAILURE = "PIPELINE_FAILURE"  # names a file that gets the exit code and the line of a failure
CLOSED = 128 + signal.SIGPIPE  # as of a program that ends when its reader is gone
FULL = "; make room, then run it again"
HINTS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
}
EPILOG = """exit codes: 0 done and good; 1 the data or the result failed a check;
2 the call or the configuration is wrong; 3 the environment failed (network, disk, missing file)"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    # Searches for garbage in cycles take a second of a check, and find little: fewer of them, and none at the end.
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    parser = argparse.ArgumentParser(
        prog=program.called(), epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (STAGES | COMMANDS).items():
        own = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        _module(name).add_arguments(own)
    args = parser.parse_args(argv)
    # A warning of scikit-learn is a paragraph. A user needs its first line only.
    warnings.formatwarning = lambda text, *_, **__: f"{args.command}: warning: {str(text).splitlines()[0]}\n"
    try:
        with Outputs() as out, _guarded(args.command):
            _module(args.command).run(args, out)
        sys.stdout.flush()  # now, because at the end of the program nobody would hear of an error
    except PipelineError as error:
        return _fail(args.command, str(error), error.exit_code)
    except ModuleNotFoundError as error:
        return _fail(args.command, _missing(str(error.name)), UnavailableError.exit_code)
    except SystemExit as error:
        reason = "expected that the code of the method returns, found that it ended the program"
        return _fail(args.command, f"{reason} ({error.code!r})", ConfigError.exit_code)
    except KeyboardInterrupt:
        return _fail(args.command, "interrupted", 130)
    except OSError as error:
        return _of_system(args.command, error)
    return 0


def _guarded(name: str) -> contextlib.AbstractContextManager[None]:
    """Under DVC, raise an error if code or params of the stage change during the run: DVC hashes them after it."""
    file, _, stage = os.environ.get("DVC_STAGE", "").rpartition(":")  # folder/dvc.yaml:stage@one of a matrix
    if stage.partition("@")[0] != name:
        return contextlib.nullcontext()
    from pipeline.history import inputs

    return inputs.unchanged(stage, Path(file or "dvc.yaml"))


def _module(name: str) -> Any:
    return importlib.import_module(f"pipeline.{'stages' if name in STAGES else 'commands'}.{name}")


def _missing(package: str) -> str:
    """What to do about a package that is not there."""
    extra = EXTRAS.get(package, "pipeline")
    setup = f"run `{SETUP[extra]}`" if program.in_checkout() else f"install `{program.NAME}[{extra}]`"
    return f"package {package} is missing; {setup}"


def _of_system(command: str, error: OSError) -> int:
    """The exit code for an error of the operating system, after a line that says it."""
    if isinstance(error, BrokenPipeError) and not error.filename:  # `| head` has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still to be written goes there
        return CLOSED
    where = f"{error.filename}: " if error.filename else ""
    reason = os.strerror(error.errno) if error.errno else str(error)  # the text of Arrow has several sentences
    hint = _to_make_it(command) if error.errno == errno.ENOENT else HINTS.get(error.errno or 0, "")
    return _fail(command, f"{where}{reason}{hint}", UnavailableError.exit_code)


def _to_make_it(command: str) -> str:
    """What to do about a file that is not there."""
    if command not in STAGES:
        return "; name one that is there"
    return "; run the stage that makes it" + (", or `dvc repro`" if Path("dvc.yaml").is_file() else "")


def _fail(command: str, message: str, code: int) -> int:
    own = message.replace("`python -m pipeline ", f"`{program.called()} ")
    print(f"{command}: error: {own}", file=sys.stderr)
    if place := os.environ.get(FAILURE):
        first, _, _ = own.partition("\n")
        Path(place).write_text(f"{code} {command}: error: {first}", errors="replace")
    return code


if __name__ == "__main__":
    sys.exit(main())
