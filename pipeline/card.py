"""The model's card: what it is made of, on which data, how well it does, and what it is for."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline import metrics
from pipeline.datasets import Dataset
from pipeline.markdown import table
from pipeline.params import Train
from pipeline.registry import Record

CARD = """---
library_name: scikit-learn
tags: [image-classification, skops]
datasets: [{dataset.name}]
license: other
---

# {train.method} on {dataset.title}

{description}

## Results

| split | error rate, with its 95% interval |
|---|---|
| validation, held out of train | {validation} |
| test, scored once | {test} |{halves}

By class, on test:

| class | recall | 95% interval | n |
|---|--:|--:|--:|
{recalls}

## Data

{dataset.title}. {dataset.citation}. {dataset.licence}.{origin}

The model is fitted on all of train; the validation error is that of a fit without the rows held out:
{held}, stratified by label, seed {train.validation.seed}.

| file or rows | SHA-256 |
|---|---|
{hashes}

## Parameters

| argument | value |
|---|---|
{arguments}

Every argument that is not named has the method's own value, in the source below.

| made of | version or SHA-256 |
|---|---|
{parts}

## Use

To tell which of {classes} classes a centred, grey {height} x {width} image shows, as in the data above; to learn,
and to compare methods, data and pipelines. The model takes uint8[n, {pixels}], row-major, 0 for the background,
and gives labels {first} to {last}:

```python
from pathlib import Path
{imported}from pipeline import model

classifier = model.load(Path("data/model/model.skops"), {pixels}, {labels}{package})
labels = classifier.predict(images.reshape(len(images), -1))
```

The file holds no pickle; what is neither scikit-learn's, NumPy's nor {trusted} is refused.

## Limits

The error rates hold for images that came about, were scaled and were centred as these were. Other sources, margins
or alphabets, several objects at once and what is of no class at all were not measured, and every image gets one
of the {classes} labels, whatever it shows. No decision about people, money or addresses should rest on it alone.
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

    record: what the method is made of. package: one whose classes the model may hold. passed: SHA-256 of the rows
    that passed the gate, by split. test: with the errors of each half, where they are known. recalls: the rows
    of metrics/recall.csv.
    """
    height, width = dataset.shape
    parts = {f"`{path}`": f"`{digest}`" for path, digest in record.code.items()} | record.packages
    arguments = {f"`{key}`": f"`{value}`" for key, value in record.arguments.items()} or {"none": ""}
    origin = dataset.provenance
    by_writer = f"{validation['n']:,}, all that their writers wrote"
    halves = sorted((name, part) for name, part in test.items() if isinstance(part, dict))
    return CARD.format(
        origin=f" Who wrote the images: {origin.citation}. {origin.licence}." if origin else "",
        dataset=dataset, train=train, description=description, height=height, width=width,
        classes=len(dataset.class_names), labels=dataset.labels, first=dataset.labels[0], last=dataset.labels[-1],
        pixels=height * width,
        validation=metrics.in_words(validation), test=metrics.in_words(test),
        held=by_writer if train.validation.by else f"{train.validation.rows:,}",
        halves="".join(f"\n| test, {name} | {metrics.in_words(part)} |" for name, part in halves),
        recalls=table((r["class"], r["recall"], f"{r['low']} to {r['high']}", r["n"]) for r in recalls),
        hashes=_hashes(dataset, passed), parts=table(parts.items()), arguments=table(arguments.items()),
        **_code(train.method, package),
    )  # fmt: skip


def _hashes(dataset: Dataset, passed: Mapping[str, str]) -> str:
    rows = [(f"`{name}`", f"`{digest}`") for name, digest in (file.proof for file in dataset.all_files)]
    rows += [(f"rows of {split} that passed the gate", f"`{passed[split]}`") for split in sorted(passed)]
    return table(rows)


def _code(method: str, package: str | None) -> dict[str, str]:
    """What it takes to load a model that may hold classes of a package."""
    if package in {None, "sklearn"}:
        return {"imported": "", "package": "", "trusted": "this project's"}
    module = method.partition(":")[0]
    return {
        "imported": f"import {module}  # the model's class: no file decides on an import\n",
        "package": f', "{package}"',
        "trusted": f"this project's nor a class of what is imported of `{package}`",
    }
