"""What can be wrong with a CID, a node, a path or an archive, each as one error with a cure.

A message names the rule and both sides of the figure; of names and contents it tells nothing, since
they may be a party's.
"""

from __future__ import annotations

from tallystick.base.errors import Corrupt, Invalid, NotFound, Unavailable

__all__ = [
    "no_entry",
    "refuse_archive",
    "refuse_cid",
    "refuse_codec",
    "refuse_cut",
    "refuse_extra",
    "refuse_folder",
    "refuse_hash_function",
    "refuse_joined",
    "refuse_kind",
    "refuse_limit",
    "refuse_missing",
    "refuse_name",
    "refuse_node",
    "refuse_path",
    "refuse_profile",
    "refuse_range",
    "refuse_section_hash",
    "refuse_special",
    "wrong_hash",
]


def refuse_cid(reason: str) -> Invalid:
    """Return the error for bytes or a text that are no CID."""
    return Invalid(
        "unixfs.cid", f"not a CID: {reason}", cure="Copy the CID as an IPFS tool prints it."
    )


def refuse_codec(found: int) -> Invalid:
    """Return the error for a CID of a codec that is not read."""
    return Invalid(
        "unixfs.codec",
        f"a CID of codec 0x{found:x}; read are raw, dag-pb and dag-cbor",
        cure="Import the content as a file or a directory.",
    )


def refuse_hash_function(found: int) -> Invalid:
    """Return the error for a CID of a hash function that is not read."""
    return Invalid(
        "unixfs.hash_function",
        f"a CID of hash function 0x{found:x}; read are sha2-256 and, up to 128 bytes, identity",
        cure="Import the content anew with sha2-256.",
    )


def wrong_hash(cid: object) -> Corrupt:
    """Return the error for bytes that are not what a CID names."""
    return Corrupt(
        "unixfs.block",
        f"the bytes given for {cid} have another hash",
        cure="Fetch the block from another member.",
        cid=str(cid),
    )


def refuse_node(reason: str) -> Invalid:
    """Return the error for a block that is no node of a file or directory."""
    return Invalid(
        "unixfs.node",
        f"not a node as docs/spec/unixfs.md says: {reason}",
        cure="Import the content anew with a tool that follows the UnixFS specification.",
    )


def refuse_limit(what: str, found: int, most: int) -> Invalid:
    """Return the error for a figure over its limit."""
    return Invalid(
        "unixfs.limit",
        f"{what}: {found}, most is {most}",
        cure="Ask for a smaller part, or have it made anew in smaller ones; the limit is fixed.",
        most=most,
    )


def refuse_name(reason: str) -> Invalid:
    """Return the error for a name that may not stand in a directory."""
    return Invalid(
        "unixfs.name",
        f"a name in the directory: {reason}",
        cure="Rename the entry and import the directory anew.",
    )


def refuse_kind(found: str, wanted: str) -> Invalid:
    """Return the error for a node of another kind than was asked for."""
    return Invalid(
        "unixfs.kind", f"it is a {found}, not a {wanted}", cure="Look first what the CID names."
    )


def no_entry() -> NotFound:
    """Return the error for a name that the directory does not hold."""
    return NotFound(
        "unixfs.no_entry",
        "the directory has no entry of this name",
        cure="List the directory, then ask for a name it shows.",
    )


def refuse_path(reason: str) -> Invalid:
    """Return the error for a path that is not followed."""
    return Invalid(
        "unixfs.path",
        f"not a path below the root: {reason}",
        cure="Write the names from the root down, separated by /.",
    )


def refuse_range(start: int, stop: int | None, size: int) -> Invalid:
    """Return the error for a range that the file does not have."""
    told = "the end" if stop is None else str(stop)
    return Invalid(
        "unixfs.range",
        f"bytes {start} to {told} of a file of {size}",
        cure="Ask for a range within the file.",
        size=size,
    )


def refuse_profile(known: str) -> Invalid:
    """Return the error for the name of no profile."""
    return Invalid(
        "unixfs.profile",
        f"no such import profile; there are {known}",
        cure="Name one of docs/spec/unixfs.md.",
    )


def refuse_special() -> Invalid:
    """Return the error for something in a folder that is no content."""
    return Invalid(
        "unixfs.special",
        "the folder holds something that is neither file, folder nor symbolic link",
        cure="Move it out of the folder, then import again.",
    )


def refuse_folder(error: OSError) -> Unavailable:
    """Return the error for a folder or file that the operating system does not give."""
    return Unavailable(
        "unixfs.folder",
        f"the folder cannot be read whole: {error.strerror}",
        cure="Check the rights of its files, then import again.",
    )


def refuse_archive(reason: str) -> Invalid:
    """Return the error for a file that is no CAR."""
    return Invalid(
        "car.form", f"not a CAR of version 1: {reason}", cure="Export the archive anew as CAR v1."
    )


def refuse_joined(at: int) -> Invalid:
    """Return the error for a file of two archives, the second of which begins at a byte."""
    return Invalid(
        "car.form",
        f"not one CAR of version 1: at byte {at} another archive begins",
        cure="Split the file at that byte, and import each part.",
        at=at,
    )


def refuse_cut(size: int) -> Invalid:
    """Return the error for an archive that ends within a section."""
    return Invalid(
        "car.cut",
        f"the archive ends at byte {size}, within a section",
        cure="Fetch the archive again, whole.",
    )


def refuse_section_hash(cid: object) -> Invalid:
    """Return the error for a section whose bytes are not what its CID names."""
    return Invalid(
        "car.hash",
        f"the section of {cid} has another hash",
        cure="Fetch the archive again, from another source if it recurs.",
        cid=str(cid),
    )


def refuse_missing(cid: object) -> Invalid:
    """Return the error for an archive that lacks a block its roots need."""
    return Invalid(
        "car.missing",
        f"the block {cid} is linked and not in the archive",
        cure="Export the archive anew where the whole content is.",
        cid=str(cid),
    )


def refuse_extra(cid: object, reason: str) -> Invalid:
    """Return the error for a block that does not belong into an archive."""
    return Invalid(
        "car.extra",
        f"the block {cid} {reason}",
        cure="Export the archive anew from its roots alone.",
        cid=str(cid),
    )
