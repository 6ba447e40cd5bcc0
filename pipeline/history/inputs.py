"""Whether the code and params that a DVC stage depends on stay the same while the stage runs.

DVC hashes dependencies after the stage has run. If you edit code or params during the run, DVC would record the
edited ones, though the outputs come from the old ones (treeverse/dvc#11058).
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.base.errors import ConfigError, PipelineError, UnavailableError, listed
from pipeline.base.outputs import sha256
from pipeline.base.structs import read_yaml

INTERPOLATION = re.compile(r"\$\{([\w.]+)\}")


@contextlib.contextmanager
def unchanged(stage: str, file: Path = Path("dvc.yaml")) -> Iterator[None]:
    """Raise UnavailableError if a file or parameter that the stage depends on changes inside the `with` block.

    stage: the name that DVC uses; for a stage of a matrix with the value of its one item, such as score@linear.
    file: the dvc.yaml that has the stage. Of a room, every Python file at any depth counts. Other folders are not
    hashed here: they hold outputs of other stages, and DVC records the hashes of those outputs too.
    """
    before = _state(stage, file)
    yield
    try:
        after = _state(stage, file)
    except (PipelineError, AttributeError, TypeError):
        after = {}  # somebody is writing params.yaml or dvc.yaml
    changed = [name for name in sorted(before | after) if before.get(name) != after.get(name)]
    if changed:
        raise UnavailableError(f"{listed(changed)} changed during the run, so nothing is replaced; run it again")


def _state(stage: str, file: Path) -> dict[str, Any]:
    """The hash of each file, and the value of each parameter, that a stage depends on."""
    name, _, item = stage.partition("@")
    declared = _value(read_yaml(file), f"stages.{name}") or {}
    given = read_yaml(Path("params.yaml"))
    if not isinstance(given, dict):
        raise ConfigError(f"params.yaml: expected parameters by name, found {given!r}")
    values = given | {"item": dict.fromkeys(declared.get("matrix", {}), item)}
    deps = [
        Path(INTERPOLATION.sub(lambda key: str(_value(values, key[1])), dep)) for dep in declared.get("deps", [])
    ]
    code = [path for dep in deps if dep.parts[0] == "pipeline" for path in sorted(dep.rglob("*.py"))]
    state: dict[str, Any] = {str(path): sha256(path) if path.is_file() else None for path in deps + code}
    for entry in declared.get("params", []):
        for params, keys in (entry if isinstance(entry, dict) else {"params.yaml": [entry]}).items():
            content = read_yaml(Path(params))
            state |= {f"{params}: {key}": _value(content, key) for key in keys}
    return state


def _value(content: Any, key: str) -> Any:
    """The value of a dotted name; None if there is none."""
    for part in key.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content
