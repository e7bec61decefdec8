"""Holds every answer of an API against its own description: a small reader of JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import httpx

from tallystick.api.app import describe_api

__all__ = ["Listener", "faults"]

_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "array": list,
    "integer": int,
    "null": type(None),
    "object": dict,
    "string": str,
}
_KNOWN: Final = {
    *("$ref", "allOf", "anyOf", "const", "description", "enum", "format", "items", "minimum"),
    *("pattern", "properties", "required", "type", "additionalProperties"),
}


def faults(found: Any, schema: dict[str, Any], tree: dict[str, Any], at: str = "") -> Iterator[str]:
    """Yield where a value breaks its schema; a name that the schema does not tell is one too."""
    schema, names = _joined(schema, tree)
    assert schema.keys() <= _KNOWN, schema.keys() - _KNOWN
    if "anyOf" in schema:
        tried = [list(faults(found, each, tree, at)) for each in schema["anyOf"]]
        if all(tried):
            yield from tried[0]
        return
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(found, each) for each in kinds):
        yield f"{at}: {type(found).__name__} is none of {kinds}"
        return
    yield from _value_faults(found, schema, at)
    if isinstance(found, list) and "items" in schema:
        for index, each in enumerate(found):
            yield from faults(each, schema["items"], tree, f"{at}[{index}]")
    if isinstance(found, dict):
        yield from _member_faults(found, {**schema, "properties": names}, tree, at)


def _member_faults(
    found: dict[str, Any], schema: dict[str, Any], tree: dict[str, Any], at: str
) -> Iterator[str]:
    names, other = schema["properties"], schema.get("additionalProperties")
    yield from (f"{at}.{name}: missing" for name in schema.get("required", []) if name not in found)
    for name, each in found.items():
        if name in names or other:
            yield from faults(each, names.get(name, other), tree, f"{at}.{name}")
        elif names:
            yield f"{at}.{name}: not told"


def _joined(
    schema: dict[str, Any], tree: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return a schema with what it refers to, and all its properties."""
    if "$ref" in schema:
        return _joined(tree["components"]["schemas"][schema["$ref"].rpartition("/")[2]], tree)
    names = dict(schema.get("properties", {}))
    if "allOf" not in schema:
        return schema, names
    whole: dict[str, Any] = {"required": [], "type": "object"}
    for part in schema["allOf"]:
        one, more = _joined(part, tree)
        names |= more
        whole["required"] += one.get("required", [])
    return whole, names


def _is(found: Any, kind: str) -> bool:
    return isinstance(found, _TYPES[kind]) and not (kind == "integer" and isinstance(found, bool))


def _value_faults(found: Any, schema: dict[str, Any], at: str) -> Iterator[str]:
    if isinstance(found, str) and not re.search(schema.get("pattern", ""), found):
        yield f"{at}: {found!r} is not {schema['pattern']}"
    if isinstance(found, int) and found < schema.get("minimum", found):
        yield f"{at}: {found} is less than {schema['minimum']}"
    if found not in schema.get("enum", [found]) or found != schema.get("const", found):
        yield f"{at}: {found!r} is none of the values told"


class Listener:
    """Hears every response of clients and holds it against the description.

    Attributes:
        heard: (operation, status) of all responses.
        faults: what was not as described.
    """

    def __init__(self) -> None:
        self._tree = describe_api()
        self.heard: set[tuple[str, int]] = set()
        self.faults: list[str] = []

    @property
    def operations(self) -> set[str]:
        """Every operation that is described."""
        paths = self._tree["paths"].values()
        return {route["operationId"] for path in paths for route in path.values()}

    def listen(self, client: httpx.Client) -> None:
        client.event_hooks["response"].append(self._hear)

    def _hear(self, response: httpx.Response) -> None:
        response.read()
        route = self._route(response.request)
        if route is None:
            assert response.status_code in {404, 405}
            return
        self.heard.add((route["operationId"], response.status_code))
        told = route["responses"].get(str(response.status_code))
        at = f"{route['operationId']} {response.status_code}"
        if told is None:
            self.faults.append(f"{at}: a status that is not told")
            return
        if "$ref" in told:
            told = self._tree["components"]["responses"][told["$ref"].rpartition("/")[2]]
        kind = response.headers["content-type"].partition(";")[0]
        if kind not in told["content"]:
            self.faults.append(f"{at}: {kind} is not told")
        elif kind.endswith("json"):
            schema = told["content"][kind]["schema"]
            self.faults += faults(json.loads(response.content), schema, self._tree, at)

    def _route(self, request: httpx.Request) -> dict[str, Any] | None:
        for path, methods in sorted(self._tree["paths"].items()):
            # One parameter alone holds slashes: where a tile stands.
            form = re.sub(r"\{[a-z]+\}", "[^/]+", path.replace("{path}", ".+"))
            if re.fullmatch(form, request.url.path) and request.method.lower() in methods:
                found: dict[str, Any] = methods[request.method.lower()]
                return found
        return None
