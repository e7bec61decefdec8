"""Verify and repair a county's chains from its members' own files.

Laws: verifying writes nothing and trusts no member's word: every block is run again from genesis,
and the chain must reach what the member itself has signed; a repair holds the locks of all folders
it touches, so that nobody serves or writes meanwhile.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tallystick.base.clock import SystemClock
from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Corrupt, Error, NotFound
from tallystick.chain.block import Genesis
from tallystick.charter import CHARTER
from tallystick.county.founding import read_county
from tallystick.county.gone import has_left
from tallystick.county.house import open_copies
from tallystick.county.inventory import DIFFERS, check_files, cure_of, mend_files
from tallystick.county.packing import at_rest
from tallystick.county.papers import (
    check_papers,
    cure_of_paper,
    find_genesis,
    mend_papers,
)
from tallystick.county.present import list_known, read_newest
from tallystick.county.remaining import (
    bears_out,
    fill_holes,
    find_lost,
    find_unasked,
    find_unfoldable,
    mark_lost,
)
from tallystick.county.single import open_asking
from tallystick.county.terms import serve_at_rest
from tallystick.kernel.ledger.audit import audit_chain
from tallystick.kernel.ledger.claim import Left
from tallystick.kernel.ledger.finding import Finding, Report
from tallystick.kernel.ledger.kept import KeptState
from tallystick.kernel.ledger.pen import RestingPen, Signed, read_signed
from tallystick.kernel.ledger.repair import Repaired, repair_chain
from tallystick.kernel.ledger.rerun import Progress
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.book import BOOK_FILE, read_entries
from tallystick.kernel.store.database import Database
from tallystick.node import check_here
from tallystick.text.wording import Language

__all__ = [
    "COUNTY_FILES",
    "Mended",
    "cures_of",
    "repair_member",
    "verify_county",
    "verify_member",
]

COUNTY_FILES: Final = ""
"""Instead of a member's name, in the report on files of the folder that are nobody's."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What a repair did, and what it could not.

    Attributes:
        chain: what it did for the chain.
        changed: other files that it mended, or took away to be made anew.
        left: what is wrong afterwards, one report for the member and one for files of the folder
            that are nobody's, as far as anything is.
    """

    chain: Repaired
    changed: tuple[str, ...]
    left: tuple[Report, ...]


def cures_of(report: Report, language: Language = "en") -> list[str]:
    """Return what to do about a report's findings, each cure once."""
    if report.member == COUNTY_FILES:
        found = [cure_of_paper(each, language) for each in report.findings]
    else:
        found = [cure_of(report.member, each, language) for each in report.findings]
    return list(dict.fromkeys(found))


def verify_member(
    folder: Path,
    member: str,
    progress: Progress | None = None,
    *,
    genesis: Genesis | None = None,
    since: KeptState | None = None,
    keep: bool = False,
) -> Report:
    """Return what differs between one member's file and the chain it should hold.

    Args:
        folder: the county's.
        member: whose file to read.
        progress: told (height done, height of the head).
        genesis: the county's, where it was looked for already.
        since: where an earlier verification left off; None to begin at genesis.
        keep: give what a later one may begin from.

    Returns:
        The report; without a finding and of height -1 for one that has left with its folder.
    """
    home = folder / member
    chain = (genesis or find_genesis(folder)).chain
    if not home.is_dir():
        found = () if has_left(folder, member) else tuple(check_files(home))
        return Report(member, chain, -1, None, found)
    report, fault = _audit(home, chain, progress, since=since, keep=keep)
    wrong = [*([fault] if fault is not None else []), *check_files(home), *find_lost(home)]
    if not wrong:
        return report
    return replace(report, findings=(*report.findings, *wrong), kept=None)


