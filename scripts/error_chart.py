"""Print the test error by class, of a git revision and of the workspace, as a chart that GitHub draws in Markdown.

python scripts/error_chart.py REVISION
"""

import csv
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

RECALL = "metrics/recall.csv"
CHART = """
Test error by class in %: the target as bars, this commit as the line.

```mermaid
xychart-beta
    x-axis {classes}
    y-axis "error in %" 0 --> {top}
    bar {old}
    line {new}
```
"""


def errors(lines: Iterable[str]) -> dict[str, float]:
    """The error of each class in percent."""
    return {row["class"]: round(100 * (1 - float(row["recall"])), 3) for row in csv.DictReader(lines)}


def main(revision: str) -> int:
    """Print the chart; print nothing if the revision has no such metrics, or has other classes."""
    shown = subprocess.run(["git", "show", f"{revision}:{RECALL}"], capture_output=True, text=True, check=False)
    old, new = errors(shown.stdout.splitlines()), errors(Path(RECALL).read_text().splitlines())
    if list(old) == list(new):
        classes = json.dumps(list(new), ensure_ascii=False)
        top = max([*old.values(), *new.values(), 0.1])
        print(CHART.format(classes=classes, top=top, old=[*old.values()], new=[*new.values()]))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
