# encode_avro.py: values written by python3-avro, each as a line of JSON with the schema, the bytes in hexadecimal digits,
# and the value as JSON.
import datetime
import decimal
import io
import json

import avro.io
import avro.schema

UTC = datetime.timezone.utc
RECORD = {"type": "record", "name": "n.R", "fields": [
    {"name": "a", "type": "string"}, {"name": "b", "type": ["null", "long"]}, {"name": "c", "type": {"type": "map", "values": {"type": "array", "items": "int"}}}]}


def logical(type_, name, **more):
    return {"type": type_, "logicalType": name, **more}


CASES = [
    ("long", -(2 ** 63), -(2 ** 63)), ("long", 2 ** 31, 2 ** 31), ("string", "größer", "größer"), ("double", 0.1, 0.1),
    (RECORD, {"a": "x", "b": None, "c": {"k": [1, -1]}}, None), (RECORD, {"a": "", "b": 5, "c": {}}, None),
    (logical("long", "timestamp-millis"), datetime.datetime(2026, 3, 29, 1, 2, 3, 4000, UTC), "2026-03-29T01:02:03.004Z"),
    (logical("long", "timestamp-micros"), datetime.datetime(1969, 7, 20, 20, 17, 40, 5, UTC), "1969-07-20T20:17:40.000005Z"),
    (logical("int", "date"), datetime.date(1900, 2, 28), "1900-02-28"), (logical("int", "date"), datetime.date(2400, 2, 29), "2400-02-29"),
    (logical("int", "time-millis"), datetime.time(23, 59, 59, 999000), "23:59:59.999"),
    (logical("long", "time-micros"), datetime.time(0, 0, 0, 1), "00:00:00.000001"),
    (logical("bytes", "decimal", precision=10, scale=2), decimal.Decimal("-1234.56"), -1234.56),
    (logical("bytes", "decimal", precision=10, scale=2), decimal.Decimal("0.05"), 0.05),
    ({"type": "fixed", "name": "F", "size": 9, "logicalType": "decimal", "precision": 20, "scale": 3}, decimal.Decimal("-98765432109876.543"), -98765432109876.543),
]

for schema, value, expected in CASES:
    text = json.dumps(schema)
    out = io.BytesIO()
    avro.io.DatumWriter(avro.schema.parse(text)).write(value, avro.io.BinaryEncoder(out))
    print(json.dumps({"schema": schema, "bytes": out.getvalue().hex(), "json": value if expected is None else expected}))
