"""The life of a model at one member: published, approved in person, deciding, retired.

A model is a public object; nothing decides by it until a person of an allowed role has approved it
on the chain. The latest approved and not retired decides; a retired one never does again.
Laws: a model whose probabilities are not known to hold is approved with a coded reason alone, which
all members read; whatever is recorded here is public.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.base.codec import DAG_CBOR, Cid, decode, encode, value
from tallystick.base.errors import Invalid, NotFound
from tallystick.exact.card import Card, Feature
from tallystick.exact.model import Model, check_model
from tallystick.exact.trees import Trees
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import Draft
from tallystick.records.base import Statement
from tallystick.records.catalogue import ModelApproved, ModelRetired
from tallystick.records.trained import REPORT
from tallystick.services.positioning.rules import is_calibrated
from tallystick.services.positioning.service import SERVICE, Positions

__all__ = ["IN_FORCE", "Models"]

IN_FORCE: Final = "in_force"
"""State of the one approved model that decides."""


class Models:
    """The models of one member's positioning.

    Args:
        desk: the member's.
        positions: its positioning service.
    """

    def __init__(self, desk: Desk, positions: Positions) -> None:
        self._desk = desk
        self._positions = positions

    def publish(self, tree: Mapping[str, Any]) -> Cid:
        """Keep a model as a public object, which any member may fetch; nothing decides by it yet.

        Raises:
            Invalid: `model.malformed`, `store.size`.
        """
        check_model(dict(tree))
        (cid,) = self._desk.store.put_many([encode(tree)], DAG_CBOR)
        self._desk.note("publish_model", cid.raw)
        return cid

    def approve(
        self, model: Cid, *, name: str, report: Mapping[str, Any], forced: str | None = None
    ) -> bytes:
        """Let a published model decide: an officer's act; return the record's id.

        Args:
            model: of the published object.
            name: what people call it, an id of up to 40 characters.
            report: what training found, as `records.trained.REPORT`.
            forced: why, though its probabilities are not known to hold.

        Raises:
            Invalid: `model.not_calibrated`; `codec.form`; `record.refused` by a rule.
            NotFound: `store.nowhere`, nobody holds the object.
        """
        # Encoded and read again: keys may come in any order.
        found = decode(encode(report), REPORT)
        metrics = found["metrics"]
        if forced is None and not is_calibrated(metrics):
            raise Invalid(
                "model.not_calibrated",
                f"its probabilities are off by {metrics['ece_ppm']} ppm, chance explains"
                f" {metrics['ece_null95_ppm']} and 5000 more are borne",
                cure="Train on more or better data, or state why by --force CODE.",
            )
        return self._record(
            ModelApproved(
                model=model,
                service=SERVICE,
                name=name,
                data=found["data"],
                metrics=metrics,
                kind=_kind_of(self._read(model)),
                program=found["program"],
                forced=forced,
                curves=self._keep_curves(found.get("curves")),
            )
        )

    def _keep_curves(self, curves: Mapping[str, Any] | None) -> Cid | None:
        """Keep what a training drew as a public object, which any member may fetch."""
        if curves is None:
            return None
        (cid,) = self._desk.store.put_many([encode(curves)], DAG_CBOR)
        return cid

    def retire(self, model: Cid, *, reason: str | None = None) -> bytes:
        """Let a model decide no more: an officer's act; return the record's id.

        Raises:
            NotFound: `model.unknown`.
            Invalid: `record.refused`, it is retired already.
        """
        self.find(model)
        return self._record(ModelRetired(model=model, service=SERVICE, reason=reason))

    def _record(self, statement: Statement) -> bytes:
        desk = self._desk
        identifier = desk.new_id()
        draft = Draft(identifier=identifier, statement=statement, officer=desk.officer())
        desk.record([draft])
        return identifier

    def list_rows(self, *, limit: int, offset: int) -> list[dict[str, Any]]:
        """Return models ever approved, the latest first; of one, `state` is `IN_FORCE`."""
        where = {"service": SERVICE}
        deciding = self._positions.approved_model()
        rows = self._desk.views.rows("model", where, order="-height", limit=limit, offset=offset)
        return [_with_state(row, deciding) for row in rows]

    def find(self, model: Cid) -> dict[str, Any]:
        """Return a model's row of the views.

        Raises:
            NotFound: `model.unknown`, it was never approved.
        """
        rows = self._desk.views.rows("model", {"service": SERVICE, "model": model.raw})
        if not rows:
            raise NotFound(
                "model.unknown",
                "no model of that name or CID was ever approved",
                cure="List them: tally model list.",
            )
        return _with_state(rows[0], self._positions.approved_model())

    def show(self, model: Cid) -> dict[str, Any]:
        """Return a model's row with its features, and the curves that training drew.

        Of a card's features are told the points, of trees' how often they are asked.

        Raises:
            NotFound: `model.unknown`; `store.nowhere`.
        """
        row, found = self.find(model), self._read(model)
        size = {"trees": len(found.trees)} if isinstance(found, Trees) else {}
        drawn = {}
        if row["curves"] is not None:
            drawn["charts"] = decode(self._desk.get_object(Cid(row["curves"])), value)
        return {**row, **size, **drawn, "target": found.target, "features": _describe(found)}

    def _read(self, model: Cid) -> Model:
        return check_model(decode(self._desk.get_object(model), value))


def _with_state(row: Mapping[str, Any], deciding: Cid | None) -> dict[str, Any]:
    is_deciding = deciding is not None and row["model"] == deciding.raw
    return {**row, **({"state": IN_FORCE} if is_deciding else {})}


def _kind_of(model: Model) -> str:
    return "card" if isinstance(model, Card) else "trees"


def _describe(model: Model) -> list[dict[str, Any]]:
    if isinstance(model, Card):
        return [_describe_points(feature) for feature in model.features]
    asked = [0] * len(model.features)
    for tree in model.trees:
        for place in tree.feature:
            if place >= 0:
                asked[place] += 1
    return [
        {"name": feature.name, "kind": "number" if feature.levels is None else "level", "splits": n}
        for feature, n in zip(model.features, asked, strict=True)
    ]


def _describe_points(feature: Feature) -> dict[str, Any]:
    """Return a card's feature: its cuts or levels, and the micro-logits of each bin."""
    edges = "cuts" if feature.kind == "number" else "levels"
    other = {"other": feature.other} if feature.kind == "level" else {}
    return {
        "name": feature.name,
        "kind": feature.kind,
        edges: list(feature.edges),
        "points": list(feature.points),
        "missing": feature.missing,
        **other,
    }
