"""Where members are asked, written into the address book of every member that a folder holds."""

from __future__ import annotations

from pathlib import Path

from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.base.errors import Invalid, NotFound
from tallystick.county.present import list_in_force
from tallystick.kernel.link.book import BOOK_FILE, read_book, read_place, write_book
from tallystick.kernel.link.certificate import ensure_certificate

__all__ = ["set_address"]


def set_address(folder: Path, name: str, url: str, certificate: Path | None = None) -> list[str]:
    """Write a member's address into the books of the members of a folder; return their names.

    Args:
        folder: the county's, or a member's.
        name: the member whose address it is.
        url: `https://HOST:PORT`, or `http://` on this machine.
        certificate: of a member that is elsewhere; one that is here gets its own made.

    Raises:
        NotFound: `member.unknown`.
        Invalid: the address or the certificate is none.
    """
    # One that is about to follow stands in no list that it has itself.
    held = [path.parent.name for path in sorted(folder.glob("*/member.key"))]
    if name not in {*held, *(each.name for each in list_in_force(folder))}:
        raise NotFound(
            "member.unknown", f"{name} is no member of this county", cure="tally county show."
        )
    pem = _read_certificate(certificate)
    if url.startswith("https:") and not pem and name in held:
        pem = ensure_certificate(folder / name, name, clock=SystemClock(), entropy=SystemEntropy())
    place = read_place(name, {"address": url, **({"certificate": pem} if pem else {})})
    for each in held:
        path = folder / each / BOOK_FILE
        book = read_book(path) if path.is_file() else {}
        write_book(path, {**book, name: place})
    return held


def _read_certificate(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(
            "peers.certificate",
            f"{path.name} has no reading",
            cure="Copy the member's link.pem into its entry.",
        ) from error
