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
def unchanged(stage: str, file: Path = Path("dvc.yaml")) -> Iterator[None]:
    """Raise UnavailableError where a file or parameter on which a stage of `file` depends changes inside.

    stage: as DVC calls it; of a matrix with the value of its one item, as in score@linear. Folders of data are
    left to DVC: each is another stage's output, whose hash is recorded too.
    """
    before = _state(stage, file)
    yield
    try:
        after = _state(stage, file)
    except PipelineError:
        after = {}  # params.yaml is being written
    changed = [name for name in sorted(before) if before[name] != after.get(name)]
    if changed:
        raise UnavailableError(f"{listed(changed)} changed meanwhile, so nothing is replaced; run it again")


def _state(stage: str, file: Path) -> dict[str, Any]:
    """The hash of each file, and the value of each parameter, that a stage depends on."""
    name, _, item = stage.partition("@")
    declared = _value(read_yaml(file), f"stages.{name}") or {}
    values = read_yaml(Path("params.yaml")) | {"item": dict.fromkeys(declared.get("matrix", {}), item)}
    deps = [
        Path(INTERPOLATION.sub(lambda key: str(_value(values, key[1])), dep)) for dep in declared.get("deps", [])
    ]
    code = [path for dep in deps if dep.parts[0] == "pipeline" for path in sorted(dep.glob("*.py"))]
    state: dict[str, Any] = {str(path): sha256(path) if path.is_file() else None for path in deps + code}
    for entry in declared.get("params", []):
        for params, keys in (entry if isinstance(entry, dict) else {"params.yaml": [entry]}).items():
            content = read_yaml(Path(params))
            state |= {f"{params}: {key}": _value(content, key) for key in keys}
    return state


def _value(content: Any, key: str) -> Any:
    """The value of a dotted name; None where there is none."""
    for part in key.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content
