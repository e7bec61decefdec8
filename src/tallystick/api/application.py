"""Checks a request's application against the table of its leaves, before anything is recorded.

Laws: a stranger's key, a figure out of range, a list too long are refused by their place; the value
is never repeated, since it may be personal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tallystick.base.codec import INTEGER_MAX
from tallystick.base.errors import Invalid
from tallystick.records.applicant import DEMAND, PROFILE, Field, Row

__all__ = ["check_application", "check_leaf"]

LIST_MAX: Final = 64
FEATURES_MAX: Final = 256
KINDS: Final = ("borrow", "save", "invest", "insure", "lease")
_NAME: Final = re.compile(r"[a-z0-9._-]{1,40}")
_BLANK: Final = re.compile(r"[\s\x00-\x1f\x7f]")


def check_application(tree: object, place: str) -> None:
    """Refuse an application that is not `{profile, demand, features}` within its ranges.

    Raises:
        Invalid: `application.form`, with every faulty place as `places` (at most 20).
    """
    faults = list(_find_faults(tree, place))[:20]
    if faults:
        raise Invalid(
            "application.form",
            f"the application breaks its table at: {', '.join(faults)}",
            cure="See docs/mapping.md for the leaves and their units.",
            places=faults,
        )


def _find_faults(tree: object, place: str) -> Iterator[str]:
    if not isinstance(tree, Mapping) or not {"profile", "demand"} <= tree.keys():
        yield place
        return
    if tree.keys() - {"profile", "demand", "features"}:
        yield f"{place} (unknown key)"
    yield from _check_row(tree["profile"], PROFILE, f"{place}.profile")
    yield from _check_row(tree["demand"], DEMAND, f"{place}.demand")
    yield from _check_features(tree.get("features", {}), f"{place}.features")
    demand = tree["demand"]
    if not isinstance(demand, Mapping) or demand.get("kind") not in KINDS:
        yield f"{place}.demand.kind"


def _check_row(tree: object, table: Mapping[str, Field | Row], place: str) -> Iterator[str]:
    if not isinstance(tree, Mapping):
        yield place
        return
    for name, found in tree.items():
        entry = table.get(name)
        if entry is None:
            yield f"{place} (unknown key)"
        elif isinstance(entry, Field):
            if not check_leaf(entry, found):
                yield f"{place}.{name}"
        else:
            yield from _check_rows(found, entry, f"{place}.{name}")


def _check_rows(found: object, entry: Row, place: str) -> Iterator[str]:
    if not entry.most:
        yield from _check_row(found, entry.fields, place)
    elif not isinstance(found, list) or len(found) > entry.most:
        yield place
    else:
        for index, row in enumerate(found):
            yield from _check_row(row, entry.fields, f"{place}[{index}]")


def check_leaf(field: Field, found: Any) -> bool:  # noqa: ANN401 - whatever was sent
    """Tell whether a value may stand at a leaf: of its kind, within its range."""
    if field.kind in {"months", "idents"}:
        one = Field("count" if field.kind == "months" else "ident", field.low, field.high)
        listed = isinstance(found, list) and len(found) <= LIST_MAX
        return listed and all(check_leaf(one, each) for each in found)
    if field.kind in {"ident", "text"}:
        if not isinstance(found, str) or not _is_text(found):
            return False
        blank = field.kind == "ident" and _BLANK.search(found)
        return not blank and field.low <= len(found.encode()) <= field.high
    return type(found) is int and field.low <= found <= field.high


def _is_text(found: str) -> bool:
    """Tell whether a text can be written as UTF-8: JSON may carry half a character."""
    try:
        found.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_features(found: object, place: str) -> Iterator[str]:
    if not isinstance(found, Mapping) or len(found) > FEATURES_MAX:
        yield place
        return
    for name, value in found.items():
        named = isinstance(name, str) and _NAME.fullmatch(name)
        if not named or type(value) is not int or abs(value) > INTEGER_MAX:
            yield place
            return
