"""Ids and links read from text, and trees told as JSON can hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.base.codec import Cid, decode, value
from tallystick.base.errors import Invalid
from tallystick.services.positioning.share import Share

__all__ = ["read_id", "read_link", "tell_share", "told", "told_row", "told_tree"]

ID_BYTES: Final = 16


def read_id(text: str) -> bytes:
    """Return the 16 bytes of a hex id; Invalid if it is none."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != ID_BYTES:
        raise Invalid("id.form", "an id is 32 hex digits", cure="Copy it whole.")
    return found


def read_link(text: object) -> Cid:
    """Return the CID of its text; Invalid if it is none."""
    try:
        return Cid.parse(text if isinstance(text, str) else "")
    except Invalid as error:
        raise Invalid(
            "cid.form", "a link is 59 letters and digits", cure="Copy it whole."
        ) from error


def told(found: Any) -> Any:  # noqa: ANN401 - a tree of values
    """Return a tree with bytes as hex and links as text, as JSON can hold it."""
    if isinstance(found, bytes):
        return found.hex()
    if isinstance(found, Cid):
        return str(found)
    if isinstance(found, Mapping):
        return {name: told(each) for name, each in found.items()}
    if isinstance(found, Sequence) and not isinstance(found, str):
        return [told(each) for each in found]
    return found


def told_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the views, with a public entry opened and what is empty left out."""
    found = {name: each for name, each in row.items() if each is not None}
    for name in found.keys() & {"entry", "metrics"}:
        found[name] = decode(found[name], value)
    for name in found.keys() & {"curves", "data", "figures", "model"}:
        found[name] = Cid(found[name])
    return told_tree(found)


def told_tree(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map with bytes as hex and links as text."""
    return {name: told(each) for name, each in found.items()}


def tell_share(share: Share) -> dict[str, int]:
    """Return a share as hits of a count with Wilson's 95 % interval, in ppm."""
    low, high = share.interval_ppm
    found = {"hits": share.hits, "count": share.count, "low_ppm": low, "high_ppm": high}
    return found if share.ppm is None else {**found, "ppm": share.ppm}
