"""The card of the folder of Parquet files, for people and for the Hugging Face Hub."""

import io
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

from pipeline.base.dataset import Dataset, Split
from pipeline.describe.contents import MEANINGS, Contents
from pipeline.describe.markdown import table

CARD = """---
{head}---

# {title}

`{name}` as Parquet, one file a split: the rows of the published files in their order, converted without loss. The
same for programs stands in `croissant.json`.

| file | rows | bytes | SHA-256 |
|---|--:|--:|---|
{files}

## Fields

| field | type | meaning |
|---|---|---|
{fields}

An image is no PNG and no JPEG but its {size}: no decoder is needed, and
`shape` in the file's metadata says the same.

```python
import numpy as np
from datasets import load_dataset

rows = load_dataset("path/to/this/folder", split="train")
images = np.frombuffer(b"".join(rows["image"]), np.uint8).reshape(-1, {shape})
```

## Classes

| label | name | rows of train | rows of test |
|--:|---|--:|--:|
{classes}
{unused}
## Licence

{licence}

## Citation

{citation}

## How it was made

From these raw files, by a pipeline that takes no others and compares every value after writing.{turned}

| raw file | SHA-256 |
|---|---|
{raw}

{sources}"""
UNUSED = """
Labels are as published, from {first} on. Hugging Face counts classes from 0, so the head of this card has names
for those below {first}, too; no row has such a label.
"""
TURNED = " The published images\nhave rows and columns exchanged; here they are upright."


def write(dataset: Dataset, schema: pa.Schema, contents: Mapping[Split, Contents]) -> str:
    """The card, as Markdown, of a folder with one Parquet file for each split, `SPLIT.parquet`, of one schema."""
    height, width, *channels = dataset.shape
    depth = f" with {channels[0]} channels" if channels else ""
    classes = zip(dataset.labels, dataset.class_names, strict=True)
    origin = dataset.provenance
    sources = [*dataset.mirrors, *([dataset.archive.url] if dataset.archive else [])]
    sources += origin.mirrors if origin else []
    return CARD.format(
        head=_head(dataset, schema, contents), title=dataset.title, name=dataset.name,
        files=table((f"`{split}.parquet`", f"{c.rows:,}", f"{c.bytes:,}", f"`{c.sha256}`")
                    for split, c in contents.items()),
        fields=table((f"`{field.name}`", f"`{field.type}`", MEANINGS[field.name]) for field in schema),
        size=f"{dataset.image_bytes} bytes, {height} rows of {width} pixels{depth}",
        shape=", ".join(map(str, dataset.shape)),
        classes=table((label, name, *(f"{c.counts.get(label, 0):,}" for c in contents.values()))
                      for label, name in classes),
        unused=UNUSED.format(first=dataset.first_label) if dataset.first_label else "",
        licence=dataset.licence + (f"\n\nOf who wrote the images: {origin.licence}" if origin else ""),
        citation=dataset.citation + (f"\n\nFor who wrote the images: {origin.citation}" if origin else ""),
        turned=TURNED if dataset.transposed else "",
        raw=table((f"`{name}`", f"`{digest}`") for name, digest in (file.proof for file in dataset.all_files)),
        sources="".join(f"- `{source}`\n" for source in sources),
    )  # fmt: skip


def _head(dataset: Dataset, schema: pa.Schema, contents: Mapping[Split, Contents]) -> str:
    """The YAML at the head of the card: the keys of the Hub whose values are known here."""
    # The package `datasets` counts the bytes in its cache, where a label is an int64 and an image has an offset.
    cached = {"label": 8, "image": dataset.image_bytes + 4}
    width = sum(cached.get(field.name, field.type.byte_width) for field in schema)
    splits = [
        {"name": split, "num_bytes": found.rows * width, "num_examples": found.rows}
        for split, found in contents.items()
    ]
    licence = (dataset.licence_id or "unknown").lower()
    content = {
        "pretty_name": Quoted(dataset.title),
        "license": [licence, "other"] if dataset.provenance else licence,
        "task_categories": ["image-classification"],
        "size_categories": [_size(sum(found.rows for found in contents.values()))],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"{split}.parquet"} for split in contents],
            }
        ],
        "dataset_info": {"features": [_feature(field, dataset) for field in schema], "splits": splits},
    }
    yaml, out = YAML(), io.StringIO()
    yaml.width = 1_000_000  # no line is broken
    yaml.dump(content, out)
    return out.getvalue()


def _feature(field: pa.Field, dataset: Dataset) -> dict[str, Any]:
    if field.name == "image":  # the name that `datasets` before 5.1 knows, too (huggingface/datasets#8281)
        return {"name": field.name, "dtype": "binary"}
    if field.name != "label":
        return {"name": field.name, "dtype": str(field.type)}
    # Quoted, because the Hub reads YAML 1.1, in which no, on and 1_0 are not text.
    names = {str(label): Quoted(f"no class {label}") for label in range(dataset.first_label)}
    names |= {str(label): Quoted(name) for label, name in zip(dataset.labels, dataset.class_names, strict=True)}
    return {"name": field.name, "dtype": {"class_label": {"names": names}}}


def _size(rows: int) -> str:
    """The size of a dataset, in the words of the Hub."""
    names = ["1K", "10K", "100K", "1M", "10M"]
    power = max(0, len(str(rows)) - 3)
    return f"{names[power - 1]}<n<{names[power]}" if power else "n<1K"
