"""Reads what a verb is given: trees from JSON and TOML files, and `name=value` words."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tallystick.base.errors import Invalid, NotFound
from tallystick.records.applicant import DEMAND, PROFILE, Field, Row

__all__ = ["fill_application", "read_text", "read_tree", "read_words"]

FILE_BYTES_MAX: Final = 1024 * 1024
_TEXTS: Final = {"ident", "text"}


def read_text(path: str) -> str:
    """Return a file's text; `-` reads standard input.

    Raises:
        NotFound: `cli.file`; Invalid: `cli.file`, too large, or not UTF-8.
    """
    try:
        with open(0 if path == "-" else path, "rb", closefd=path != "-") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            raise Invalid("cli.file", f"the file is larger than {FILE_BYTES_MAX} bytes")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise NotFound(
            "cli.file", f"{Path(path).name}: {error.strerror}", cure="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise Invalid(
            "cli.file", f"{Path(path).name} is not UTF-8", cure="Save it as UTF-8."
        ) from error


def read_tree(path: str) -> dict[str, Any]:
    """Return the tree of a JSON or TOML file, by its name's end; standard input is JSON.

    Raises:
        NotFound, Invalid: `cli.file`, as `read_text`, or it has no reading.
    """
    text = read_text(path)
    try:
        found = tomllib.loads(text) if path.endswith(".toml") else json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid(
            "cli.file", f"{Path(path).name} has no reading{place}", cure="Give JSON or TOML."
        ) from error
    if not isinstance(found, dict):
        raise Invalid("cli.file", f"{Path(path).name} is no table", cure="Give one table.")
    return found


def read_words(words: Sequence[str]) -> dict[str, str]:
    """Return `name=value` words by name.

    Raises:
        Invalid: `cli.word`, one has no `=`, or a name comes twice.
    """
    found: dict[str, str] = {}
    for number, word in enumerate(words, 1):
        name, equals, value = word.partition("=")
        if not equals or not name or name in found:
            raise Invalid(
                "cli.word", f"word {number} is not name=value, once", cure="Write name=value."
            )
        found[name] = value
    return found


def fill_application(tree: Mapping[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """Return an application with `name=value` words put in.

    A name is a leaf of the demand or of the profile, or of a group by a dot
    (`terms_asked.term_months=12`); lists are written with commas; rows come from files only.

    Raises:
        Invalid: `cli.leaf`, there is no such leaf, or the value is not of its kind.
    """
    found = copy.deepcopy(dict(tree))
    for name, text in read_words(words).items():
        part, steps, field = _find_leaf(name)
        place = _step(found, part)
        for step in steps[:-1]:
            place = _step(place, step)
        place[steps[-1]] = _read_leaf(name, field, text)
    return {"profile": {}, "demand": {}, **found}


def _step(place: dict[str, Any], name: str) -> dict[str, Any]:
    below = place.setdefault(name, {})
    if not isinstance(below, dict):
        raise Invalid("cli.file", f"{name} is no table", cure="Give one table.")
    return below


def _find_leaf(name: str) -> tuple[str, list[str], Field]:
    steps = name.split(".")
    for part, table in (("demand", DEMAND), ("profile", PROFILE)):
        entry = table.get(steps[0])
        if isinstance(entry, Row) and not entry.most and len(steps) > 1:
            entry = entry.fields.get(".".join(steps[1:]))
        elif len(steps) > 1:
            entry = None
        if isinstance(entry, Field):
            return part, steps, entry
    raise Invalid(
        "cli.leaf",
        f"{name[:40]} is no leaf of demand or profile that one word can fill",
        cure="See docs/mapping.md for the leaves; give lists of rows in a file.",
    )


def _read_leaf(name: str, field: Field, text: str) -> object:
    if field.kind in _TEXTS:
        return text
    if field.kind == "idents":
        return [each for each in text.split(",") if each]
    try:
        if field.kind == "months":
            return [int(each) for each in text.split(",") if each]
        if field.kind == "month" and "-" in text:
            year, month = text.split("-")
            return int(year) * 12 + int(month) - 1
        return int(text)
    except ValueError as error:
        raise Invalid(
            "cli.leaf", f"{name} wants whole numbers", cure="Money is in fen, rates in ppm."
        ) from error
