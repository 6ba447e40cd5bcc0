"""The card of the model: what the model is made of, on which data, how well it does, and what it is for."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.base.dataset import Dataset
from pipeline.base.params import Train
from pipeline.describe.markdown import escaped, table
from pipeline.models import metrics
from pipeline.models.made_of import Record

CARD = """---
library_name: scikit-learn
tags: [image-classification, skops]
datasets: [{name}]
license: other
---

# `{method}` on {title}

{description}

## Results

| split | error rate, with its 95% interval |
|---|---|
{scores}

By class, on test:

| class | recall | 95% interval | n |
|---|--:|--:|--:|
{recalls}

## Data

{title}. {citation}. {licence}.{origin}

The model is fitted on all of train. The validation error is the error of another fit, without the rows that are
held out: {held}, stratified by label, seed {seed}.

| file or rows | SHA-256 |
|---|---|
{hashes}

## Parameters

| argument | value |
|---|---|
{arguments}

Every other argument has the method's own value, which is in the source below.

| made of | version or SHA-256 |
|---|---|
{parts}

## Use

The model tells which of {classes} classes an image shows. An image is {shape}, 0 is the background, and what it
shows is centred, as in the data above. Use the model to learn, and to compare methods, data and pipelines. It
takes images in the form of the test split, and gives labels {first} to {last}:

```python
from pathlib import Path
{imported}
from pipeline.models import predict, store
from pipeline.rows import arrow, parquet

model = store.load(Path("data/model/model.skops"), {arguments_of_load})
images, _ = arrow.to_arrays(parquet.read(Path("data/parquet/test.parquet")))
labels = predict.labels(model, images)
```

The file holds no pickle. It may hold classes of scikit-learn, NumPy and {trusted}. A file with any other class is
refused.

## Limits

The error rates hold for images that were made, scaled and centred as these were. Nobody has measured images from
other sources, with other margins, of other alphabets, of several objects at once, or of no class at all. Every
image gets one of the {classes} labels, whatever it shows. Do not base a decision about people, money or addresses
on this model alone.
"""


def write(
    dataset: Dataset,
    train: Train,
    description: str,
    record: Record,
    package: str | None,
    passed: Mapping[str, str],
    validation: dict[str, float],
    test: dict[str, Any],
    recalls: Sequence[Mapping[str, str]],
) -> str:
    """The card, as Markdown.

    record: what the method is made of; package: the package in the name of the method, None for a method of this
    project; passed: SHA-256 of the rows that passed the gate, by split; test: the scores, with the scores of each
    series of forms if the writers are known; recalls: the rows of metrics/recall.csv.
    """
    origin = dataset.provenance
    parts = [(f"`{path}`", f"`{digest}`") for path, digest in record.code.items()]
    arguments = [(f"`{key}`", f"`{value}`") for key, value in record.arguments.items()]
    by_writer = f"{validation['n']:,}, all that their writers wrote"
    return CARD.format(
        name=dataset.name, method=train.method, title=escaped(dataset.title), description=escaped(description),
        scores=_scores(validation, test),
        recalls=table((r["class"], r["recall"], f"{r['low']} to {r['high']}", r["n"]) for r in recalls),
        citation=escaped(dataset.citation), licence=escaped(dataset.licence),
        origin=f" Who wrote the images: {escaped(origin.citation)}. {escaped(origin.licence)}." if origin else "",
        held=by_writer if train.validation.by else f"{train.validation.rows:,}", seed=train.validation.seed,
        hashes=_hashes(dataset, passed),
        arguments=table(arguments or [("none", "")]), parts=table([*parts, *record.packages.items()]),
        classes=len(dataset.class_names), shape=_shape(dataset),
        first=dataset.labels[0], last=dataset.labels[-1], **_code(dataset, train.method, package),
    )  # fmt: skip


def _scores(validation: dict[str, float], test: dict[str, Any]) -> str:
    halves = sorted((name, part) for name, part in test.items() if isinstance(part, dict))
    rows = [("validation, held out of train", validation), ("test, scored once", test)]
    rows += [(f"test, {name}", part) for name, part in halves]
    return table((name, metrics.in_words(scores)) for name, scores in rows)


def _hashes(dataset: Dataset, passed: Mapping[str, str]) -> str:
    rows = [(f"`{name}`", f"`{digest}`") for name, digest in (file.proof for file in dataset.all_files)]
    rows += [(f"rows of {split} that passed the gate", f"`{passed[split]}`") for split in sorted(passed)]
    return table(rows)


def _shape(dataset: Dataset) -> str:
    """The form of an image in words."""
    rows, columns, *channels = dataset.shape
    kind = f"with {channels[0]} channels" if channels else "in grey"
    return f"uint8 of {rows} x {columns} pixels {kind}"


def _code(dataset: Dataset, method: str, package: str | None) -> dict[str, str]:
    """The parts of the code that loads the model. A model that holds classes of a package needs the package."""
    arguments = f"{dataset.shape}, {dataset.labels}"
    if package is None:
        return {"imported": "", "arguments_of_load": arguments, "trusted": "this project"}
    module = method.partition(":")[0]
    return {
        "imported": f"\nimport {module}  # the class of the model; a file must not decide what is imported\n",
        "arguments_of_load": f'{arguments}, "{package}"',
        "trusted": f"this project, and the imported classes of `{package}`",
    }
