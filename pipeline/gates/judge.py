"""The judgement of both splits: gather the evidence, hold it to the expectations, build the report.

The stage `gate` and the command `check` share it.
"""

from collections.abc import Container, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.base.dataset import Dataset, Split
from pipeline.gates import docs_folder, memory
from pipeline.gates.evidence.gather import Evidence, gather
from pipeline.gates.meanings import usually
from pipeline.gates.verdicts import Verdict
from pipeline.rows.blocks import Rows

UNMEASURED = Verdict(
    "both", "structure.thresholds", "warning", "thresholds in the record", "none", [], False, usually("thresholds")
)


class Judgement(NamedTuple):
    """What the gates say of a dataset, and the evidence that they looked at."""

    verdicts: list[Verdict]
    evidence: dict[Split, Evidence]

    @property
    def failed(self) -> list[Verdict]:
        """The verdicts that make the gate fail."""
        return [verdict for verdict in self.verdicts if verdict.fails]


def judge(
    dataset: Dataset,
    tables: Mapping[Split, Rows],
    seed: int,
    docs: Path | None = None,
    proven: Container[str] = (),
) -> Judgement:
    """Hold the rows of both splits to the record; build the Data Docs in the folder `docs`.

    seed: deals the folds of the probe. proven: the names of the raw files whose bytes were proven in another way
    than by the SHA-256 in the record. Raises ConfigError if `docs` is a folder that another program made.
    """
    if docs:
        docs_folder.require_own(docs)  # now, because the evidence takes seconds
    memory.share_arena()
    evidence = gather(dataset, tables, seed)
    memory.give_back()

    # Great Expectations takes 90 MB. It is imported only now, after the features of the images are freed.
    from pipeline.gates import validation
    from pipeline.gates.docs import build

    context = validation.new_context()
    verdicts = validation.validate(context, dataset, evidence)
    verdicts += _unproven(dataset, proven)
    if dataset.expect is None:
        verdicts.append(UNMEASURED)
    if docs:
        build(context, docs, validation.pictures(dataset, evidence, verdicts))
    return Judgement(verdicts, evidence)


def _unproven(dataset: Dataset, proven: Container[str]) -> list[Verdict]:
    """A warning for each raw file whose bytes nothing has proven: the record has no SHA-256 of the plain file."""
    return [
        Verdict(
            split, "structure.proof", "warning", f"a SHA-256 of {file.name}", "none", [], False, usually("proof")
        )
        for split, record in dataset.splits.items()
        for file in record.files
        if not file.sha256 and file.name not in proven
    ]
