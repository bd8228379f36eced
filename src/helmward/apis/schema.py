"""Structural schemas of a CustomResourceDefinition, read off msgspec models.

Called by the module of a generation for its CRD; knows msgspec and OpenAPI,
nothing of HelmRelease. Every object keeps fields that it does not name: the
old operators' CRDs did, and `kubectl apply` must go on taking what they took.
"""

from typing import Any, Final

import msgspec
from msgspec import inspect

Schema = dict[str, Any]
OPEN: Final = {"x-kubernetes-preserve-unknown-fields": True}
_PLAIN: Final[dict[type, Schema]] = {
    inspect.StrType: {"type": "string"},
    inspect.BoolType: {"type": "boolean"},
    inspect.IntType: {"type": "integer", "format": "int64"},
    inspect.FloatType: {"type": "number"},
    inspect.DateTimeType: {"type": "string", "format": "date-time"},
    inspect.RawType: {"type": "object", "nullable": True, **OPEN},
}


def said(text: str, **rules: Any) -> msgspec.Meta:
    """Describe a field; `rules` go into its schema as they are, such as `enum`."""
    return msgspec.Meta(extra_json_schema={"description": text, **rules})


def exactly_one(*rules: str, words: str) -> msgspec.Meta:
    """Demand in CEL that exactly one of the rules holds, or be refused with the words."""
    count = " + ".join(f"({rule} ? 1 : 0)" for rule in rules)
    rule = {"rule": f"{count} == 1", "message": words}
    return msgspec.Meta(extra_json_schema={"x-kubernetes-validations": [rule]})


def structural(model: type[msgspec.Struct]) -> Schema:
    """Return the schema of a model: its docstring and fields, described."""
    return _schema(inspect.type_info(model))


def _schema(kind: inspect.Type) -> Schema:
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            return _schema(inner) | dict(extra or {})
        case inspect.UnionType():
            # `values:` with nothing below it is null: kubectl leaves it out, others send it.
            inner = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
            return _schema(inner) | {"nullable": True}
        case inspect.StructType():
            return _object(kind)
        case inspect.VarTupleType() | inspect.ListType():
            return {"type": "array", "items": _schema(kind.item_type)}
        case _:
            return dict(_PLAIN[type(kind)])


def _object(kind: inspect.StructType) -> Schema:
    properties = {field.encode_name: _schema(field.type) for field in kind.fields}
    schema: Schema = {"type": "object", **OPEN, "properties": properties}
    if required := [field.encode_name for field in kind.fields if field.required]:
        schema["required"] = required
    if words := (kind.cls.__doc__ or "").strip():
        schema["description"] = words
    return schema
