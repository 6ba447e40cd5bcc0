"""Compare a reproduced dvc.lock with the committed one: what must be the same bytes, and what may differ.

    python scripts/compare_locks.py COMMITTED REPRODUCED

A model of another processor type may have other bytes; it is equivalent where all that was computed with it
(metrics, predictions, pictures) is the same. Everything else must be identical.
"""

import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

MODEL = "data/model/model.skops"


def recorded(lock: dict[str, Any]) -> dict[str, str]:
    """What a lock says of each stage: command, params, and the hash of each dependency and output."""
    found = {}
    for name, stage in lock["stages"].items():
        found[f"{name}: cmd"] = stage["cmd"]
        found[f"{name}: params"] = str(stage.get("params"))
        for kind in ("deps", "outs"):
            found |= {f"{name}: {kind}: {item['path']}": item["md5"] for item in stage.get(kind, [])}
    return found


def main(committed: str, reproduced: str) -> int:
    """Print what differs; return 1 where more than the model's bytes does."""
    old, new = (recorded(YAML(typ="safe").load(Path(name))) for name in (committed, reproduced))
    changed = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    model = [key for key in changed if key.endswith(MODEL)]
    other = [key for key in changed if key not in model]
    for key in other:
        print(f"different: {key}: {old.get(key)} committed, {new.get(key)} reproduced")
    if not other:
        print(f"{len(old) - len(model)} of {len(old)} records of dvc.lock identical")
        if model:
            print(
                "equivalent: the model has other bytes on this machine; its predictions and metrics are the same"
            )
    return bool(other)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
