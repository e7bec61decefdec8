"""Every kind of file that a member's folder may hold: who notices a changed byte, and who mends it.

Laws: a file of no kind here is nobody's, and a test fails on it; checking writes nothing; what can
be made anew, or comes from the others by its digest, a repair takes away or fetches; of what nobody
else has, such as keys, the finding says that a backup is needed.
What hangs on the chain is compared while the chain's own file can be read; of a file of another
version than this program opens it is said.
Limits: of `local.db` the pages and what was signed are checked, its other rows have no second
witness; shards are read again by `tally store scrub`; what an engine keeps it checks by itself, and
its application holds it against the chain.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from tallystick.base.codec import DAG_CBOR, Cid, sha256
from tallystick.base.errors import Error
from tallystick.chain.member import Member, Members
from tallystick.chain.snapshot import verify_snapshot
from tallystick.county.objects import STORE_FILE, find_missing, mend_store
from tallystick.county.parts import PARTS, other_versions
from tallystick.county.present import read_newest
from tallystick.county.refold import differing_tables
from tallystick.county.remaining import NOBODY_HOLDS, UNASKED, can_fold
from tallystick.county.terms import find_faults, mend_term
from tallystick.kernel.access.keyring import are_lost, audit_keys
from tallystick.kernel.access.secrets import Secrets
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.engines.manifest import Manifest
from tallystick.kernel.ledger.finding import Finding, finding_of
from tallystick.kernel.ledger.offer import PART_BYTES
from tallystick.kernel.ledger.outbox import audit_outbox
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.term import TERM_FILE
from tallystick.kernel.ledger.voting import USED_FILE, EngineKeys, check_used
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.book import BOOK_FILE, Place, read_entries
from tallystick.kernel.link.certificate import (
    CERTIFICATE_FILE,
    KEY_FILE,
    is_same_certificate,
    read_certificate,
)
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.engines.sqlite import audit_objects
from tallystick.kernel.store.ipns.keys import check_key_file
from tallystick.kernel.store.ipns.names import audit_names
from tallystick.kernel.store.kinds import MISFIT, find_misfits, mend_misfits
from tallystick.text.findings import fill_cure
from tallystick.text.wording import Language

__all__ = [
    "DIFFERS",
    "KINDS",
    "Kind",
    "Mend",
    "check_files",
    "cure_of",
    "kind_of",
    "mend_files",
]


_BACKUP_HAS_IT: Final = "only a backup has it"
_NAMED_ANEW: Final = "; publish it again, or import it"
_OTHER_VERSION: Final = " was written by version "
DIFFERS: Final = " differs"
"""Behind a member's name, of a copy that another one contradicts."""
_NO_FOLDER: Final = "the member's folder is missing"
_LOST: Final = "it is missing"
_MEMBER_KEY: Final = "member.key"
_KEY_PAIR: Final = ("keys.db", "master.key")
_ENTRY_OF: Final = "entry of "


class Mend(StrEnum):
    """What makes a damaged file whole."""

    CHAIN = "chain"
    """`tally repair`, from own blocks and the other members'."""
    OTHERS = "others"
    """`tally repair`, from the other members by digest, as far as they have it and give it."""
    ANEW = "anew"
    """`tally repair` takes it away; it is made anew from the chain when it is needed."""
    SCRUB = "scrub"
    """`tally store scrub` names it, `tally store repair` makes it anew from the others' shards."""
    ENGINE = "engine"
    """The engine, by beginning anew."""
    REMOVE = "remove"
    """Its owner removes it, once `tally repair` has made the chain whole; it is written anew."""
    TERM = "term"
    """`tally repair`, from what of it holds and what the other members hold."""
    ADDRESS = "address"
    """`tally member address`: it draws a pair, and writes an entry."""
    BACKUP = "backup"
    """A backup alone: nobody else has it."""
    NOTHING = "nothing"
    """It tells nothing that is read again."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Some files of a member's folder.

    Attributes:
        pattern: of their paths within it, as a shell has them.
        mend: what makes one whole.
        check: yields what is wrong with one, its folder given too; None where `tally verify` reads
            it in another way or not at all.
    """

    pattern: str
    mend: Mend
    check: Callable[[Path, Path], Iterator[Finding]] | None = None


