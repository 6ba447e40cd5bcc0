"""Command `verify`: reproduce a revision in a clean clone, or compare each dvc.lock with the workspace."""

import argparse
import contextlib
import os
import sys
from pathlib import Path

from pipeline.base.outputs import Outputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "revision", metavar="REV", nargs="?", help="a branch, tag, commit or DVC experiment; the default is HEAD"
    )
    parser.add_argument(
        "--lock",
        action="store_true",
        help="only compare each dvc.lock with the workspace, without data",
    )


def _check_lock() -> None:
    from pipeline.base.errors import DataError
    from pipeline.history.verify import step

    judged = step.findings(Path())
    for note in judged.apart:
        print(f"verify: warning: {note}", file=sys.stderr)
    if judged.findings:
        raise DataError(
            "\n  ".join(
                [
                    "not in step; run `dvc repro`, also of another dvc.yaml if it is named here, and commit:",
                    *judged.findings,
                ]
            )
        )
    print("verify: every dvc.lock is in step with its dvc.yaml, code, params and metrics", file=sys.stderr)


def own_files() -> str | None:
    """The folder of the workspace's raw files; None unless each can be verified.

    Of some datasets only the hashes of the .gz files are known.
    """
    from pipeline.base import params, records
    from pipeline.base.errors import PipelineError

    with contextlib.suppress(PipelineError):  # params.yaml of the workspace may be wrong
        config = params.load(Path("params.yaml"))
        files = records.load(config.dataset, config.provenance).all_files
        if Path("data/raw").is_dir() and all(file.sha256 for file in files):
            return "data/raw"
    return None


def run(args: argparse.Namespace, out: Outputs) -> None:
    import tempfile

    from pipeline.base.errors import ConfigError, DataError, listed
    from pipeline.history import revisions
    from pipeline.history.verify import verification

    if args.lock:
        if args.revision:
            raise ConfigError(f"--lock: expected no revision, found {args.revision}")
        _check_lock()
        return
    revision = revisions.find(args.revision or "HEAD")
    if not revision.commit:
        raise ConfigError("expected a commit, found the workspace; commit it first")
    if not args.revision and (changed := revisions.git("diff", "--name-only", "HEAD").decode().split()):
        print(
            f"verify: warning: uncommitted changes are no part of {revision}: {listed(changed)}", file=sys.stderr
        )
    source = os.environ.get("PIPELINE_SOURCE") or own_files()
    if source and "://" not in source:
        source = str(Path(source).expanduser().absolute())  # the clone is in another folder
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        rows = verification.verify(revision, Path(folder) / "clone", source)
    for row in rows:
        print(f"{row.stage:<10} {row.record:<28} {row.verdict:<10} {row.detail}".rstrip())
    if any(row.verdict == verification.DIFFERENT for row in rows):
        raise DataError(f"{revision}: not reproduced; see the rows that are different")
    print(f"verify: {revision}: reproduced", file=sys.stderr)
