"""A validator's keys: drawn, kept in a file of their owner's alone, renewed by a vote.

Laws: `bft.key` holds the key that votes and the one that names the engine's node, mode 0600; a
renewed key waits in `bft.next` until the members have voted it into the list, and then takes the
place of the old, which is not kept: it proves nothing, opens nothing, and may not sign again. One
that waits while another is drawn waits on in `bft.next-N`: a vote on it may be under way.
`bft.used` names every key that voted from this folder, the newest last, each beside a check: none
of them begins anew, and none votes while a line there is not sound.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tallystick.base import codec
from tallystick.base.clock import Entropy
from tallystick.base.codec import decode, encode, sha256
from tallystick.base.errors import Conflict, Corrupt, Invalid, NotFound
from tallystick.base.keys import SigningKey
from tallystick.chain.block import Tip
from tallystick.chain.member import Key
from tallystick.kernel.store.folder import sync_path

__all__ = [
    "KEY_FILE",
    "NEXT_FILE",
    "USED_FILE",
    "EngineKeys",
    "check_used",
    "draw_vote",
    "find_new_vote",
    "keys_waiting",
    "list_used",
    "list_waiting",
    "no_vote",
    "note_used",
    "replace_file",
    "set_waiting_aside",
    "take_vote",
    "validates",
]

KEY_FILE: Final = "bft.key"
NEXT_FILE: Final = "bft.next"
USED_FILE: Final = "bft.used"
_KEYS: Final = codec.shape({"bft": codec.exact_bytes(32), "node": codec.exact_bytes(32)})
_NODE_ID_SIZE: Final = 20
_USED_LINE: Final = re.compile(r"(?P<key>[0-9a-f]{64})(?: (?P<check>[0-9a-f]{16}))?")
_CHECK_SIZE: Final = 8


@dataclass(frozen=True, slots=True, repr=False)
class EngineKeys:
    """A member's keys for the engine, as 32-byte seeds; kept in `bft.key`, mode 0600.

    Attributes:
        bft: signs the engine's votes; its public half stands in the members list.
        node: names the node's connections.
    """

    bft: bytes
    node: bytes

    @classmethod
    def draw(cls, entropy: Entropy) -> EngineKeys:
        """Return fresh keys."""
        return cls(entropy.draw("key", 32), entropy.draw("key", 32))

    def write(self, path: Path) -> None:
        """Write them for their owner alone; FileExistsError if there are some already."""
        _write_new(path, encode({"bft": self.bft, "node": self.node}))

    @classmethod
    def read(cls, path: Path) -> EngineKeys:
        """Return the keys of a file.

        Raises:
            NotFound: `engine.no_keys`.
            Corrupt: `engine.bad_keys`.
        """
        if not path.is_file():
            raise no_vote()
        try:
            return cls(**decode(path.read_bytes(), _KEYS))
        except Invalid as error:
            raise Corrupt(
                "engine.bad_keys", "bft.key is not what was written", cure="Restore bft.key."
            ) from error

    @property
    def public(self) -> bytes:
        """The validator's public key, 32 bytes."""
        return SigningKey.from_seed(self.bft).public

    @property
    def node_id(self) -> str:
        """What peers call the node: 40 hexadecimal digits."""
        return sha256(SigningKey.from_seed(self.node).public)[:_NODE_ID_SIZE].hex()


def keys_waiting(member: str) -> Conflict:
    """Return the error for keys that are to be renewed while others wait for a vote."""
    return Conflict(
        "node.keys_waiting",
        f"{member} holds renewed keys that wait for the members' votes",
        cure="Wait for that vote, or take it back: tally change no.",
    )


def validates(member: str) -> Conflict:
    """Return the error for a member that is to come to validate, and does already."""
    return Conflict(
        "engine.validates",
        f"{member} validates, or did: an engine of it votes, or has voted",
        cure="Draw its key anew: tally change renew --use bft; restore bft.key where it is lost.",
    )


def no_vote() -> NotFound:
    """Return the error for a member that is to vote and has no key of an engine."""
    return NotFound(
        "engine.no_keys",
        "the member's folder holds no bft.key that votes",
        cure="Restore bft.key. A member that follows draws one by tally member engine.",
    )


def list_waiting(path: Path) -> list[Path]:
    """Return the file of keys that wait for a vote and those set aside for it, the newest first."""
    found = {
        int(number): each
        for each in path.parent.glob(f"{path.name}-*")
        if (number := each.name.removeprefix(f"{path.name}-")).isdecimal()
    }
    older = [found[number] for number in sorted(found, reverse=True)]
    return [path, *older] if path.is_file() else older