def _wrong(path: Path, detail: str, expected: object = "", got: object = "") -> Finding:
    return Finding(-1, path.name, detail, str(expected), str(got))


def _check_pages(_: Path, path: Path) -> Iterator[Finding]:
    with contextlib.closing(Database.read(path)) as database:
        for (message,) in database.rows("PRAGMA integrity_check(100)"):
            if message != b"ok":
                yield _wrong(path, message.decode(errors="replace"))
        for _table, detail in find_misfits(database):
            yield _wrong(path, detail)
    if path.name in PARTS:
        for part, held, known in other_versions(path):
            yield _wrong(path, f"{part}{_OTHER_VERSION}{held}, this program reads {known}")


def _check_local(home: Path, path: Path) -> Iterator[Finding]:
    yield from _check_pages(home, path)
    known, listed = _own_entry(home)
    keys = {key.number: key.pub for key in listed.keys if key.use == "tx"} if listed else {}
    for seq in audit_outbox(path, keys) if known else ():
        yield _wrong(path, f"what was signed under number {seq}")


def _check_store(home: Path, path: Path) -> Iterator[Finding]:
    yield from _check_pages(home, path)
    for cid in audit_objects(path):
        yield _wrong(path, f"object {cid}{_sealed(cid)}")
    for detail in audit_names(path):
        yield _wrong(path, f"{detail}{_NAMED_ANEW}")


def _sealed(cid: Cid) -> str:
    return "" if cid.codec == DAG_CBOR else f"; sealed: {_BACKUP_HAS_IT}"


def _check_missing(home: Path) -> Iterator[Finding]:
    # A store that cannot be read, or a list of keys, is a finding of its own.
    with contextlib.suppress(Error):
        for cid in find_missing(home):
            yield _wrong(home / STORE_FILE, f"missing object {cid}{_sealed(cid)}")


def _check_keys(home: Path, path: Path) -> Iterator[Finding]:
    yield from _check_pages(home, path)
    for detail in audit_keys(home):
        yield _wrong(path, detail)


def _check_lost(home: Path) -> Iterator[Finding]:
    """Yield which key files are gone that the files beside them show to have been here."""
    path = home / _MEMBER_KEY
    if (home / "ledger.db").is_file() and not path.is_file():
        yield _wrong(path, _LOST)
    if are_lost(home):
        yield _wrong(home / "keys.db", _LOST)


def _check_member_key(home: Path, path: Path) -> Iterator[Finding]:
    secrets, (_, listed) = Secrets.read(path), _own_entry(home)
    own = {key.use: set[bytes]() for key in listed.keys} if listed else {}
    for key in listed.keys if listed else ():
        own[key.use].add(key.pub)
    for use in own.keys() - {"bft"}:
        if secrets.public(use) not in own[use]:
            yield _wrong(path, f"its {use} key is none of {home.name}'s in the list")


def _check_form(home: Path, path: Path) -> Iterator[Finding]:
    del home
    Secrets.read(path)
    yield from ()


def _check_vote(home: Path, path: Path) -> Iterator[Finding]:
    _, listed = _own_entry(home)
    votes = {key.pub for key in listed.keys if key.use == "bft"} if listed else set()
    if votes and EngineKeys.read(path).public not in votes:
        yield _wrong(path, f"its bft key is none of {home.name}'s in the list")


def _check_vote_form(home: Path, path: Path) -> Iterator[Finding]:
    del home
    EngineKeys.read(path)
    yield from ()


def _check_name_key(home: Path, path: Path) -> Iterator[Finding]:
    del home
    check_key_file(path)
    yield from ()


