"""Every kind of file that a member's folder may hold: who notices a changed byte, and who mends it.

Laws: a file of no kind here is nobody's, and a test fails on it; checking writes nothing; what can
be made anew, or comes from the others by its digest, a repair takes away or fetches; of what nobody
else has, such as keys, the finding says that a backup is needed.
Limits: of `local.db` the pages and what was signed are checked, its other rows have no second
witness; shards are read again by `tally store scrub`; what an engine keeps it checks by itself, and
its application holds it against the chain.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from tallystick.base.codec import DAG_CBOR, sha256
from tallystick.base.errors import Error
from tallystick.chain.member import Members
from tallystick.chain.snapshot import verify_snapshot
from tallystick.county.refold import differing_tables
from tallystick.kernel.access.keyring import audit_keys
from tallystick.kernel.access.secrets import Secrets
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.engines.manifest import Manifest
from tallystick.kernel.ledger.finding import Finding, finding_of
from tallystick.kernel.ledger.offer import PART_BYTES
from tallystick.kernel.ledger.outbox import audit_outbox
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.voting import EngineKeys
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.book import read_book
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.engines.sqlite import SqliteStore, audit_objects
from tallystick.kernel.store.exchange import fetch_object
from tallystick.kernel.store.ipns.keys import check_key_file
from tallystick.kernel.store.ipns.names import audit_names

__all__ = ["KINDS", "Kind", "Mend", "check_files", "kind_of", "mend_files"]


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


def _check_local(home: Path, path: Path) -> Iterator[Finding]:
    yield from _check_pages(home, path)
    listed = _newest_list(home).by_name.get(home.name)
    keys = {key.number: key.pub for key in listed.keys if key.use == "tx"} if listed else {}
    for seq in audit_outbox(path, keys):
        yield _wrong(path, f"what was signed under number {seq}")


def _check_store(home: Path, path: Path) -> Iterator[Finding]:
    yield from _check_pages(home, path)
    for cid in audit_objects(path):
        sealed = "" if cid.codec == DAG_CBOR else "; sealed: only a backup has it"
        yield _wrong(path, f"object {cid}{sealed}")
    for detail in audit_names(path):
        yield _wrong(path, f"{detail}; publish it again, or import it")


def _check_keys(home: Path, path: Path) -> Iterator[Finding]:
    yield from _check_pages(home, path)
    for detail in audit_keys(home):
        yield _wrong(path, detail)


def _check_member_key(home: Path, path: Path) -> Iterator[Finding]:
    secrets, listed = Secrets.read(path), _newest_list(home).by_name.get(home.name)
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
    listed = _newest_list(home).by_name.get(home.name)
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
    read_book(path)
    yield from ()


def _check_views(home: Path, path: Path) -> Iterator[Finding]:
    yield from _check_pages(home, path)
    for table in differing_tables(home / "ledger.db", path):
        yield _wrong(path, f"table {table} is not what the chain folds to")


def _check_state(home: Path, path: Path) -> Iterator[Finding]:
    """Hold a snapshot against the own header of the height in its name."""
    height = int(path.stem.partition("-")[2])
    with contextlib.closing(Database.read(home / "ledger.db")) as database:
        header = layout.header_cid(Rows(database).header(height))
    with path.open("rb") as file:
        verify_snapshot(file.read, header, lambda *_: None)
    yield from ()


def _check_manifest(home: Path, path: Path) -> Iterator[Finding]:
    """Hold a manifest against the state beside it; of the spans it names the chain makes others."""
    found, parts = Manifest.read(path.read_bytes()), []
    with (home / f"sync-{found.own}.state").open("rb") as file:
        while part := file.read(PART_BYTES):
            parts.append(sha256(part))
    if tuple(parts) != found.digests[found.groups :]:
        yield _wrong(path, f"the state of height {found.own} beside it is another")


def _newest_list(home: Path) -> Members:
    with contextlib.closing(Database.read(home / "ledger.db")) as database:
        rows = Rows(database)
        return rows.members(rows.head()[0])


KINDS: Final[Sequence[Kind]] = (
    Kind("ledger.db.damaged-*", Mend.NOTHING),
    Kind("ledger.db.repair*", Mend.NOTHING),
    Kind("*.part", Mend.NOTHING),
    Kind("ledger.db*", Mend.CHAIN),
    Kind("floor-*.state", Mend.CHAIN),
    Kind("signed.bin", Mend.BACKUP),
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
    Kind("member.key", Mend.BACKUP, _check_member_key),
    Kind("member.next", Mend.BACKUP, _check_form),
    Kind("member.old", Mend.BACKUP, _check_form),
    Kind("name-*.key", Mend.BACKUP, _check_name_key),
    Kind("term.cbor", Mend.BACKUP),
    Kind("peers.json", Mend.BACKUP, _check_book),
    Kind("link.pem", Mend.BACKUP),
    Kind("link.key", Mend.BACKUP),
    Kind("bft.key", Mend.BACKUP, _check_vote),
    Kind("bft.next", Mend.BACKUP, _check_vote_form),
    Kind("bft.used", Mend.BACKUP),
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
    for path in sorted(home.iterdir()):
        kind = kind_of(path.name)
        if kind is None or kind.check is None or not path.is_file():
            continue
        try:
            found += kind.check(home, path)
        except (Error, OSError, ValueError) as error:
            told = error if isinstance(error, Error) else None
            found.append(finding_of(told, -1, path.name) if told else _wrong(path, str(error)))
    return [_with_cure(each) for each in found]


def _with_cure(found: Finding) -> Finding:
    kind = kind_of(found.field)
    if kind is None or kind.mend is not Mend.BACKUP:
        return found
    return Finding(found.height, found.field, f"{found.detail}; only a backup has it", "", "")


def mend_files(home: Path, link: Link) -> list[str]:
    """Mend what a repair can beside the chain's own file; return the names of files that changed.

    Args:
        home: the member's folder, at rest.
        link: to the other members, who give public objects.
    """
    changed = []
    damaged = {each.field for each in check_files(home)}
    for path in sorted(home.iterdir()):
        kind = kind_of(path.name)
        if kind is not None and kind.mend is Mend.ANEW and _goes(path, damaged):
            path.unlink(missing_ok=True)
            changed.append(path.name)
    with contextlib.suppress(Error):
        # A file whose structure is damaged is a backup's to bring back, as its finding says.
        if "store.db" in damaged and _mend_store(home / "store.db", link):
            changed.append("store.db")
    return changed


def _goes(path: Path, damaged: set[str]) -> bool:
    """Views are always folded anew, as the chain may be another; a snapshot goes if it is wrong."""
    return path.name.startswith("views.db") or path.name in damaged


def _mend_store(path: Path, link: Link) -> int:
    """Put in the place of damaged objects what others give by their digest; return how many."""
    # What is sealed nobody else may have: its bytes stay as they are.
    public = [cid for cid in audit_objects(path) if cid.codec == DAG_CBOR]
    store, count = SqliteStore(path), 0
    try:
        store.drop(public)
        for cid in public:
            # What nobody gives is missing now, and is said to be, instead of read wrongly.
            with contextlib.suppress(Error):
                fetch_object(link, store, cid, link.peers())
                count += 1
    finally:
        store.close()
    return count
