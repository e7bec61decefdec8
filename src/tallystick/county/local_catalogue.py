"""Providers, products, rules and public statements, at a node in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.base.codec import decode, value
from tallystick.county.local_base import NodeOffice
from tallystick.county.subject import members_of
from tallystick.county.telling import read_id
from tallystick.kernel.access.sealing import Draft
from tallystick.records.base import Statement
from tallystick.records.catalogue import ProductPublished, ProviderRegistered
from tallystick.services.positioning.catalogue import compile_catalogue

__all__ = ["CatalogueOffice"]


class CatalogueOffice(NodeOffice):
    """What a member publishes for all to read."""

    def list_providers(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return service subjects by name, and the members they act through."""
        rows = self._list("provider", {}, "", limit, offset)
        return [{**row, "members": members_of(row["entry"])} for row in rows]

    def list_products(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return published products by name and version, with their terms."""
        return self._list("product", {}, "", limit, offset)

    def list_rules(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return which versions of which rules are in force from which height on."""
        return self._list("rules", {}, "", limit, offset)

    def publish_catalogue(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Publish providers, products and reference figures: a department's act."""
        compile_catalogue(tree)
        figures = self._node.positions.publish_catalogue(tree)
        return {
            "providers": len(tree["providers"]),
            "products": len(tree["products"]),
            "figures": str(figures),
        }

    def add_provider(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Publish one service subject; the county's catalogue must stand already."""
        self._check_entry("providers", ("provider",), entry)
        statement = ProviderRegistered(
            provider=entry["provider"],
            services=sorted(entry["services"]),
            expertise=sorted(entry["expertise"]),
            entry=dict(entry),
        )
        return {"provider": entry["provider"], "record": self._publish(statement)}

    def add_product(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Publish one version of a product; the county's catalogue must stand already."""
        self._check_entry("products", ("scheme", "version"), entry)
        product = f"{entry['scheme']}.{entry['version']}"
        statement = ProductPublished(product=product, entry=dict(entry))
        return {"product": product, "record": self._publish(statement)}

    def _check_entry(self, kind: str, key: Sequence[str], entry: Mapping[str, Any]) -> None:
        """Refuse an entry with which the catalogue would no longer have a reading."""
        node = self._node
        tree = decode(node.desk.get_object(node.positions.catalogue()), value)
        name = [entry.get(part) for part in key]
        kept = [row for row in tree[kind] if [row.get(part) for part in key] != name]
        compile_catalogue({**tree, kind: [*kept, dict(entry)]})

    def _publish(self, statement: Statement) -> str:
        desk = self._node.desk
        identifier = desk.new_id()
        desk.record([Draft(identifier=identifier, statement=statement)])
        return identifier.hex()

    def publish_news(self, text: str, *, language: str = "zh") -> dict[str, Any]:
        """Publish as the newspaper."""
        return {"record": self._node.publication.publish_news(text, language).hex()}

    def give_guidance(self, *, topic: str, text: str, case: str | None = None) -> dict[str, Any]:
        """Advise on a topic or a case."""
        about = read_id(case) if case else None
        return {"record": self._node.publication.give_guidance(topic, text, about).hex()}

    def evaluate_project(self, project: str, *, score: int, text: str) -> dict[str, Any]:
        """Score a project, 0..100."""
        record = self._node.publication.evaluate_project(read_id(project), score, text)
        return {"record": record.hex()}