def _check_book(home: Path, path: Path) -> Iterator[Finding]:
    del home
    for name, error in read_entries(path)[1].items():
        yield _wrong(path, f"{_ENTRY_OF}{name}: {error.message}", got=error.code)


def _check_pair(home: Path) -> Iterator[Finding]:
    """Yield what is wrong with the certificate that a member shows, if it is to show one."""
    own = _own_place(home)
    is_shown = own is not None and own.scheme == "https"
    path = home / CERTIFICATE_FILE
    if not (is_shown or path.is_file() or (home / KEY_FILE).is_file()):
        return
    try:
        pem = read_certificate(home)
    except Error as error:
        yield _unread(path, error)
        return
    if own is not None and is_shown and not is_same_certificate(pem, own.certificate):
        yield _wrong(path, "it is not the certificate of the own entry in peers.json")


def _own_place(home: Path) -> Place | None:
    """Return a member's own entry in its address book; None where there is none to be read."""
    try:
        return read_entries(home / BOOK_FILE)[0].get(home.name)
    except Error:
        return None


def _check_views(home: Path, path: Path) -> Iterator[Finding]:
    yield from _check_pages(home, path)
    if _read_list(home) is None:
        return
    for table in differing_tables(home / "ledger.db", path):
        yield _wrong(path, f"table {table} is not what the chain folds to")


def _check_used(home: Path, path: Path) -> Iterator[Finding]:
    del path
    check_used(home)
    yield from ()


def _check_state(home: Path, path: Path) -> Iterator[Finding]:
    """Hold a snapshot against the own header of the height in its name."""
    height = int(path.stem.partition("-")[2])
    if _read_list(home) is None:
        return
    with contextlib.closing(Database.read(home / "ledger.db")) as database:
        header = layout.header_cid(Rows(database).header(height))
    with path.open("rb") as file:
        verify_snapshot(file.read, header, lambda *_: None)
    yield from ()


def _check_term(home: Path, path: Path) -> Iterator[Finding]:
    for detail in find_faults(home):
        yield _wrong(path, detail)


def _check_manifest(home: Path, path: Path) -> Iterator[Finding]:
    """Hold a manifest against the state beside it; of the spans it names the chain makes others."""
    found, parts = Manifest.read(path.read_bytes()), []
    with (home / f"sync-{found.own}.state").open("rb") as file:
        while part := file.read(PART_BYTES):
            parts.append(sha256(part))
    if tuple(parts) != found.digests[found.groups :]:
        yield _wrong(path, f"the state of height {found.own} beside it is another")


def _read_list(home: Path) -> Members | None:
    """Return the newest list of the own chain; None where its file cannot be read for it.

    That file has an audit of its own: what it lacks is said of it, not of those it is compared to.
    """
    try:
        with contextlib.closing(Database.read(home / "ledger.db")) as database:
            rows = Rows(database)
            return rows.members(rows.head()[0])
    except Error:
        return None


def _own_entry(home: Path) -> tuple[bool, Member | None]:
    """Return whether a list could be read, and the member's entry in it.

    Where the own chain cannot be read, that of a copy here that can tells it.
    """
    found = _read_list(home)
    if found is None:
        newest = read_newest(home.parent)
        found = newest[1] if newest is not None else None
    return found is not None, found.by_name.get(home.name) if found is not None else None


