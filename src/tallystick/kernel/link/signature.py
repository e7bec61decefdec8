"""Signatures of HTTP messages, as far as members use them: one label, Ed25519, a fixed grammar.

Laws: what was signed is exactly what is read: the parameters are taken as they stand, so they must
stand in their canonical form (no spaces between, no leading zeros, nothing escaped); a component
or parameter that occurs twice, a second signature and any field that occurs twice are refused.
Limits: no byte sequences, dates or tokens as parameters, no component parameter but `req`.
Source: RFC 9421 sections 2.5, 3.1, 4; RFC 9530 section 2; RFC 9651 sections 3 and 4.1.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.base.codec import sha256
from tallystick.base.errors import Denied
from tallystick.base.keys import SIGNATURE_SIZE, SigningKey, verify

__all__ = [
    "LABEL",
    "Signature",
    "content_digest",
    "is_digest",
    "only_fields",
    "read_signature",
    "sign",
    "unsigned",
]

LABEL: Final = "tally"
INPUT_CHARS_MAX: Final = 1_024
_NUMBER: Final = r"0|[1-9][0-9]{0,14}"
_STRING: Final = r'"[\x20\x21\x23-\x5b\x5d-\x7e]*"'
_COMPONENT: Final = r'"[a-z@][a-z0-9-]*"(?:;req)?'
_PARAMETER: Final = rf";[a-z]+=(?:{_NUMBER}|{_STRING})"
_INPUT: Final = re.compile(
    rf"[a-z*][a-z0-9_.*-]{{0,31}}=(?P<params>"
    rf"\((?P<covered>{_COMPONENT}(?: {_COMPONENT})*)\)(?P<told>(?:{_PARAMETER})+))"
)
_VALUE: Final = re.compile(r"[a-z*][a-z0-9_.*-]{0,31}=:(?P<value>[A-Za-z0-9+/]{86}==):")
_EACH: Final = re.compile(rf";([a-z]+)=({_NUMBER}|{_STRING})")
_INTEGERS: Final = frozenset({"created", "expires"})


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as it stands in a message, not yet believed.

    Attributes:
        covered: the components that it covers, each as it is written.
        params: what `@signature-params` is, as it was written.
        told: the parameters by name; integers for times, else text.
        value: the signature's 64 bytes.
    """

    covered: tuple[str, ...]
    params: str
    told: Mapping[str, int | str]
    value: bytes

    def time(self, name: str) -> int:
        """Return a parameter that is a time in seconds; Denied `link.unsigned` if it has none."""
        found = self.told.get(name)
        if not isinstance(found, int):
            raise unsigned(f"the signature tells no {name}")
        return found

    def text(self, name: str) -> str:
        """Return a parameter that is text; Denied `link.unsigned` if it has none."""
        found = self.told.get(name)
        if not isinstance(found, str):
            raise unsigned(f"the signature tells no {name}")
        return found

    def covers(self, components: Iterable[str]) -> bool:
        """Tell whether it covers these components, in any order, and nothing else."""
        return sorted(self.covered) == sorted(components)

    def is_by(self, public: bytes, values: Mapping[str, str]) -> bool:
        """Tell whether `public` signed these values of the covered components."""
        if any("\n" in each or "\r" in each for each in values.values()):
            # A value that holds a line's end could pass for two components.
            return False
        return verify(public, _base(self.covered, values, self.params), self.value)


def sign(
    key: SigningKey, values: Mapping[str, str], told: Sequence[tuple[str, int | str]]
) -> dict[str, str]:
    """Return the two fields that sign a message.

    Args:
        key: the signer's.
        values: by component, as it is written in a signature's input.
        told: parameters in their order; text holds no quote and no backslash.
    """
    covered = tuple(values)
    parts = "".join(f";{name}={_write(value)}" for name, value in told)
    params = f"({' '.join(covered)}){parts}"
    assert _INPUT.fullmatch(f"{LABEL}={params}"), params
    value = base64.b64encode(key.sign(_base(covered, values, params))).decode()
    return {"signature-input": f"{LABEL}={params}", "signature": f"{LABEL}=:{value}:"}


def _write(value: int | str) -> str:
    return str(value) if isinstance(value, int) else f'"{value}"'


def _base(covered: Sequence[str], values: Mapping[str, str], params: str) -> bytes:
    """Return what is signed: a line a component, then the parameters."""
    lines = [f"{name}: {values[name]}" for name in covered]
    return "\n".join([*lines, f'"@signature-params": {params}']).encode("latin-1")


def read_signature(fields: Mapping[str, str]) -> Signature:
    """Return the one signature of a message.

    Raises:
        Denied: `link.unsigned`, it has none, several, or one of another form.
    """
    stated, value = fields.get("signature-input", ""), fields.get("signature", "")
    if len(stated) > INPUT_CHARS_MAX:
        raise unsigned(f"its signature's input has {len(stated)} signs")
    found, signed = _INPUT.fullmatch(stated), _VALUE.fullmatch(value)
    if found is None or signed is None or stated.split("=")[0] != value.split("=")[0]:
        raise unsigned("it bears no single signature of the form that members use")
    covered = tuple(found["covered"].split(" "))
    pairs = _EACH.findall(found["told"])
    if len(set(covered)) < len(covered) or len(dict(pairs)) < len(pairs):
        raise unsigned("its signature names something twice")
    told = {name: _read(name, text) for name, text in pairs}
    if told.get("alg", "ed25519") != "ed25519":
        raise unsigned("its signature is of another algorithm than ed25519")
    return Signature(covered, found["params"], told, _decode(signed["value"]))


def _read(name: str, text: str) -> int | str:
    """Return a parameter's value; a time is an integer, every other is text."""
    if (name in _INTEGERS) is text.startswith('"'):
        raise unsigned(f"its signature tells {name} in another form")
    return int(text) if name in _INTEGERS else text[1:-1]


def _decode(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise unsigned("its signature has no reading") from error
    if len(found) != SIGNATURE_SIZE or base64.b64encode(found).decode() != text:
        # Two spellings of one signature would be two messages to whoever counts them.
        raise unsigned("its signature is not written canonically")
    return found


def only_fields(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return a message's fields by lower-case name; one that occurs twice is left out of them all.

    A covered field that is left out then has no value, and the message is refused.
    """
    found: dict[str, str] = {}
    twice: set[str] = set()
    for raw, value in fields:
        name = raw.decode("latin-1").lower()
        twice |= {name} & found.keys()
        found[name] = value.decode("latin-1").strip(" \t")
    return {name: value for name, value in found.items() if name not in twice}


def content_digest(body: bytes) -> str:
    """Return the field `Content-Digest` of a body."""
    return f"sha-256=:{base64.b64encode(sha256(body)).decode()}:"


def is_digest(stated: str, body: bytes) -> bool:
    """Tell whether a field `Content-Digest` is a body's, by SHA-256 alone."""
    return stated == content_digest(body)


def unsigned(reason: str) -> Denied:
    """Return the error for a message whose signature cannot even be read."""
    return Denied("link.unsigned", f"a message between members: {reason}", cure="Sign it so.")