def _audit(
    home: Path,
    chain: bytes,
    progress: Progress | None = None,
    *,
    since: KeptState | None = None,
    keep: bool = False,
) -> tuple[Report, Finding | None]:
    """Return what an audit of the chain's file found, and what is wrong with what was signed."""
    if not (home / "ledger.db").is_file():
        gone = "the chain's file is missing: tally repair fetches it from the other members"
        report = Report(
            home.name, chain, -1, None, (Finding(-1, "ledger.db", gone, "", "database.missing"),)
        )
        return report, _read_signed(home)[1]
    signed, fault = _read_signed(home)
    report = audit_chain(
        home / "ledger.db",
        CHARTER,
        member=home.name,
        chain=chain,
        # Its chain must reach what it signed last.
        head=None if signed is None or not signed.height else (signed.height, signed.header),
        since=since,
        keep=keep,
        progress=progress,
    )
    return report, fault


def _read_signed(home: Path) -> tuple[Signed | None, Finding | None]:
    path = home / "signed.bin"
    try:
        return read_signed(path), None
    except Corrupt as error:
        return None, Finding(-1, path.name, "it does not say what was signed last", "", error.code)


def verify_county(
    folder: Path,
    members: Sequence[str] = (),
    *,
    since: KeptState | None = None,
    keep: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[Report]:
    """Yield each member's report, and its contradiction of a member before it, if any.

    After them comes one for the files of the folder that are nobody's, if anything is wrong there.

    Args:
        folder: the county's.
        members: whom to verify; empty for all.
        since: where an earlier verification left off; None to begin at genesis.
        keep: give what a later one may begin from.
        progress: told (member, height done, height of its head).
    """
    heads: list[Report] = []
    genesis = find_genesis(folder)
    for name in members or [each.name for each in read_county(folder).members]:
        tell = None if progress is None else functools.partial(progress, name)
        report = verify_member(folder, name, tell, genesis=genesis, since=since, keep=keep)
        fork = _find_fork(folder, heads, report)
        if fork is not None:
            report = replace(report, findings=(*report.findings, fork), kept=None)
        yield report
    yield from _look_at_papers(folder, genesis)


def _find_fork(folder: Path, heads: list[Report], report: Report) -> Finding | None:
    """Return where a copy contradicts one before it, each up to where both were run again.

    Args:
        folder: the county's.
        heads: of the copies before, one for each chain they make: the highest; the report's own is
            put in its place here.
        report: on the copy.
    """
    if report.header is None:
        return None
    fork, is_told = None, False
    for index, first in enumerate(heads):
        height = min(first.height, report.height)
        one, other = _header_at(folder, first, height), _header_at(folder, report, height)
        if one is None or other is None:
            continue
        if one != other:
            detail = f"{first.member}{DIFFERS}"
            fork = fork or Finding(height, "header", detail, str(one), str(other))
            continue
        is_told = True
        if report.height > first.height:
            heads[index] = report
    if not is_told:
        heads.append(report)
    return fork


def _header_at(folder: Path, report: Report, height: int) -> Cid | None:
    """Return a copy's header at a height that it was run to; None if it cannot be read."""
    if height == report.height:
        return report.header
    try:
        with contextlib.closing(Database.read(folder / report.member / "ledger.db")) as database:
            return cid_of(Rows(database).header(height))
    except Error:
        # Below what was run: genesis, which is one chain's, or a row that its own report names.
        return None


def _look_at_papers(folder: Path, genesis: Genesis) -> Iterator[Report]:
    """Yield a report on the files that are nobody's, if anything is wrong with them."""
    found = tuple(check_papers(folder, genesis))
    if found:
        yield Report(COUNTY_FILES, genesis.chain, -1, None, found)


def repair_member(folder: Path, member: str) -> Mended:
    """Make a member's chain whole again from its own blocks and the other members'.

    The damaged file is kept beside the new one, and a sound one that stands where the others do
    stays; views of another chain are folded anew at the next opening, and what else can be is
    mended (`county.inventory`, `county.papers`). At its end all is looked at again, and what nobody
    gives any more is named, and so is that none of those elsewhere answered (`county.remaining`).

    Members whose folders are here are asked at rest, and answer by their files; where there are
    none, those on other machines are asked as its address book tells. One that has left is mended
    too, and not asked.

    Raises:
        NotFound: `member.unknown`, `member.elsewhere`.
        Conflict: `node.locked`, the county is being served; `ledger.forked`.
        Unavailable: `ledger.no_source`, no member gives a block that fits.
    """
    names = [each.name for each in list_known(folder)]
    if member not in names and member not in _list_left(folder):
        raise NotFound(
            "member.unknown", f"{member} is no member of this county", cure="tally county show."
        )
    here = [name for name in names if (folder / name).is_dir()]
    if not (folder / member).is_dir():
        check_here(folder / member)
    with contextlib.ExitStack() as stack:
        for name in dict.fromkeys([*here, member]):
            stack.enter_context(at_rest(folder / name))
        home, genesis = folder / member, find_genesis(folder)
        changed = mend_papers(folder, genesis)
        audited, fault = _audit(home, genesis.chain)
        link, unread = stack.enter_context(
            _open_link(home, genesis, [name for name in here if name != member])
        )
        repaired = repair_chain(
            home / "ledger.db",
            CHARTER,
            genesis=genesis,
            link=link,
            sound=audited.header if audited.is_sound else None,
            # Of one that cannot be read nothing is let go: its finding stays.
            pen=RestingPen(home / "signed.bin") if fault is None else None,
        )
        repaired = replace(repaired, left=(*repaired.left, *unread))
        if fill_holes(home, link):
            changed.append("ledger.db")
        mark_lost(home)
        is_replaced = repaired.damaged is not None or bool(repaired.fetched)
        views_hold = bears_out(home, repaired.damaged) if is_replaced else True
        changed += mend_files(home, link, views_hold=views_hold)
        report = verify_member(folder, member, genesis=genesis)
        # Views that were wrong, or not shown to be this chain's, and stay nevertheless.
        anew = any(each.field == "views.db" for each in report.findings)
        anew |= views_hold is None and "views.db" not in changed
        gone = [*find_unfoldable(home, link, anew=anew)]
        if here in ([], [member]) and not has_left(folder, member):
            # Of copies in one folder each is verified by itself; here others alone can tell.
            others = [name for name in names if name != member]
            gone += find_unasked(link, repaired, others)
        report = replace(report, findings=(*report.findings, *gone))
        looked = (report, *_look_at_papers(folder, genesis))
        left = tuple(each for each in looked if not each.is_sound)
        return Mended(repaired, tuple(changed), left)


def _list_left(folder: Path) -> set[str]:
    """Return who may have left: the founders, and those whose folders are here still."""
    here = {path.parent.name for path in folder.glob("*/member.key")}
    return here | {each.name for each in read_county(folder).members}


@contextlib.contextmanager
def _open_link(
    home: Path, genesis: Genesis, others: Sequence[str]
) -> Iterator[tuple[Link, Sequence[Left]]]:
    """Let a member at rest ask those of its folder, or where there are none those elsewhere.

    Beside the link come those whom nobody can ask, since their entry has no reading.
    """
    if others or not (home / BOOK_FILE).is_file():
        with open_copies(home.parent, others) as network:
            serve_at_rest(home.parent, map(network.join, network.members()))
            yield network.join(home.name), ()
        return
    book, wrong = read_entries(home / BOOK_FILE)
    left = [
        Left(name, error.code, f"{error.message}. {error.cure}") for name, error in wrong.items()
    ]
    # By the list of its own copy, or by genesis' where the copy cannot be read.
    in_force = read_newest(home.parent) or (1, genesis.members)
    with open_asking(home, book, genesis.chain, in_force, SystemClock()) as link:
        yield link, [each for each in left if each.member != home.name]