KINDS: Final[Sequence[Kind]] = (
    Kind("ledger.db.damaged-*", Mend.NOTHING),
    Kind("ledger.db.repair*", Mend.NOTHING),
    Kind("*.part", Mend.NOTHING),
    Kind("ledger.db*", Mend.CHAIN),
    Kind("floor-*.state", Mend.CHAIN),
    Kind("signed.bin", Mend.REMOVE),
    Kind("store.db.damaged-*", Mend.NOTHING),
    Kind("store.db", Mend.OTHERS, _check_store),
    Kind("store.db-*", Mend.OTHERS),
    Kind("local.db", Mend.BACKUP, _check_local),
    Kind("local.db-*", Mend.BACKUP),
    Kind("keys.db", Mend.BACKUP, _check_keys),
    Kind("keys.db-*", Mend.BACKUP),
    Kind("master.key", Mend.BACKUP),
    Kind("master.new", Mend.BACKUP),
    Kind("views.db", Mend.ANEW, _check_views),
    Kind("views.db-*", Mend.ANEW),
    Kind("offer-*.state", Mend.ANEW, _check_state),
    Kind("sync-*.state", Mend.ANEW, _check_state),
    Kind("sync-*.manifest", Mend.ANEW, _check_manifest),
    Kind("shards", Mend.SCRUB),
    Kind("shards/*", Mend.SCRUB),
    Kind(_MEMBER_KEY, Mend.BACKUP, _check_member_key),
    Kind("member.next*", Mend.BACKUP, _check_form),
    Kind("member.old", Mend.BACKUP, _check_form),
    Kind("name-*.key", Mend.BACKUP, _check_name_key),
    Kind("term.cbor", Mend.TERM, _check_term),
    Kind("term.cbor.damaged-*", Mend.NOTHING),
    Kind("peers.json", Mend.ADDRESS, _check_book),
    # The two are tried as a pair, and by the own entry in `peers.json`.
    Kind("link.pem", Mend.ADDRESS),
    Kind("link.key", Mend.ADDRESS),
    Kind("bft.key", Mend.BACKUP, _check_vote),
    Kind("bft.next*", Mend.BACKUP, _check_vote_form),
    Kind(USED_FILE, Mend.BACKUP, _check_used),
    Kind("bft.lost", Mend.BACKUP),
    Kind("cometbft.new", Mend.ENGINE),
    Kind("cometbft.log*", Mend.NOTHING),
    Kind("cometbft", Mend.ENGINE),
    Kind("cometbft/*", Mend.ENGINE),
    # A chain of the member's own is a county's folder with one member: verified as such.
    Kind("own", Mend.BACKUP),
    Kind("own/*", Mend.BACKUP),
    Kind("opened", Mend.NOTHING),
    Kind("lock", Mend.NOTHING),
)
"""The first that fits a path is its kind."""


def kind_of(path: str) -> Kind | None:
    """Return the kind of a path within a member's folder, None if it is none that is known."""
    return next((kind for kind in KINDS if fnmatchcase(path, kind.pattern)), None)


def check_files(home: Path) -> list[Finding]:
    """Return what is wrong with a member's files beside its chain's, each by its name.

    What has no reading is a finding of its own; the chain's file has an audit of its own.
    """
    found: list[Finding] = []
    if not home.is_dir():
        return [Finding(-1, home.name, _NO_FOLDER)]
    for path in sorted(home.iterdir()):
        kind = kind_of(path.name)
        if kind is None or kind.check is None or not path.is_file():
            continue
        try:
            found += kind.check(home, path)
        except (Error, OSError, ValueError) as error:
            found.append(_unread(path, error))
    found += [*_check_lost(home), *_check_missing(home), *_check_pair(home)]
    return [_with_cure(each) for each in found]


def _unread(path: Path, error: Exception) -> Finding:
    """Return the finding for a file that cannot be read, under its name: by that it is mended."""
    if not isinstance(error, Error):
        return _wrong(path, str(error))
    told = finding_of(error, -1, path.name)
    rule = "it has no reading: " if error.code == "codec.form" else ""
    message = told.detail.removeprefix(f"{path.parent.name}: ")
    detail = rule + message.removeprefix(f"{path.name}: ")
    return replace(told, field=path.name, detail=detail)


def _with_cure(found: Finding) -> Finding:
    kind = kind_of(found.field)
    if kind is None or kind.mend is not Mend.BACKUP:
        return found
    if _OTHER_VERSION in found.detail or found.detail.startswith(MISFIT):
        return found
    return replace(found, detail=f"{found.detail}; {_BACKUP_HAS_IT}")


