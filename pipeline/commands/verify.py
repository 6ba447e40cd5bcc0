"""Command `verify`: reproduce a revision in a clean clone, or hold dvc.lock to the tree."""

import argparse
import contextlib
import os
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "revision", metavar="REV", nargs="?", help="a branch, tag, commit or DVC experiment; else HEAD"
    )
    parser.add_argument(
        "--lock", action="store_true", help="only hold each dvc.lock to the tree, in a second, without data"
    )


def _check_lock() -> None:
    from pipeline.errors import DataError
    from pipeline.verify import step

    if findings := step.findings(Path()):
        raise DataError(
            "\n  ".join(
                [
                    "not in step; run `dvc repro`, of leaderboard/dvc.yaml too where it is named, and commit:",
                    *findings,
                ]
            )
        )
    print("verify: every dvc.lock is in step with its dvc.yaml, code, params and metrics", file=sys.stderr)


def own_files() -> str | None:
    """The workspace's raw files, where each can be proven: of some datasets only the hash of the .gz is known."""
    from pipeline import datasets, params
    from pipeline.errors import PipelineError

    with contextlib.suppress(PipelineError):  # of the workspace, which need not be right
        files = datasets.asked(params.load(Path("params.yaml"))).all_files
        if Path("data/raw").is_dir() and all(file.sha256 for file in files):
            return "data/raw"
    return None


def run(args: argparse.Namespace) -> None:
    import tempfile

    from pipeline import revisions, verify
    from pipeline.errors import ConfigError, DataError, listed

    if args.lock:
        if args.revision:
            raise ConfigError(f"--lock is about the workspace; found the revision {args.revision}")
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
        source = str(Path(source).expanduser().absolute())  # the clone lies elsewhere
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        rows = verify.verify(revision, Path(folder) / "clone", source)
    for row in rows:
        print(f"{row.stage:<10} {row.record:<28} {row.verdict:<10} {row.detail}".rstrip())
    if any(row.verdict == verify.DIFFERENT for row in rows):
        raise DataError(f"{revision}: not reproduced, see the rows that are different")
    print(f"verify: {revision}: reproduced", file=sys.stderr)
