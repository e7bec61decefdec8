"""Service subjects and products: what they offer, and what became of the cases they hold.

A subject acts through the member that has its fields of expertise (`county.member.SERVED_BY`); one
that no member serves has no cases here. Laws: counts of cases are of public facts that all members
have; what households said is told apart, by who may read it, and never of fewer than five cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tallystick.base.codec import decode, value
from tallystick.base.errors import NotFound
from tallystick.county.member import SERVED_BY
from tallystick.county.summary import sum_feedback
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.views.base import Views

__all__ = ["members_of", "show_product", "show_provider", "sum_provider"]

Tree = dict[str, Any]
_STAGES: Final = ("applied", "schemed", "judged", "reported", "matched", "refused", "closed")
_MONTHS: Final = 12


def show_provider(views: Views, provider: str) -> Tree:
    """Return a service subject: its entry, its products' versions, and its cases in counts.

    Raises:
        NotFound: `provider.unknown`.
    """
    row = _find_provider(views, provider)
    entry: Tree = decode(row["entry"], value)
    served = members_of(entry)
    products = [
        _version(each) for each in _products(views) if each["scheme"] in set(entry["services"])
    ]
    tree: Tree = {"provider": provider, "entry": entry, "record": row["record"]}
    tree |= {"height": row["height"], "capacity_minor": entry["capacity_minor"]}
    return {**tree, "products": products, "members": [_count(views, name) for name in served]}


def _find_provider(views: Views, provider: str) -> Tree:
    rows = views.rows("provider", {"provider": provider})
    if not rows:
        raise NotFound(
            "provider.unknown",
            "no service subject of that name is published",
            cure="List them: tally provider list.",
        )
    return rows[0]


def members_of(entry: Mapping[str, Any]) -> list[str]:
    """Return the members through which a subject acts, by name."""
    return sorted({SERVED_BY[each] for each in entry["expertise"] if each in SERVED_BY})


def _count(views: Views, member: str) -> Tree:
    """Return how many cases a member holds by stage, its loans, and the appeals it answered."""
    stages = {stage: views.count("case", {"owner": member, "stage": stage}) for stage in _STAGES}
    return {
        "member": member,
        "stages": {stage: count for stage, count in stages.items() if count},
        "held": sum(stages.values()),
        "granted": views.count("loan", {"lender": member}),
        "settled": views.count("appeal", {"settled_by": member}),
    }


def sum_provider(desk: Desk, provider: str) -> Tree:
    """Return praise and accuracy of a service subject's member, as far as this member may read.

    Raises:
        NotFound: `provider.unknown`.
    """
    entry: Tree = decode(_find_provider(desk.views, provider)["entry"], value)
    served = set(members_of(entry))
    found = sum_feedback(desk, "provider")
    cells = [cell for cell in found["cells"] if cell["name"] in served]
    # How many cells were suppressed is of all subjects together: it would say nothing of this one.
    names = ("member", "by", "least", "tolerance_ppm")
    return {"provider": provider, **{name: found[name] for name in names}, "cells": cells}


def show_product(views: Views, product: str, now_ms: int) -> Tree:
    """Return a product's versions, the newest first, which is in force, and who offers it.

    Args:
        views: the member's.
        product: the scheme, without a version.
        now_ms: tells the month.

    Raises:
        NotFound: `product.unknown`.
    """
    versions = [_version(each) for each in _products(views) if each["scheme"] == product]
    if not versions:
        raise NotFound(
            "product.unknown",
            "no product of that name is published",
            cure="List them: tally product list.",
        )
    now = datetime.fromtimestamp(now_ms / 1_000, UTC)
    month = now.year * _MONTHS + now.month - 1
    standing = [
        each["version"]
        for each in versions
        if each["entry"]["from_month"] <= month <= each["entry"]["until_month"]
    ]
    tree: Tree = {"product": product, "versions": versions}
    if standing:
        tree["in_force"] = max(standing)
    tree["providers"] = [
        row["provider"]
        for row in views.rows("provider")
        if product in decode(row["entry"], value)["services"]
    ]
    return tree


def _products(views: Views) -> list[Tree]:
    """Return every published version: its row with its scheme, the newest of a scheme first."""
    found = []
    for row in views.rows("product"):
        entry = decode(row["entry"], value)
        found.append({**row, "entry": entry, "scheme": entry["scheme"]})
    return sorted(found, key=lambda row: (row["scheme"], -row["entry"]["version"]))


def _version(row: Mapping[str, Any]) -> Tree:
    told = {name: row[name] for name in ("product", "record", "height", "entry")}
    return {"scheme": row["scheme"], "version": row["entry"]["version"], **told}
