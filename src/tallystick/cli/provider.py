"""`tally provider`: service subjects, their services and fields of expertise."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.reading import read_tree
from tallystick.cli.spoken import Group, Words, argument, lang_option

__all__ = ["provider"]


@click.group(
    "provider", cls=Group, words=Words("公布、列出服务主体", "Publish and list service subjects")
)
@lang_option
def provider() -> None:
    """Let a verb follow."""


@provider.verb("add", zh="公布一个服务主体", en="Publish one service subject.")
@argument("file", zh="条目文件（JSON 或 TOML）", en="The entry, as JSON or TOML.")
@at_member(writes=True)
def add(place: Place, *, file: str) -> dict[str, Any]:
    """Publish a service subject."""
    with place.office() as office:
        return office.add_provider(read_tree(file))


@provider.verb("list", zh="列出服务主体", en="List service subjects.")
@at_member()
def list_(place: Place) -> list[Any]:
    """List service subjects."""
    with place.office(any_member=True) as office:
        rows = office.list_all(office.list_providers)
    if place.is_json:
        return rows
    names = ("provider", "name_zh", "name_en", "services", "expertise")
    return [{name: row["entry"].get(name) for name in names} for row in rows]
