"""Drafts of officers: what is typed and not sent yet, sealed in the member's `local.db`.

Laws: a draft is its officer's alone; what it says lies in the file only sealed, under a key that
the key ring keeps, so that it opens nowhere without `keys.db`, stays readable when an erasure
replaces the master key, and is overwritten when it goes. Each saving names the revision it was made
from: who saves from an older one is told what else changed, by names and never by values. A draft
that names an erased party goes with it; one left alone for `KEEP_DAYS` goes by itself.
Limits: `SIZE_MAX` bytes a draft, `DRAFTS_MAX` at one member.
Source: NIST SP 800-38D (AES-GCM, random 96-bit nonces).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tallystick.base.clock import DAY_MS, Clock, Entropy
from tallystick.base.codec import RAW, cid_of, decode, encode, value
from tallystick.base.errors import Conflict, Corrupt, Invalid, NotFound
from tallystick.kernel.access.keyring import DataKey, KeyRing
from tallystick.kernel.store.database import Database, Row

__all__ = [
    "DRAFTS_MAX",
    "DRAFT_SCHEMA",
    "DRAFT_VERSION",
    "KEEP_DAYS",
    "SIZE_MAX",
    "Draft",
    "Drafts",
]

DRAFT_VERSION: Final = 1
DRAFT_SCHEMA: Final = """
CREATE TABLE draft (
    officer TEXT NOT NULL, draft BLOB NOT NULL, revision INTEGER NOT NULL,
    made_ms INTEGER NOT NULL, saved_ms INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (officer, draft)) WITHOUT ROWID
"""
SIZE_MAX: Final = 64 * 1024
DRAFTS_MAX: Final = 200
KEEP_DAYS: Final = 30
CHANGED_MAX: Final = 64
_DEPTH: Final = 4
_KEY_SIZE: Final = 32
_NONCE_SIZE: Final = 12
_KEY_NAME: Final = cid_of(b"the key of a member's drafts", RAW)
# In a record's and a party's place: no record and no party has these ids.
_NOBODY: Final = b"~drafts~~~~~~~~~"
_COLUMNS: Final = "draft, revision, made_ms, saved_ms, sealed"


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft as it was saved last.

    Attributes:
        draft: its id, 16 bytes.
        revision: how often it was saved, from 1.
        made_ms: when it was begun, ms since 1970 UTC.
        saved_ms: when it was saved last.
        tree: what it says.
    """

    draft: bytes
    revision: int
    made_ms: int
    saved_ms: int
    tree: Mapping[str, Any] = field(repr=False)


