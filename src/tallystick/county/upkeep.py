"""Verify and repair a county's chains from its members' own files.

Laws: verifying writes nothing and trusts no member's word: every block is run again from genesis,
and the chain must reach what the member itself has signed; a repair holds the locks of all folders
it touches, so that nobody serves or writes meanwhile.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tallystick.base import codec
from tallystick.base.clock import SystemClock
from tallystick.base.codec import Cid, sha256
from tallystick.base.errors import Invalid, NotFound
from tallystick.chain.block import Genesis
from tallystick.charter import CHARTER
from tallystick.county.founding import read_county
from tallystick.county.house import open_copies
from tallystick.county.inventory import check_files, mend_files
from tallystick.county.packing import at_rest
from tallystick.county.present import list_known, read_newest
from tallystick.county.single import open_asking
from tallystick.kernel.ledger.audit import Finding, Report, audit_chain
from tallystick.kernel.ledger.kept import KeptState
from tallystick.kernel.ledger.repair import Repaired, repair_chain
from tallystick.kernel.ledger.rerun import Progress
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.book import BOOK_FILE
from tallystick.node import check_here

__all__ = ["read_genesis", "repair_member", "verify_county", "verify_member"]

_SIGNED: Final = codec.tuple_of(codec.integer(1), codec.cid)
_CHECK_SIZE: Final = 8


def read_genesis(folder: Path) -> Genesis:
    """Return the genesis of a county's folder.

    Raises:
        NotFound: `county.no_genesis`.
    """
    try:
        genesis = (folder / "genesis.cbor").read_bytes()
        members = (folder / "members.cbor").read_bytes()
    except FileNotFoundError as error:
        raise NotFound(
            "county.no_genesis", "the county's genesis is missing", cure="Restore it from a copy."
        ) from error
    return Genesis.read(genesis, members)


def verify_member(
    folder: Path,
    member: str,
    progress: Progress | None = None,
    *,
    since: KeptState | None = None,
    keep: bool = False,
) -> Report:
    """Return what differs between one member's file and the chain it should hold.

    Args:
        folder: the county's.
        member: whose file to read.
        progress: told (height done, height of the head).
        since: where an earlier verification left off; None to begin at genesis.
        keep: give what a later one may begin from.
    """
    home = folder / member
    chain = read_genesis(folder).chain
    signed = _signed(home / "signed.bin")
    fault = signed if isinstance(signed, Finding) else None
    report = audit_chain(
        home / "ledger.db",
        CHARTER,
        member=member,
        chain=chain,
        head=None if isinstance(signed, Finding) else signed,
        since=since,
        keep=keep,
        progress=progress,
    )
    found = [*([fault] if fault is not None else []), *check_files(home)]
    if not found:
        return report
    return replace(report, findings=(*report.findings, *found), kept=None)


def _signed(path: Path) -> tuple[int, Cid] | Finding | None:
    """Return what a member signed last: its chain must reach that far."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    check, body = data[:_CHECK_SIZE], data[_CHECK_SIZE:]
    if not data:
        return None
    try:
        height, header = codec.decode(body, _SIGNED)
    except Invalid:
        return Finding(-1, path.name, "it has no reading")
    if sha256(body)[:_CHECK_SIZE] != check:
        return Finding(height, path.name, "its check fails")
    return height, header


def verify_county(
    folder: Path,
    members: Sequence[str] = (),
    *,
    since: KeptState | None = None,
    keep: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[Report]:
    """Yield each member's report, and its contradiction of a member before it, if any.

    Args:
        folder: the county's.
        members: whom to verify; empty for all.
        since: where an earlier verification left off; None to begin at genesis.
        keep: give what a later one may begin from.
        progress: told (member, height done, height of its head).
    """
    headers: dict[int, tuple[str, Cid]] = {}
    for name in members or [each.name for each in read_county(folder).members]:
        tell = None if progress is None else functools.partial(progress, name)
        report = verify_member(folder, name, tell, since=since, keep=keep)
        if report.header is not None:
            first, header = headers.setdefault(report.height, (name, report.header))
            if header != report.header:
                fork = Finding(
                    report.height, "header", f"{first} differs", str(header), str(report.header)
                )
                report = replace(report, findings=(*report.findings, fork), kept=None)
        yield report


def repair_member(folder: Path, member: str) -> Repaired:
    """Make a member's chain whole again from its own blocks and the other members'.

    The damaged file is kept beside the new one; the views are folded anew at the next opening, and
    what else can be is mended (`county.inventory`).

    Members whose folders are here are asked at rest, and answer by their files; where there are
    none, those on other machines are asked as its address book tells.

    Raises:
        NotFound: `member.unknown`, `member.elsewhere`.
        Conflict: `node.locked`, the county is being served; `ledger.forked`.
        Unavailable: `ledger.no_source`, no member gives a block that fits.
    """
    names = [each.name for each in list_known(folder)]
    if member not in names:
        raise NotFound(
            "member.unknown", f"{member} is no member of this county", cure="tally county show."
        )
    here = [name for name in names if (folder / name).is_dir()]
    if member not in here:
        check_here(folder / member)
    with contextlib.ExitStack() as stack:
        for name in here:
            stack.enter_context(at_rest(folder / name))
        home, genesis = folder / member, read_genesis(folder)
        link = stack.enter_context(
            _open_link(home, genesis, [name for name in here if name != member])
        )
        repaired = repair_chain(home / "ledger.db", CHARTER, genesis=genesis, link=link)
        mend_files(home, link)
        return repaired


@contextlib.contextmanager
def _open_link(home: Path, genesis: Genesis, others: Sequence[str]) -> Iterator[Link]:
    """Let a member at rest ask those of its folder, or where there are none those elsewhere."""
    if others or not (home / BOOK_FILE).is_file():
        with open_copies(home.parent, others) as network:
            yield network.join(home.name)
    else:
        # By the list of its own copy, or by genesis' where the copy cannot be read.
        in_force = read_newest(home.parent) or (1, genesis.members)
        with open_asking(home, genesis.chain, in_force, SystemClock()) as link:
            yield link