def cure_of(member: str, found: Finding, language: Language = "en") -> str:
    """Return what to do about a finding of `verify` in a member's files, in a sentence."""
    name, values = _cure_of(member, found)
    return fill_cure(name, language, **{"member": member, "file": found.field, **values})


def _cure_of(member: str, found: Finding) -> tuple[str, dict[str, str]]:
    """Return the name of a finding's cure, and what fills it beside member and file."""
    told = _told_cure(member, found)
    if told is not None:
        return told
    kind, name = kind_of(found.field), found.field
    mend = Mend.CHAIN if kind is None else kind.mend
    if mend is Mend.REMOVE:
        return "remove", {}
    if mend is Mend.TERM:
        return "term", {}
    if mend is Mend.ADDRESS:
        return ("book" if name == BOOK_FILE else "link"), {}
    if name in _KEY_PAIR:
        return "keys", {}
    if name == USED_FILE:
        return "used", {}
    if mend is Mend.BACKUP or _BACKUP_HAS_IT in found.detail:
        return "backup", {}
    return ("store" if name == STORE_FILE else "repair"), {}


def _told_cure(member: str, found: Finding) -> tuple[str, dict[str, str]] | None:
    """Return the cure of a finding that tells by its words what it takes; None for another."""
    name, detail = found.field, found.detail
    if name == "header" and detail.endswith(DIFFERS):
        return "fork", {"other": detail.removesuffix(DIFFERS)}
    if name == BOOK_FILE and detail.startswith(_ENTRY_OF):
        whose = detail.removeprefix(_ENTRY_OF).partition(":")[0]
        return ("own_place" if whose == member else "peer"), {"member": whose}
    if NOBODY_HOLDS in detail:
        return "archive", {}
    if detail.startswith(UNASKED):
        return "unasked", {"others": detail.removeprefix(UNASKED)}
    plain = {
        "lost_key": name == _MEMBER_KEY and detail.startswith(_LOST),
        "lost_keys": name in _KEY_PAIR and detail.startswith(_LOST),
        "sealed": name == STORE_FILE and _BACKUP_HAS_IT in detail,
        "folder": detail == _NO_FOLDER,
        "version": _OTHER_VERSION in detail,
        "name": _NAMED_ANEW in detail,
        "repair": detail.startswith(MISFIT),
    }
    return next(((cure, {}) for cure, holds in plain.items() if holds), None)


def mend_files(home: Path, link: Link, *, views_hold: bool | None = None) -> list[str]:
    """Mend what a repair can beside the chain's own file; return the names of files that changed.

    Args:
        home: the member's folder, at rest.
        link: to the other members, who give public objects.
        views_hold: whether the chain that stands now bears the views out; None where nothing tells.
    """
    changed = []
    for name in ("store.db", "local.db", "keys.db"):
        # A file that does not open is told of, and mended or not, below.
        with contextlib.suppress(Error):
            if mend_misfits(home / name):
                changed.append(name)
    damaged = {each.field for each in check_files(home)}
    if views_hold is False or (
        (views_hold is None or "views.db" in damaged) and can_fold(home, link)
    ):
        damaged.add("views.db")
    else:
        # Damaged, but nobody gives what they would be folded from: better these than none.
        damaged.discard("views.db")
    for path in sorted(home.iterdir()):
        kind = kind_of(path.name)
        if kind is not None and kind.mend is Mend.ANEW and _goes(path, damaged):
            path.unlink(missing_ok=True)
            changed.append(path.name)
    if TERM_FILE in damaged and mend_term(home, link):
        changed.append(TERM_FILE)
    with contextlib.suppress(Error):
        # A file that opens, and of which some pages have no reading, is a backup's to bring back.
        if STORE_FILE in damaged and mend_store(home, link):
            changed.append(STORE_FILE)
    return list(dict.fromkeys(changed))


def _goes(path: Path, damaged: set[str]) -> bool:
    """Tell whether a file is wrong, or the journal of one that is."""
    return path.name in damaged or (path.name.startswith("views.db") and "views.db" in damaged)
