#!/bin/bash
# mlcroissant 1.1.1 (numpy 2.4.6, pandas 3.1.1, pyarrow 26.0.1), Python 3.11: a binary Parquet column described
# the way Croissant 1.1 has for arrays (dataType cr:UInt8, isArray, arrayShape) validates without an error, and then
# no record with bytes in it is taken apart: the bytes are read as the DECIMAL TEXT of one number.
#   bytes 0x31 0x32 (pixels 49 and 50)  -> the record has the number 12, and no error
#   bytes 0x00 0xff                     -> "invalid literal for int() with base 10" on the first record
# With `repeated`, which 1.1 deprecates, the same columns give [49, 50] and [0, 255]. Seen:
#   1.1 form, digits: errors 0, record 12
#   1.1 form, other bytes: errors 0, reading raises GenerationError
#   repeated, digits: errors 0, record [49, 50]
#   repeated, other bytes: errors 0, record [0, 255]
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
python3 -m venv v; v/bin/pip -q install mlcroissant==1.1.1 numpy==2.4.6 pandas==3.1.1 pyarrow==26.0.1
cat > t.py <<'P'
import json, logging, mlcroissant as mlc, pyarrow as pa, pyarrow.parquet as pq
logging.disable(logging.CRITICAL)
NAMES = ("arrayShape citeAs column containedIn extract field fileObject fileProperty fileSet format includes isArray "
         "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace separator "
         "source subField transform").split()
context = {"@language": "en", "@vocab": "https://schema.org/", **{n: "cr:" + n for n in NAMES},
  "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/",
  "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
  "examples": {"@id": "cr:examples", "@type": "@json"}, "rai": "http://mlcommons.org/croissant/RAI/",
  "sc": "https://schema.org/"}
def record(value, extra):
    pq.write_table(pa.table({"x": pa.array([value], pa.binary(2))}), "x.parquet")
    import hashlib
    digest = hashlib.sha256(open("x.parquet", "rb").read()).hexdigest()
    json.dump({"@context": context, "@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.1",
      "name": "d", "description": "d", "license": "CC0", "url": "d", "datePublished": "2026-01-01", "version": "1.0.0",
      "distribution": [{"@type": "cr:FileObject", "@id": "x.parquet", "name": "x.parquet", "contentUrl": "x.parquet",
        "encodingFormat": "application/x-parquet", "sha256": digest}],
      "recordSet": [{"@type": "cr:RecordSet", "@id": "r", "name": "r", "field": [{"@type": "cr:Field", "@id": "r/x",
        "name": "x", "dataType": "cr:UInt8", **extra,
        "source": {"fileObject": {"@id": "x.parquet"}, "extract": {"column": "x"}}}]}]}, open("c.json", "w"))
    data = mlc.Dataset("c.json")
    errors = len(data.metadata.ctx.issues.errors)
    try:
        value = next(iter(data.records("r")))["r/x"]
        value = "record " + str([int(v) for v in value] if isinstance(value, list) else int(value))
    except mlc.GenerationError if hasattr(mlc, "GenerationError") else Exception as error:
        value = "reading raises " + type(error).__name__
    return f"errors {errors}, {value}"
new, old = {"isArray": True, "arrayShape": "2"}, {"repeated": True}
seen = [f"{form}, {what}: {record(value, extra)}" for form, extra in [("1.1 form", new), ("repeated", old)]
        for what, value in [("digits", b"12"), ("other bytes", b"\x00\xff")]]
print("\n".join(seen))
assert seen == ["1.1 form, digits: errors 0, record 12", "1.1 form, other bytes: errors 0, reading raises GenerationError",
  "repeated, digits: errors 0, record [49, 50]", "repeated, other bytes: errors 0, record [0, 255]"], "BEHAVIOUR CHANGED"
P
v/bin/python t.py 2>err || { tail -5 err; exit 1; }
echo "mlcroissant 1.1.1: bytes in an array field of Croissant 1.1 are read as a decimal number's text"
