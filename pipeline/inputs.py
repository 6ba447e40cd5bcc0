"""What a DVC stage depends on, and whether it stayed the same while the stage ran.

DVC hashes dependencies after a stage has run: code or params that are edited meanwhile would be recorded as those
that made the outputs (treeverse/dvc#11058).
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError, UnavailableError, listed
from pipeline.files import read_yaml, sha256

INTERPOLATION = re.compile(r"\$\{([\w.]+)\}")


@contextlib.contextmanager
def unchanged(stage: str) -> Iterator[None]:
    """Raise UnavailableError where a file or parameter on which `stage` depends, by dvc.yaml, changes inside.

    Folders are left to DVC: each is another stage's output, whose hash is recorded too.
    """
    before = _state(stage)
    yield
    try:
        after = _state(stage)
    except PipelineError:
        after = {}  # params.yaml is being written
    changed = [name for name in sorted(before) if before[name] != after.get(name)]
    if changed:
        raise UnavailableError(f"{listed(changed)} changed meanwhile, so nothing is replaced; run it again")


def _state(stage: str) -> dict[str, Any]:
    """The hash of each file, and the value of each parameter, that a stage depends on."""
    params = read_yaml(Path("params.yaml"))
    declared = _value(read_yaml(Path("dvc.yaml")), f"stages.{stage}") or {}
    deps = [
        Path(INTERPOLATION.sub(lambda name: str(_value(params, name[1])), dep)) for dep in declared.get("deps", [])
    ]
    hashes = {str(path): sha256(path) if path.is_file() else None for path in deps}
    return hashes | {f"params.yaml: {key}": _value(params, key) for key in declared.get("params", [])}


def _value(content: Any, key: str) -> Any:
    """The value of a dotted name; None where there is none."""
    for part in key.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content
