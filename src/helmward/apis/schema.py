"""Structural schemas of a CustomResourceDefinition, read off msgspec models.

Called by the module of a generation for its CRD; knows msgspec and OpenAPI,
nothing of HelmRelease.
"""

from typing import Any, Final

import msgspec
from msgspec import inspect

Schema = dict[str, Any]
_PLAIN: Final[dict[type, Schema]] = {
    inspect.StrType: {"type": "string"},
    inspect.BoolType: {"type": "boolean"},
    inspect.IntType: {"type": "integer", "format": "int64"},
    inspect.FloatType: {"type": "number"},
    inspect.DateTimeType: {"type": "string", "format": "date-time"},
    inspect.RawType: {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
}
_BOUNDS: Final = {
    "pattern": "pattern",
    "min_length": "minLength",
    "max_length": "maxLength",
    "ge": "minimum",
    "le": "maximum",
}


def structural(model: type[msgspec.Struct]) -> Schema:
    """Return the schema of a model: its docstring and fields, described."""
    return _schema(inspect.type_info(model))


def _schema(kind: inspect.Type) -> Schema:
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            return _schema(inner) | _described(extra)
        case inspect.UnionType():
            return _schema(next(t for t in kind.types if not isinstance(t, inspect.NoneType)))
        case inspect.StructType():
            return _object(kind)
        case inspect.VarTupleType() | inspect.ListType():
            return {"type": "array", "items": _schema(kind.item_type)}
        case inspect.DictType():
            return {"type": "object", "additionalProperties": _schema(kind.value_type)}
        case _:
            return _PLAIN[type(kind)] | _bounds(kind)


def _object(kind: inspect.StructType) -> Schema:
    properties = {field.encode_name: _schema(field.type) for field in kind.fields}
    schema: Schema = {"type": "object", "properties": properties}
    if required := [field.encode_name for field in kind.fields if field.required]:
        schema["required"] = required
    if words := (kind.cls.__doc__ or "").strip():
        schema["description"] = words
    return schema


def _bounds(kind: inspect.Type) -> Schema:
    found = {ours: getattr(kind, theirs, None) for theirs, ours in _BOUNDS.items()}
    return {name: value for name, value in found.items() if value is not None}


def _described(extra: Schema | None) -> Schema:
    return dict(extra or {})
