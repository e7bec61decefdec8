"""The link's port: one member asks another, by name, and gets bytes or an error.

Laws every engine keeps (tests/conformance/test_link.py):
- the handler is told who asks, by the link, never by the payload;
- a call returns what the handler returned, raises the `Error` the handler raised, or raises
  `Unavailable`; after `Unavailable` the handler may have run, once or twice, or may run later:
  so every handler is idempotent;
- payloads and answers are at most `PAYLOAD_BYTES_MAX`; a method nobody registered is `NotFound`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from tallystick.base.errors import Invalid, NotFound

__all__ = [
    "PAYLOAD_BYTES_MAX",
    "Answer",
    "Exchange",
    "Handler",
    "Handlers",
    "Link",
    "answer",
    "bounded",
]

PAYLOAD_BYTES_MAX: Final = 16_000_000

Handler: TypeAlias = Callable[[str, bytes], bytes]
"""Answers a request: (caller's name, payload) -> answer; raises an `Error` to refuse."""

Handlers: TypeAlias = Mapping[str, Handler]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer as both members signed them; `exchange` says what they prove.

    Attributes:
        target: the request's URI.
        asked: its body.
        request: its fields `Signature-Input` and `Signature`.
        answer: those of the answer, whose status was 200.
        body: the answer's body.
    """

    target: str
    asked: bytes = field(repr=False)
    request: tuple[str, str]
    answer: tuple[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a member answered.

    Attributes:
        body: the bytes.
        exchange: what both signed; None where the link signs nothing, as within one process.
    """

    body: bytes = field(repr=False)
    exchange: Exchange | None = None


class Link(Protocol):
    """One member's end of the link."""

    @property
    def member(self) -> str:
        """The name under which this end asks."""

    def call(self, to: str, method: str, payload: bytes) -> bytes:
        """Ask `to` and return its answer.

        Raises:
            Invalid: `link.size`, the payload or the answer is too large.
            NotFound: `link.method`, the other member answers no such method.
            Unavailable: `link.lost`, no answer came; the handler may have run.
        """

    def ask(self, to: str, method: str, payload: bytes) -> Answer:
        """Ask as `call` does, and return with the answer what both signed of it."""

    def serve(self, handlers: Handlers) -> None:
        """Add methods that this member answers; a name registered before is replaced."""

    def peers(self) -> list[str]:
        """Return the names of the other members that can be asked, ascending."""

    def close(self) -> None:
        """Stop answering; a second call does nothing."""


def bounded(payload: bytes) -> bytes:
    """Return `payload` if it may be sent; else Invalid `link.size`."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise Invalid(
            "link.size",
            f"a message of {len(payload)} bytes, most is {PAYLOAD_BYTES_MAX}",
            cure="Ask for less at once.",
        )
    return payload


def answer(handlers: Handlers, method: str, caller: str, payload: bytes) -> bytes:
    """Return the answer of the handler registered for `method`; NotFound `link.method` if none."""
    handler = handlers.get(method)
    if handler is None:
        raise NotFound("link.method", f"no method {method[:40]!r} here", cure="Update that member.")
    return bounded(handler(caller, bounded(payload)))
