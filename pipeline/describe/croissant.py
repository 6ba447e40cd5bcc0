"""The Parquet files, described for programs: Croissant 1.1, JSON-LD in words of schema.org.

Source: mlcommons.org/croissant.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from pipeline.base.dataset import Dataset, Split
from pipeline.describe.contents import MEANINGS, Contents

# The context of the specification, whole: a reader may know only these names.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field",
            "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath",
            "key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated", "replace",
            "samplingRate", "separator", "source", "subField", "transform",
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}  # fmt: skip


def describe(dataset: Dataset, schema: pa.Schema, contents: Mapping[Split, Contents]) -> dict[str, Any]:
    """The description of one Parquet file for each split, `SPLIT.parquet` beside it. All have the same schema."""
    spdx = dataset.licence_id and f"https://spdx.org/licenses/{dataset.licence_id}.html"
    licence, citation = spdx or dataset.licence, dataset.citation
    description = f"{dataset.title}. Licence: {dataset.licence}."
    if origin := dataset.provenance:
        description += f" Who wrote the images: {', '.join(origin.mirrors)}. Licence: {origin.licence}."
        citation += f"\n{origin.citation}"
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": dataset.name,
        "description": description,
        "license": [licence, origin.licence] if origin else licence,
        "citeAs": citation,
        "distribution": [_file(split, found) for split, found in contents.items()],
        "recordSet": [
            _inline("splits", "cr:Split", {"split": "sc:Text", "rows": "cr:Int64"}, _rows(contents)),
            _inline("classes", "sc:Enumeration", {"label": "cr:UInt8", "name": "sc:Text"}, _classes(dataset)),
            *(_records(split, dataset, schema) for split in contents),
        ],
    }


def _file(split: str, found: Contents) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": f"{split}.parquet",
        "name": f"{split}.parquet",
        "contentUrl": f"{split}.parquet",
        "contentSize": f"{found.bytes} B",
        "encodingFormat": "application/x-parquet",
        "sha256": found.sha256,
    }


def _rows(contents: Mapping[Split, Contents]) -> list[dict[str, Any]]:
    return [{"split": split, "rows": found.rows} for split, found in contents.items()]


def _classes(dataset: Dataset) -> list[dict[str, Any]]:
    return [
        {"label": label, "name": name} for label, name in zip(dataset.labels, dataset.class_names, strict=True)
    ]


def _inline(name: str, kind: str, types: dict[str, str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Records that stand in the description itself. The first field is the key."""
    return _record_set(
        name,
        [_named("cr:Field", f"{name}/{field}", field) | {"dataType": of} for field, of in types.items()],
        dataType=kind,
        data=[{f"{name}/{field}": value for field, value in row.items()} for row in rows],
    )


def _records(split: str, dataset: Dataset, schema: pa.Schema) -> dict[str, Any]:
    return _record_set(split, [_field(split, field, dataset) for field in schema])


def _record_set(name: str, fields: list[dict[str, Any]], **others: Any) -> dict[str, Any]:
    return _named("cr:RecordSet", name, name) | {"key": {"@id": fields[0]["@id"]}, "field": fields} | others


def _field(split: str, field: pa.Field, dataset: Dataset) -> dict[str, Any]:
    """A column. An image is text, because Croissant has no bytes; every other column is an integer as in Arrow."""
    own = _named("cr:Field", f"{split}/{field.name}", field.name) | {
        "description": MEANINGS[field.name],
        "dataType": f"cr:{str(field.type).replace('uint', 'UInt').replace('int', 'Int')}",
        "source": {"fileObject": {"@id": f"{split}.parquet"}, "extract": {"column": field.name}},
    }
    if field.name == "image":
        # From text, mlcroissant gives the bytes as they are, and TensorFlow Datasets can build. From an array of
        # numbers, the first is thirty times slower, and the second fails.
        sizes = " x ".join(map(str, dataset.shape))
        return own | {"dataType": "sc:Text", "description": f"{own['description']}; {sizes} bytes"}
    if field.name == "label":
        return own | {"references": {"field": {"@id": "classes/label"}}}
    return own


def _named(kind: str, identity: str, name: str) -> dict[str, Any]:
    return {"@type": kind, "@id": identity, "name": name}
