"""The charter as a table for people: record types, who writes them, who reads which field."""

from __future__ import annotations

from typing import Any

from tallystick.charter import ROLES, STATEMENTS
from tallystick.records.base import spec_of
from tallystick.text.record import RECORDS

__all__ = ["charter_table"]


def charter_table() -> list[dict[str, Any]]:
    """Return one row a record type, by name.

    A row: `t`, `version`, `zh`, `en`, `means_zh`, `means_en`, `roles` (who may write; all roles
    where any may), and field names by class: `public`, `case`, `party`.
    """
    return [_row(t) for t in sorted(STATEMENTS)]


def _row(t: str) -> dict[str, Any]:
    row = STATEMENTS[t]
    spec, word = spec_of(row.statement), RECORDS[t]
    return {
        "t": t,
        "version": spec.rv,
        "zh": word.name.zh,
        "en": word.name.en,
        "means_zh": word.meaning.zh,
        "means_en": word.meaning.en,
        "roles": [role for role in ROLES if role in row.roles or not row.roles],
        "public": list(spec.of_class("public")),
        "case": list(spec.of_class("case")),
        "party": list(spec.of_class("party")),
    }