def set_waiting_aside(path: Path) -> None:
    """Let keys wait on under another name, where there are some: a vote on them may be under way.

    Nothing here tells that there is none: others propose keys by a card, and what this member
    signed may be on its way.
    """
    if path.is_file():
        number = next(
            each
            for each in itertools.count(1)
            if not path.with_name(f"{path.name}-{each}").exists()
        )
        path.rename(path.with_name(f"{path.name}-{number}"))
        sync_path(path.parent)


def draw_vote(folder: Path, entropy: Entropy) -> bytes:
    """Draw a key to vote by and keep it beside the one in force; return its seed, 32 bytes.

    Raises:
        NotFound: `engine.no_keys`, the member does not validate.
    """
    fresh = replace(EngineKeys.read(folder / KEY_FILE), bft=entropy.draw("key", 32))
    set_waiting_aside(folder / NEXT_FILE)
    fresh.write(folder / NEXT_FILE)
    return fresh.bft


def find_new_vote(folder: Path, tip: Tip) -> Key | None:
    """Return a key that waits, as the list has it, if it is the member's vote from the next height.

    A file that is damaged holds none: the member goes on, and draws another.
    """
    return None if (found := _find_new(folder, tip)) is None else found[1]


def _find_new(folder: Path, tip: Tip) -> tuple[Path, Key] | None:
    waiting = list_waiting(folder / NEXT_FILE)
    valid = list(tip.members.keys(folder.name, "bft", tip.height + 1)) if waiting else []
    for path in waiting if valid else ():
        with contextlib.suppress(Corrupt):
            if EngineKeys.read(path).public == valid[-1].pub:
                return path, valid[-1]
    return None


def take_vote(folder: Path, tip: Tip) -> EngineKeys:
    """Return a member's keys; one that was voted in takes the place of the old.

    The engine must not be running. After a crash at any moment `bft.key` is whole, and the old key
    stands among those that were used.

    Raises:
        NotFound: `engine.no_keys`.
        Corrupt: `engine.bad_keys`.
    """
    if (found := _find_new(folder, tip)) is not None:
        # What a line that is not sound named was voted out at the latest with this key: the others
        # do not count it, and the file is whole from now on.
        sound, _ = _read_used(folder)
        _write_used(folder, sound, EngineKeys.read(folder / KEY_FILE).public)
        found[0].replace(folder / KEY_FILE)
        sync_path(folder)
    return EngineKeys.read(folder / KEY_FILE)


def list_used(folder: Path) -> list[str]:
    """Return the public keys that voted from this folder, in hex, the newest last.

    Raises:
        Corrupt: `engine.bad_used`, a key is not to be read: which may not vote is not known.
    """
    sound, is_whole = _read_used(folder)
    if not is_whole:
        raise Corrupt(
            "engine.bad_used",
            "bft.used is not what was written: which keys voted from this folder is not known",
            cure="Restore bft.used with bft.key from a backup made since bft.key was last drawn;"
            " without one: tally change renew --use bft.",
        )
    return sound


def check_used(folder: Path) -> None:
    """Refuse a `bft.used` that is not sound: Corrupt `engine.bad_used`; none is."""
    list_used(folder)


def note_used(folder: Path, public: bytes) -> None:
    """Remember a key as one that voted from this folder; durable once this returns.

    Lines without a check get theirs.

    Raises:
        Corrupt: `engine.bad_used`.
    """
    _write_used(folder, list_used(folder), public)


def _read_used(folder: Path) -> tuple[list[str], bool]:
    """Return the keys of the lines that are sound, and whether all are.

    Lines of earlier programs have no check; a file without a line was never written.
    """
    path, sound = folder / USED_FILE, list[str]()
    if not path.is_file():
        return sound, True
    lines = path.read_bytes().decode("ascii", "replace").removesuffix("\n").split("\n")
    for line in lines:
        found = _USED_LINE.fullmatch(line)
        if found is not None and found["check"] in {None, _check_of(found["key"])}:
            sound.append(found["key"])
    return sound, len(sound) == len(lines)


def _write_used(folder: Path, used: list[str], public: bytes) -> None:
    """Write the keys that voted, and one more; nothing where that is what stands there."""
    path, own = folder / USED_FILE, public.hex()
    keys = used if own in used else [*used, own]
    text = "\n".join(f"{key} {_check_of(key)}" for key in keys)
    if not path.is_file() or path.read_bytes() != text.encode():
        replace_file(path, text)


def _check_of(key: str) -> str:
    return sha256(key.encode())[:_CHECK_SIZE].hex()


def replace_file(path: Path, text: str) -> None:
    """Write a file for its owner alone, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _write_new(fresh, text.encode())
    fresh.replace(path)
    sync_path(path.parent)


def _write_new(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    sync_path(path.parent)
