"""What can be wrong with a name or its record, each as one error with a cure."""

from __future__ import annotations

from tallystick.base.errors import Conflict, Corrupt, Denied, Invalid, NotFound

__all__ = [
    "absent_name",
    "damaged_key",
    "damaged_record",
    "ended_record",
    "not_public",
    "older_record",
    "refuse_key_type",
    "refuse_label",
    "refuse_name",
    "refuse_record",
    "wrong_signature",
]


def refuse_name(reason: str) -> Invalid:
    """Return the error for a text that is no name."""
    return Invalid(
        "ipns.name",
        f"not an IPNS name: {reason}",
        cure="Copy the name as an IPFS tool prints it: it begins with k51 or 12D3Koo.",
    )


def refuse_key_type() -> Invalid:
    """Return the error for a name that does not hold an Ed25519 key."""
    return Invalid(
        "ipns.key_type",
        "the name does not hold an Ed25519 key, the one kind that is read",
        cure="Ask its owner for a name of an Ed25519 key.",
    )


def refuse_record(reason: str) -> Invalid:
    """Return the error for bytes that are no record."""
    return Invalid(
        "ipns.record",
        f"not an IPNS record: {reason}",
        cure="Fetch the record again, whole, from another source if it recurs.",
    )


def wrong_signature() -> Invalid:
    """Return the error for a record that the name's key did not sign."""
    return Invalid(
        "ipns.signature",
        "the record is not signed by the key of the name",
        cure="Fetch the record of this very name, from another source if it recurs.",
    )


def ended_record(ended: str) -> Invalid:
    """Return the error for a record that counts no more; `ended` is its last moment."""
    return Invalid(
        "ipns.ended",
        f"the record counts until {ended}, which is past",
        cure="Fetch a newer record, or have its owner publish again.",
    )


def older_record(kept: int, given: int) -> Conflict:
    """Return the error for a record that is not newer than the one that is kept."""
    return Conflict(
        "ipns.older",
        f"the record has sequence {given}; kept is one of {kept} that is newer",
        cure="Keep the newer one; fetch again for what came after it.",
        kept=kept,
    )


def not_public(what: object) -> Denied:
    """Return the error for content that a name may not point to."""
    return Denied(
        "ipns.private",
        f"{what} is not public here, and a name tells everybody what it points to",
        cure="Publish it first: tally store pin --public.",
    )


def refuse_label(size: int) -> Invalid:
    """Return the error for what a name may not be called."""
    return Invalid(
        "ipns.label",
        f"a name is called by 1 to {size} of a-z, 0-9, - and _",
        cure="Choose such a name.",
    )


def absent_name() -> NotFound:
    """Return the error for a name of which no record is kept."""
    return NotFound(
        "ipns.absent",
        "no record of this name is kept here",
        cure="List what is kept: tally store name list.",
    )


def damaged_key(file: str) -> Corrupt:
    """Return the error for the file of a key that holds none."""
    return Corrupt(
        "ipns.key",
        f"{file} does not hold the key of a name",
        cure="Restore the file from a backup; without it the name cannot be renewed.",
        file=file,
    )


def damaged_record(name: object) -> Corrupt:
    """Return the error for a kept record that is not what was kept."""
    return Corrupt(
        "ipns.damaged",
        f"the record kept of {name} is not what was kept",
        cure="Publish the name again, or import its record again.",
    )
