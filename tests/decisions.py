"""A decided case on a small chain, its evidence, and the decision run again, for tests.

The decision is a small one of its own, in integers, so that what a replayer is given, and must
answer, is tested apart from any service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chains import Named, SmallChain
from tallystick.base import codec
from tallystick.base.codec import Cid, Value, cid_of, encode
from tallystick.base.errors import Invalid, NotFound
from tallystick.chain.decided import Asked
from tallystick.chain.disclosure import Opening
from tallystick.chain.evidence_file import admitted, build_evidence, decided
from tallystick.chain.pin import Pin

__all__ = ["Case", "decide", "make_case"]

PROFILE: Final = {"asked": 5_000_000, "income": 9_000_000}


def decide(asked: Asked, inputs: bytes, objects: Mapping[Cid, bytes]) -> dict[str, Value]:
    """Decide a small question by integers alone: does what is asked fit the catalogue's limit?"""
    if (asked.service, asked.version, asked.question) != ("positioning", 1, "scheme"):
        raise NotFound("decision.version", "version")
    given = codec.decode(inputs, codec.map_of(codec.integer(), 9))
    if given.keys() != {"asked", "income"}:
        raise Invalid("decision.inputs", "inputs")
    limit = codec.decode(objects[asked.catalogue], codec.value)["limit_ppm"]
    room = given["income"] * limit // 1_000_000 - given["asked"]
    found: dict[str, Value] = {
        "outcome": "fits" if room >= 0 else "not",
        "ranked": [{"scheme": "loan", "amount": given["asked"]}],
        "figures": {"room": room},
        "reasons": [{"code": "room", "values": [room]}],
    }
    return found if room >= 0 else {**found, "conditions": [{"lower_by": -room}]}


@dataclass(slots=True)
class Case:
    """A case of three records: application, decision, allocation; and one of another case."""

    chain: SmallChain
    named: list[Named]
    openings: dict[str, Opening]
    objects: dict[Cid, bytes]

    def file(self, kind: str = "decision", height: int = 2, **changes: Any) -> bytes:
        named = changes.pop("named", self.named[:2])
        headers, lists = self.chain.context(named)
        given: dict[str, Any] = {
            "kind": kind,
            "chain": self.chain.chain,
            "claims": [admitted(0), decided(1)],
            "records": [self.chain.proof(each, height) for each in named],
            "headers": headers,
            "members": lists,
            "checkpoints": [self.chain.note(height)],
            "paths": self.chain.paths(self.chain.sizes[1], height),
            "disclosures": self.disclosures(1),
            "objects": self.objects,
            **changes,
        }
        return build_evidence(**given)

    def disclosures(self, record: int) -> list[dict[str, Any]]:
        names = {
            "case": ("outcome", "ranked", "conditions"),
            "party": ("figures", "reasons", "inputs"),
        }
        return [
            {"record": record, "class": sealed, "row": self.openings[sealed].disclose(name)}
            for sealed, fields in names.items()
            for name in fields
        ]

    def pin(self) -> Pin:
        return self.chain.pin(1)


def make_case(asked: int = 5_000_000, **lies: Any) -> Case:
    chain = SmallChain()
    chain.cut(("operator", [chain.record("fund.allocated", {"amount": 1})]))
    application, _, _ = chain.sealed_record(
        "case.applied", {"kind": "borrow"}, member="bank-a", values={"profile": PROFILE}
    )
    inputs, catalogue = encode({**PROFILE, "asked": asked}), encode({"limit_ppm": 600_000})
    question = Asked("positioning", 1, "scheme", 1, cid_of(catalogue), None)
    results = {**decide(question, inputs, {cid_of(catalogue): catalogue}), **lies}
    values = {**results, "inputs": cid_of(inputs), "subject": b"s" * 16}
    public: dict[str, Any] = {
        "service": "positioning",
        "version": 1,
        "question": "scheme",
        "catalogue": cid_of(catalogue),
        "rules": 1,
        "inputs_com": bytes(32),
        "not_after": 1_790_000_000_000,
    }
    record, openings, objects = chain.sealed_record(
        "case.schemed", public, member="bank-a", values=values, case=application["id"]
    )
    record["pub"]["inputs_com"] = lies.get("inputs_com", openings["party"].leaf_hash("inputs"))
    other = chain.record("fund.allocated", {"amount": 2}, case=record["id"])
    assert chain.cut(("bank-a", [application, record]), ("bank-b", [other])) == [0, 0]
    assert chain.cut(("bank-b", [chain.record("fund.allocated", {"amount": 0})])) == [6]
    named = [Named(1, 0), Named(1, 1), Named(2, 0), Named(3, 0)]
    carried = {cid_of(inputs): inputs, cid_of(catalogue): catalogue}
    carried.update({cid_of(data, codec.RAW): data for data in objects})
    return Case(chain, named, openings, carried)
