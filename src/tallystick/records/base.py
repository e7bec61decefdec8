"""How a record type is written down: a frozen dataclass whose fields say who may read them.

`public` fields stand on the chain for all members; `case` fields are sealed to the members who are
parties to the case; `party` fields open by the party's grant only. The order of sealed fields in
the class is the order of their leaves, for ever.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeAlias

from tallystick.base import codec
from tallystick.base.codec import Check

__all__ = [
    "CID",
    "DAY",
    "DECISION_CASE",
    "ID",
    "MONEY",
    "NAME",
    "PUBLIC_MONEY",
    "RATE",
    "TEXT",
    "TIME",
    "Class",
    "Parts",
    "Spec",
    "Statement",
    "assent",
    "case_sealed",
    "party_sealed",
    "public",
    "spec_of",
    "split",
]

Class: TypeAlias = Literal["public", "case", "party"]

ID: Final = codec.exact_bytes(16)
NAME: Final = codec.ident(24)
CID: Final = codec.cid
TEXT: Final = codec.text(2_000, 0)
MONEY: Final = codec.integer()
PUBLIC_MONEY: Final = codec.integer(1)
RATE: Final = codec.integer(0, 10_000_000)
DAY: Final = codec.integer()
TIME: Final = codec.integer()
DECISION_CASE: Final = codec.map_of(codec.value, 64)


class Statement:
    """Base of all record types; subclasses are frozen dataclasses with `t` and `rv`."""

    __slots__ = ()
    t: ClassVar[str]
    rv: ClassVar[int] = 1


def _field(kind: Class, check: Check, *, optional: bool) -> Any:  # noqa: ANN401 - a dataclass field
    metadata = {"class": kind, "check": check, "optional": optional}
    if optional:
        return dataclasses.field(default=None, metadata=metadata)
    return dataclasses.field(metadata=metadata)


def public(check: Check, *, optional: bool = False) -> Any:  # noqa: ANN401 - a dataclass field
    """Declare a field that all members read."""
    return _field("public", check, optional=optional)


def case_sealed(check: Check, *, optional: bool = True) -> Any:  # noqa: ANN401 - a dataclass field
    """Declare a field sealed to the members of the case."""
    return _field("case", check, optional=optional)


def party_sealed(check: Check, *, optional: bool = True) -> Any:  # noqa: ANN401 - a dataclass field
    """Declare a field sealed to those whom the party grants it."""
    return _field("party", check, optional=optional)


def assent() -> Any:  # noqa: ANN401 - a dataclass field
    """Declare the household's own act: {pub, sig} by its key, or {mandate, witness}."""
    own = codec.shape({"pub": codec.exact_bytes(32), "sig": codec.exact_bytes(64)})
    mandated = codec.shape({"mandate": ID, "witness": NAME})

    def check(found: Any) -> None:  # noqa: ANN401 - a check reads whatever was decoded
        (own if isinstance(found, dict) and "sig" in found else mandated)(found)

    return party_sealed(check, optional=False)


@dataclass(frozen=True, slots=True)
class Spec:
    """A record type's name, version and fields by class, in order.

    Attributes:
        required: names of fields that may not be absent.
    """

    t: str
    rv: int
    fields: Mapping[str, tuple[Class, Check]]
    required: frozenset[str]

    def of_class(self, wanted: Class) -> dict[str, Check]:
        """Return the checks of one class in schema order."""
        return {name: check for name, (kind, check) in self.fields.items() if kind == wanted}

    def public_shape(self) -> Check:
        """Return the check of the public part."""
        checks = self.of_class("public")
        required = {name: check for name, check in checks.items() if name in self.required}
        optional = {name: check for name, check in checks.items() if name not in self.required}
        return codec.shape(required, optional)


@dataclass(frozen=True, slots=True)
class Parts:
    """A statement's values by class; what is absent is left out.

    The public ones are as decoding would give them, in canonical key order.
    """

    public: dict[str, Any]
    case: dict[str, Any]
    party: dict[str, Any]


def spec_of(kind: type[Statement]) -> Spec:
    """Return the spec of a record class."""
    found = dataclasses.fields(kind)  # type: ignore[arg-type]
    fields = {each.name: (each.metadata["class"], each.metadata["check"]) for each in found}
    required = frozenset(each.name for each in found if not each.metadata["optional"])
    return Spec(kind.t, kind.rv, fields, required)


def split(statement: Statement) -> Parts:
    """Return a statement's values by class.

    Sealed values are checked when they are sealed; a public one that breaks its check is Invalid
    `codec.form` here.
    """
    parts: dict[str, dict[str, Any]] = {"public": {}, "case": {}, "party": {}}
    for name, (kind, check) in _fields_of(type(statement)).items():
        value = getattr(statement, name)
        if value is not None:
            if kind == "public":
                value = _plain(value)
                check(value)
            parts[kind][name] = value
    return Parts(codec.arrange(parts["public"]), parts["case"], parts["party"])


_known: Final[dict[type, Mapping[str, tuple[Class, Check]]]] = {}


def _fields_of(kind: type[Statement]) -> Mapping[str, tuple[Class, Check]]:
    found = _known.get(kind)
    return _known.setdefault(kind, spec_of(kind).fields) if found is None else found


_PLAIN: Final = frozenset({int, str, bytes, codec.Cid})


def _plain(value: Any) -> Any:  # noqa: ANN401 - trees of values
    """Return the value as decoding would give it: lists, and maps in canonical order."""
    if type(value) in _PLAIN:
        return value
    return codec.decode(codec.encode(value), codec.value)
