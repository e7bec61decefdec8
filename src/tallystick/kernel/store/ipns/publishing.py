"""Names of the member itself: pointed to public content, signed, and signed again before they end.

Laws: a name points to what anybody may read here, and to nothing else; each record has a greater
sequence than any before it, also where an old copy of `store.db` came back: it is the time in
milliseconds, or one more than the last. A record is renewed when half of its life has passed, as
long as what it points to is public; else it runs out.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.clock import Entropy
from tallystick.base.errors import Error, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.kernel.store.base import Store
from tallystick.kernel.store.blocks import Blocks, absent_root, read_blocks
from tallystick.kernel.store.ipns.fault import not_public
from tallystick.kernel.store.ipns.keys import draw_key, find_key
from tallystick.kernel.store.ipns.moment import SECOND_NS
from tallystick.kernel.store.ipns.name import IpnsName
from tallystick.kernel.store.ipns.names import KeptName, Names, open_names
from tallystick.kernel.store.ipns.record import Pointer, Record, sign_record
from tallystick.kernel.store.unixfs.multibase import parse_any
from tallystick.kernel.store.unixfs.reader import resolve_path

__all__ = ["LIFETIME_MS", "TTL_S", "Publishing", "publish_name", "renew_names", "value_of"]

LIFETIME_MS: Final = 48 * 3_600_000
"""How long a record counts: no longer do others pass it on."""
TTL_S: Final = 300
_MS_NS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """How a name is published.

    Attributes:
        lifetime_ms: how long the record counts, ms.
        ttl_s: how long it may be kept before it is asked for again, seconds.
        now_ms: the present time, ms since 1970 UTC.
    """

    lifetime_ms: int = LIFETIME_MS
    ttl_s: int = TTL_S
    now_ms: int


def value_of(blocks: Blocks, text: str) -> bytes:
    """Return what a record says for public content: the CID of what is meant, without a path.

    Args:
        blocks: the member's files.
        text: a CID, or a path below one; `/ipfs/` before it is taken too.

    Raises:
        NotFound: `store.no_root`, `unixfs.no_entry`; Denied: `ipns.private`; Invalid: no CID.
    """
    first, _, path = text.removeprefix("/ipfs/").strip("/").partition("/")
    cid = parse_any(first)
    if cid.inline is None and blocks.state(cid.digest) is None:
        raise absent_root(cid)
    found = resolve_path(blocks.dag, cid, path) if path else cid
    if found.inline is None and not blocks.is_public(found):
        raise not_public(found)
    return f"/ipfs/{found}".encode()


def publish_name(
    home: Path, names: Names, value: bytes, how: Publishing, *, label: str, entropy: Entropy
) -> KeptName:
    """Point the name that a member calls so to something, and keep the record.

    Args:
        home: the member's folder, whose lock is held.
        names: its names.
        value: of `value_of`.
        how: how long it counts.
        label: what the name is called; a key is drawn for one that is new.
        entropy: for the key.

    Raises:
        Invalid: `ipns.label`; Corrupt: `ipns.key`.
    """
    key = find_key(home, label) or draw_key(home, label, entropy)
    record = _sign(names, key, value, how)
    names.keep(record, label=label, lifetime_ms=how.lifetime_ms)
    return KeptName(record, label, how.lifetime_ms, given=True)


def _sign(names: Names, key: SigningKey, value: bytes, how: Publishing) -> Record:
    before = names.sequence(IpnsName(key.public))
    said = Pointer(
        value=value,
        sequence=max(before + 1, how.now_ms),
        ends_ns=(how.now_ms + how.lifetime_ms) * _MS_NS,
        ttl_ns=how.ttl_s * SECOND_NS,
    )
    return sign_record(key, said)


def renew_names(home: Path, store: Store, now_ms: int) -> int:
    """Sign those of a member's names again of whose time half has passed; return how many.

    One that cannot be renewed, as what it points to is not public any more or its key is gone, is
    left to run out; it keeps no other from being renewed.

    Args:
        home: the member's folder, whose lock is held.
        store: its store.
        now_ms: the present time, ms since 1970 UTC.

    Raises:
        Unavailable: `database.io`, the folder cannot be read.
    """
    try:
        if next(home.glob("name-*.key"), None) is None:
            return 0
    except OSError as error:
        raise Unavailable(
            "database.io",
            f"{home.name}: its keys of names cannot be listed: {error.strerror}",
            cure="Check the disk.",
        ) from error
    path, count = home / "store.db", 0
    names = open_names(path)
    try:
        with read_blocks(store, path) as blocks:
            if blocks is None:
                return 0
            for name in names.known():
                with contextlib.suppress(Error):
                    count += _renew(home, names, blocks, name, now_ms)
    finally:
        names.database.close()
    return count


def _renew(home: Path, names: Names, blocks: Blocks, name: IpnsName, now_ms: int) -> bool:
    kept = names.find(name)
    if kept is None or not kept.label or not kept.given:
        return False
    said = kept.record.said
    key = find_key(home, kept.label)
    is_due = said.ends_ns // _MS_NS - now_ms <= kept.lifetime_ms // 2
    if key is None or key.public != name.public or not is_due:
        return False
    value = value_of(blocks, said.value.decode(errors="replace"))
    how = Publishing(lifetime_ms=kept.lifetime_ms, ttl_s=said.ttl_ns // SECOND_NS, now_ms=now_ms)
    names.keep(_sign(names, key, value, how))
    return True