class Drafts:
    """The drafts of one member's officers; safe to share between threads."""

    def __init__(self, database: Database, keys: KeyRing, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._entropy = entropy
        self._lock = threading.Lock()
        database.prepare("drafts", DRAFT_SCHEMA, DRAFT_VERSION)

    def save(self, officer: str, draft: bytes, tree: Mapping[str, Any], revision: int) -> Draft:
        """Keep what an officer typed, durably, and return it with its new revision.

        The same tree saved again from the same revision is a repetition and changes nothing.

        Args:
            officer: whose it is.
            draft: its id, 16 bytes.
            tree: what it says; of the codec's values.
            revision: of the saving it was made from; 0 for a new draft.

        Raises:
            Conflict: `draft.changed`, it was saved since or is gone; `changed` names what differs;
                `draft.too_many`.
            Invalid: `draft.size`.
        """
        data = encode(dict(tree))
        if len(data) > SIZE_MAX:
            raise Invalid(
                "draft.size",
                f"a draft has at most {SIZE_MAX} bytes, this one {len(data)}",
                cure="Send what is ready, and keep the rest as files.",
            )
        with self._lock:
            self._forget_old()
            known = self._find(officer, draft)
            if known is not None and known.revision == revision + 1 and known.tree == tree:
                return known
            self._check_revision(known, tree, revision)
            now = self._clock.now_ms()
            made = now if known is None else known.made_ms
            found = Draft(draft, revision + 1, made, now, dict(tree))
            sealed = self._seal(officer, found, data)
            self._database.run(
                "REPLACE INTO draft VALUES (?, ?, ?, ?, ?, ?)",
                (officer, draft, found.revision, made, now, sealed),
            )
            return found

    def _check_revision(self, known: Draft | None, tree: Mapping[str, Any], revision: int) -> None:
        """Refuse a saving from another revision than the last, and a new draft too many."""
        held = 0 if known is None else known.revision
        if held != revision:
            changed = sorted(_differences({} if known is None else known.tree, tree))
            raise Conflict(
                "draft.changed",
                f"the draft stands at revision {held}, this saving was made from {revision}",
                cure="Load it again and save what is to stay; nothing was overwritten.",
                revision=held,
                saved_ms=0 if known is None else known.saved_ms,
                changed=changed[:CHANGED_MAX],
            )
        count = self._database.value("SELECT count(*) FROM draft") if known is None else 0
        if count >= DRAFTS_MAX:
            raise Conflict(
                "draft.too_many",
                f"{count} drafts are kept here, and no more are",
                cure="Send or delete some.",
            )

    def list_all(self, officer: str) -> list[Draft]:
        """Return an officer's drafts, the one saved last first; one that does not open is empty."""
        with self._lock:
            self._forget_old()
            query = f"SELECT {_COLUMNS} FROM draft WHERE officer = ? ORDER BY saved_ms DESC, draft"  # noqa: S608 - our own names
            return [self._peek(officer, row) for row in self._database.rows(query, (officer,))]

    def read(self, officer: str, draft: bytes) -> Draft:
        """Return one draft of an officer.

        Raises:
            NotFound: `draft.unknown`, the officer has none of that id.
        """
        with self._lock:
            self._forget_old()
            found = self._find(officer, draft)
        if found is None:
            raise NotFound(
                "draft.unknown", "you keep no such draft here", cure="List them: GET /drafts."
            )
        return found

    def drop(self, officer: str, draft: bytes) -> None:
        """Forget a draft; one that is not there is forgotten already."""
        self._database.run("DELETE FROM draft WHERE officer = ? AND draft = ?", (officer, draft))
        self._database.truncate_journal()

    def forget_party(self, party: bytes) -> int:
        """Forget every officer's drafts that name a party by its id; return how many.

        What does not open may name it too, and is of no use to anybody: it goes as well.
        """
        with self._lock:
            gone = [
                (officer, row[0])
                for officer, row in self._scan()
                if not (found := self._peek(officer, row)).tree
                or _names(found.tree, {party.hex(), party})
            ]
            self._database.run_many("DELETE FROM draft WHERE officer = ? AND draft = ?", gone)
        if gone:
            self._database.truncate_journal()
        return len(gone)

    def _scan(self) -> Iterator[tuple[str, Row]]:
        for row in self._database.rows(f"SELECT officer, {_COLUMNS} FROM draft"):  # noqa: S608 - our own names
            yield row[0].decode(), row[1:]

    def _forget_old(self) -> None:
        before = self._clock.now_ms() - KEEP_DAYS * DAY_MS
        if self._database.value("SELECT 1 FROM draft WHERE saved_ms < ? LIMIT 1", (before,)):
            self._database.run("DELETE FROM draft WHERE saved_ms < ?", (before,))

    def _find(self, officer: str, draft: bytes) -> Draft | None:
        query = f"SELECT {_COLUMNS} FROM draft WHERE officer = ? AND draft = ?"  # noqa: S608 - our own names
        row = self._database.row(query, (officer, draft))
        return None if row is None else self._open(officer, row)

    # ---- sealed

    def _cipher(self, *, make: bool) -> AESGCM:
        """Return the cipher of this member's drafts; its key is drawn at the first one."""
        key = self._keys.find(_KEY_NAME)
        if key is None:
            if not make:
                raise _unopened()
            secret = self._entropy.draw("key", _KEY_SIZE)
            key = DataKey(_KEY_NAME, secret, _NOBODY, "own", b"", _NOBODY)
            self._keys.put([key])
        return AESGCM(key.key)

    def _seal(self, officer: str, draft: Draft, data: bytes) -> bytes:
        nonce = self._entropy.draw("key", _NONCE_SIZE)
        bound = _bound(officer, draft.draft, draft.revision)
        return nonce + self._cipher(make=True).encrypt(nonce, data, bound)

    def _peek(self, officer: str, row: Row) -> Draft:
        """Return a draft; without a word of it where it does not open."""
        try:
            return self._open(officer, row)
        except Corrupt:
            return Draft(row[0], row[1], row[2], row[3], {})

    def _open(self, officer: str, row: Row) -> Draft:
        draft, revision, made, saved, sealed = row
        nonce, text = sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:]
        cipher = self._cipher(make=False)
        try:
            data = cipher.decrypt(nonce, text, _bound(officer, draft, revision))
            return Draft(draft, revision, made, saved, decode(data, value))
        except (InvalidTag, ValueError, Invalid) as error:
            raise _unopened() from error


def _unopened() -> Corrupt:
    return Corrupt(
        "draft.corrupt",
        "a draft does not open with the key that the ring keeps",
        cure="Restore keys.db, or delete the draft.",
    )


def _bound(officer: str, draft: bytes, revision: int) -> bytes:
    """Return what a draft's cipher text is bound to: moved to another row it does not open."""
    return encode([officer, draft, revision])


def _differences(held: object, sent: object, path: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the paths at which two trees differ, no deeper than what names fields."""
    if held == sent:
        return
    if isinstance(held, Mapping) and isinstance(sent, Mapping) and depth < _DEPTH:
        for name in held.keys() | sent.keys():
            step = f"{path}.{name}" if path else str(name)
            yield from _differences(held.get(name), sent.get(name), step, depth + 1)
    else:
        yield path


def _names(tree: object, wanted: set[object]) -> bool:
    """Tell whether a tree holds one of some values anywhere."""
    if isinstance(tree, Mapping):
        return any(_names(each, wanted) for each in tree.values())
    if isinstance(tree, list):
        return any(_names(each, wanted) for each in tree)
    return isinstance(tree, str | bytes) and tree in wanted
