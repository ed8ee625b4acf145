"""The shipped schemas, held against what is written: `check("snapshot", data)`.

The shipped ones are open for keys of later versions. Here they are closed, so that nothing is written unannounced.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from goneaway_tui.export import schema_text


def check(name: str, data: object) -> None:
    """Fails with every fault there is, each with its place."""
    faults = [f"{fault.json_path}: {fault.message}" for fault in validator(name).iter_errors(data)]
    assert [] == faults


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(closed(schema))


def closed(schema: Any, *, by_name: bool = False) -> Any:
    """The same schema, with no key allowed that it does not name.

    What stands under a name of `$defs` is closed where it is referred to: it may be one part of a whole.
    """
    told = dict(schema)
    if "$defs" in told:
        told["$defs"] = {name: closed(each, by_name=True) for name, each in told["$defs"].items()}
    if "properties" in told:
        told["properties"] = {name: closed(each) for name, each in told["properties"].items()}
    for many in {"oneOf", "anyOf"} & told.keys():
        told[many] = [closed(each) for each in told[many]]
    for one in {"items", "additionalProperties"} & told.keys():
        told[one] = closed(told[one])
    if not by_name and {"$ref", "properties"} & told.keys():
        told["unevaluatedProperties"] = False
    return told


def open_definitions(name: str) -> dict[str, Any]:
    """What a schema defines, as shipped."""
    return dict(json.loads(schema_text(name))["$defs"])
