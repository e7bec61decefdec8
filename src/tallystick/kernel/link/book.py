"""The address book: where each member's link is asked, and the certificate it shows there.

`peers.json` in a member's own folder: `{member: {"address": URL, "certificate": PEM}}`, its own
entry among them. Laws: an address is `https://HOST:PORT` with the certificate, or `http://HOST:PORT`
where the host is this machine's own; anything else in the file is refused, by name.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base.errors import Invalid, NotFound
from tallystick.kernel.link.certificate import is_certificate

__all__ = [
    "BOOK_FILE",
    "Book",
    "Place",
    "is_loopback",
    "read_address",
    "read_book",
    "read_entries",
    "read_place",
    "write_book",
    "write_entry",
]

BOOK_FILE: Final = "peers.json"
BOOK_BYTES_MAX: Final = 4_000_000
_MEMBER: Final = re.compile(r"[a-z0-9._-]{1,24}")
_ADDRESS: Final = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9.-]{0,252})|\[[0-9a-f:.]{2,45}\]):([1-9][0-9]{0,4})"
)
_PORT_MAX: Final = 65_535


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member's link is asked.

    Attributes:
        scheme: `https`, or `http` on this machine alone.
        host: a name or an address; IPv6 in brackets.
        port: 1..65,535.
        certificate: what it shows, as PEM; "" without TLS.
    """

    scheme: str
    host: str
    port: int
    certificate: str = ""

    @property
    def address(self) -> str:
        """The place as it is written."""
        return f"{self.scheme}://{self.host}:{self.port}"

    def tree(self) -> dict[str, str]:
        """Return the entry as it stands in the file."""
        found = {"address": self.address}
        return {**found, "certificate": self.certificate} if self.certificate else found


Book = Mapping[str, Place]
"""Places by member."""


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_place(member: str, tree: object) -> Place:
    """Return one entry.

    Raises:
        Invalid: `peers.malformed`, `peers.address`, `peers.plain` or `peers.certificate`.
    """
    if not isinstance(tree, dict) or not {"address"} <= tree.keys() <= {"address", "certificate"}:
        raise _malformed(f"{member} has not address and certificate alone")
    certificate = tree.get("certificate", "")
    scheme, host, port = read_address(member, tree["address"])
    _check_scheme(member, scheme, host, certificate)
    return Place(scheme, host, port, certificate)


def read_address(member: str, address: object) -> tuple[str, str, int]:
    """Return scheme, host and port of an address; Invalid `peers.address` if it is none."""
    found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if found is None or int(found[3]) > _PORT_MAX:
        raise Invalid(
            "peers.address",
            f"{member} is at {str(address)[:80]!r}, which is no https://HOST:PORT",
            cure="Write scheme, host in small letters, and port, and nothing behind them.",
        )
    return found[1], found[2], int(found[3])


def _check_scheme(member: str, scheme: str, host: str, certificate: object) -> None:
    if scheme == "http" and not is_loopback(host):
        raise Invalid(
            "peers.plain",
            f"{member} is at {host}, another machine, without TLS",
            cure="Write https://, and the member's certificate beside it.",
        )
    if scheme == "https" and not (isinstance(certificate, str) and is_certificate(certificate)):
        raise Invalid(
            "peers.certificate",
            f"{member} is asked over TLS, and its certificate is missing or has no reading",
            cure="tally member address NAME URL --certificate link.pem, that member's own.",
        )
    if scheme == "http" and certificate:
        raise _malformed(f"{member} has a certificate and is asked without TLS")


def read_book(path: Path) -> dict[str, Place]:
    """Return the book of a file.

    Raises:
        NotFound: `peers.missing`.
        Invalid: it has no reading; the fault is named.
    """
    return {name: read_place(name, each) for name, each in _read_tree(path).items()}


def read_entries(path: Path) -> tuple[dict[str, Place], dict[str, Invalid]]:
    """Return the entries of a book that have a reading, and of each other one what is wrong.

    Raises:
        NotFound: `peers.missing`.
        Invalid: `peers.malformed`, the file as a whole has no reading.
    """
    book, wrong = dict[str, Place](), dict[str, Invalid]()
    for name, each in _read_tree(path).items():
        try:
            book[name] = read_place(name, each)
        except Invalid as error:
            wrong[name] = error
    return book, wrong


def _read_tree(path: Path) -> dict[str, Any]:
    """Return the entries of a file by member, what stands in them not looked at."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(
            "peers.missing",
            f"{path.parent.name} has no {path.name}",
            cure="tally member address NAME URL.",
        ) from error
    if len(data) > BOOK_BYTES_MAX:
        raise _malformed(f"it has {len(data)} bytes, most is {BOOK_BYTES_MAX}")
    try:
        tree = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _malformed("it is no JSON, or a name occurs twice") from error
    if not isinstance(tree, dict):
        raise _malformed("it is no object")
    for name in tree:
        if not _MEMBER.fullmatch(name):
            raise _malformed(f"{name[:40]!r} is no member's name")
    return tree


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def write_book(path: Path, book: Book) -> None:
    """Write a book whole, or not at all."""
    _write_tree(path, {name: place.tree() for name, place in book.items()})


def write_entry(path: Path, member: str, place: Place) -> None:
    """Put one member's entry into a book; the others' stay as they are, damaged ones too.

    Raises:
        Invalid: `peers.malformed`, the file as a whole has no reading.
    """
    tree = _read_tree(path) if path.is_file() else {}
    _write_tree(path, {**tree, member: place.tree()})


def _write_tree(path: Path, tree: Mapping[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(json.dumps({name: tree[name] for name in sorted(tree)}, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _malformed(reason: str) -> Invalid:
    return Invalid(
        "peers.malformed",
        f"peers.json: {reason}",
        cure='Write {"NAME": {"address": "https://HOST:PORT", "certificate": "PEM"}} a member.',
    )
