"""The judgement of both splits, or of one: gather the evidence, hold it to the expectations, build the report.

The stage `gate` and the command `check` share it.
"""

from collections.abc import Container, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.base.dataset import Dataset, Split
from pipeline.gates import docs_folder, memory, unused
from pipeline.gates.any_count import fitted
from pipeline.gates.evidence.gather import Evidence, gather
from pipeline.gates.meanings import usually
from pipeline.gates.verdicts import Verdict
from pipeline.rows import arrow
from pipeline.rows.blocks import Rows

ALONE = Verdict(
    "both", "structure.split", "warning", "train and test", "one split alone", [], False, usually("split")
)
UNMEASURED = Verdict(
    "both", "structure.thresholds", "warning", "thresholds in the record", "none", [], False, usually("thresholds")
)


class Judgement(NamedTuple):
    """What the gates say of a dataset, and the evidence that they looked at.

    pictures: by split and expectation a PNG of the rows that break it; empty if nobody asked for pictures.
    """

    verdicts: list[Verdict]
    evidence: dict[Split, Evidence]
    pictures: dict[tuple[str, str], bytes]

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
    pictures: bool = False,
) -> Judgement:
    """Hold the rows of both splits, or of one, to the record; build the report in the folder `docs`.

    Of one split alone, what compares test with train is not checked, and a warning says so. seed: deals the folds
    of the probe. proven: the names of the raw files whose bytes were proven in another way than by the SHA-256 in
    the record. pictures: whether to make them, also without `docs`. Raises ConfigError if `docs` is a folder that
    another program made.
    """
    if docs:
        docs_folder.require_own(docs)  # now, because the evidence takes seconds
    dataset = fitted(
        dataset, {s: len(tables[s]) if s in tables else own.rows for s, own in dataset.splits.items()}
    )
    memory.share_arena()
    none = Rows.of(arrow.schema(dataset).empty_table())
    gathered = gather(dataset, {split: tables.get(split, none) for split in dataset.splits}, seed)
    evidence = {split: gathered[split] for split in tables}
    memory.give_back()

    # Great Expectations takes 90 MB. It is imported only now, after the features of the images are freed.
    unused.leave_out()
    from pipeline.gates import validation
    from pipeline.gates.docs import build

    found = validation.validate(dataset, evidence)
    verdicts = [verdict for results in found for verdict in results.verdicts]
    verdicts += _unproven(dataset, tables, proven)
    if len(tables) < len(dataset.splits):
        verdicts.append(ALONE)
    if dataset.expect is None:
        verdicts.append(UNMEASURED)
    sheets = validation.pictures(dataset, evidence, verdicts) if docs or pictures else {}
    if docs:
        build(docs, found, sheets)
    return Judgement(verdicts, evidence, sheets)


def _unproven(dataset: Dataset, splits: Container[Split], proven: Container[str]) -> list[Verdict]:
    """A warning for each raw file whose bytes nothing has proven: the record has no SHA-256 of the plain file."""
    return [
        Verdict(
            split, "structure.proof", "warning", f"a SHA-256 of {file.name}", "none", [], False, usually("proof")
        )
        for split, record in dataset.splits.items()
        for file in record.files
        if split in splits and not file.sha256 and file.name not in proven
    ]
