"""`tally product`: the county's catalogue of products and their terms."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.reading import read_text, read_tree
from tallystick.cli.spoken import Group, Words, argument, lang_option

__all__ = ["product"]


@click.group("product", cls=Group, words=Words("公布、列出产品", "Publish and list products"))
@lang_option
def product() -> None:
    """Let a verb follow."""


@product.verb(
    "add",
    zh="公布整份目录（含 reference），或一个产品的一版",
    en="Publish a whole catalogue (a file with `reference`), or one version of a product.",
)
@argument("file", zh="目录或条目文件", en="The catalogue (TOML), or one entry (JSON or TOML).")
@at_member(writes=True)
def add(place: Place, *, file: str) -> dict[str, Any]:
    """Publish products."""
    from tallystick.services.positioning.catalogue import catalogue_from_toml

    tree = read_tree(file)
    with place.office() as office:
        if "reference" in tree:
            return office.publish_catalogue(catalogue_from_toml(read_text(file)))
        return office.add_product(tree)


@product.verb("list", zh="列出产品", en="List products.")
@at_member()
def list_(place: Place) -> list[Any]:
    """List products."""
    with place.office(any_member=True) as office:
        rows = office.list_all(office.list_products)
    if place.is_json:
        return rows
    names = ("scheme", "version", "kind", "name_zh", "name_en", "rate_ppm", "amount_max_minor")
    return [{name: row["entry"].get(name) for name in names} for row in rows]
