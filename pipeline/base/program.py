"""How this program was started: what the user typed, and the project that it runs from."""

import sys
from pathlib import Path

import pipeline

NAME = "mnist-gates"  # of the distribution and of its script
PROJECT = Path(pipeline.__file__).resolve().parent.parent


def called() -> str:
    """The program as the user typed it."""
    return NAME if Path(sys.argv[0]).stem == NAME else "python -m pipeline"


def in_checkout() -> bool:
    """Whether the package runs from a checkout of the project, and not from where a wheel was installed."""
    return (PROJECT / "dvc.yaml").is_file()


def own_params() -> Path | None:
    """The project's params.yaml, if the current folder is the project that this package runs from."""
    return Path("params.yaml") if in_checkout() and Path.cwd() == PROJECT else None
