#!/bin/bash
# tensorflow-datasets 4.9.10 (tensorflow-cpu 2.21.0) on mlcroissant 1.1.1, Python 3.11: a Croissant field with both `isArray`
# (1.1) and the older `repeated`, as a description for old and new readers has, is one list to mlcroissant and a list
# of lists to TFDS: each value becomes a list of its own, without an error. Either word alone gives one list. Seen:
#   isArray and repeated: mlcroissant [7, 8, 9]; TFDS Sequence(Sequence(uint8)) [[7], [8], [9]]
#   isArray: mlcroissant [7, 8, 9]; TFDS Sequence(uint8) [7, 8, 9]
#   repeated: mlcroissant [7, 8, 9]; TFDS Sequence(uint8) [7, 8, 9]
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv v
v/bin/pip -q install tensorflow-datasets==4.9.10 tensorflow-cpu==2.21.0 mlcroissant==1.1.1 apache-beam==2.77.0 importlib_resources pyarrow==25.0.1
cat > t.py <<'P'
import hashlib, json, logging, os, mlcroissant as mlc, pyarrow as pa, pyarrow.parquet as pq
import tensorflow_datasets as tfds
logging.disable(logging.CRITICAL); tfds.disable_progress_bar()
NAMES = "arrayShape column extract field fileObject isArray recordSet repeated source".split()
context = {"@language": "en", "@vocab": "https://schema.org/", **{n: "cr:" + n for n in NAMES},
  "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/",
  "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "sc": "https://schema.org/"}
pq.write_table(pa.table({"x": pa.array([[7, 8, 9]], pa.list_(pa.uint8()))}), "x.parquet")
digest = hashlib.sha256(open("x.parquet", "rb").read()).hexdigest()
seen = []
for n, extra in enumerate([{"isArray": True, "arrayShape": "3", "repeated": True}, {"isArray": True, "arrayShape": "3"}, {"repeated": True}]):
    json.dump({"@context": context, "@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.1", "name": "d",
      "description": "d", "license": "CC0", "url": "https://example.org", "datePublished": "2026-01-01", "version": "1.0.0",
      "distribution": [{"@type": "cr:FileObject", "@id": "x.parquet", "name": "x.parquet", "contentUrl": "x.parquet",
        "encodingFormat": "application/x-parquet", "sha256": digest}],
      "recordSet": [{"@type": "cr:RecordSet", "@id": "r", "name": "r", "field": [{"@type": "cr:Field", "@id": "r/x",
        "name": "x", "dataType": "cr:UInt8", **extra,
        "source": {"fileObject": {"@id": "x.parquet"}, "extract": {"column": "x"}}}]}]}, open("c.json", "w"))
    direct = [int(v) for v in next(iter(mlc.Dataset("c.json").records("r")))["r/x"]]
    builder = tfds.dataset_builders.CroissantBuilder(jsonld="c.json", record_set_ids=["r"], file_format="tfrecord", data_dir=f"d{n}")
    builder.download_and_prepare()
    value = next(iter(builder.as_dataset(split="default")))["x"]
    value = value.to_list() if hasattr(value, "to_list") else value.numpy().tolist()
    words = " and ".join(k for k in extra if k != "arrayShape")
    seen.append(f"{words}: mlcroissant {direct}; TFDS {builder.info.features['x']} {value}")
print("\n".join(seen))
assert seen == ["isArray and repeated: mlcroissant [7, 8, 9]; TFDS Sequence(Sequence(uint8)) [[7], [8], [9]]",
  "isArray: mlcroissant [7, 8, 9]; TFDS Sequence(uint8) [7, 8, 9]",
  "repeated: mlcroissant [7, 8, 9]; TFDS Sequence(uint8) [7, 8, 9]"], "BEHAVIOUR CHANGED"
P
TF_CPP_MIN_LOG_LEVEL=3 v/bin/python t.py >out 2>err || { tail -5 err; grep -E "isArray|repeated" out; exit 1; }
grep -E "^(isArray|repeated)" out
echo "TFDS 4.9.10: isArray and repeated together are two levels of lists, to mlcroissant 1.1.1 one"
