"""A member's private keys: drawn, kept in files of their owner's alone, renewed by a vote.

Laws: `member.key` holds the keys in force, mode 0600; renewed ones wait in `member.next` until the
members have voted them into the list, and then take its place; the old file stays as `member.old`,
for what was sealed to it. Those that wait while others are drawn wait on in `member.next-N`: a vote
on them may be under way, and keys that it brings in must be here. A seed is drawn on the member's
own machine and never leaves it.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.clock import Entropy
from tallystick.base.codec import decode, encode
from tallystick.base.errors import Corrupt, Invalid, NotFound
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.membership import pop_message
from tallystick.chain.wrap import public_of
from tallystick.kernel.ledger.voting import list_waiting, set_waiting_aside

__all__ = [
    "SEAL_ALG",
    "USES",
    "VOTE",
    "Secrets",
    "keep_renewed",
    "list_renewed",
    "prove_vote",
    "state_keys",
    "state_vote",
    "take_renewed",
]

USES: Final = ("tx", "note", "link", "seal")
VOTE: Final = "bft"
"""The use of a validator's key, which is kept apart (`kernel.ledger.voting`)."""
SEAL_ALG: Final = 2
SIGN_ALG: Final = 1
_KEY, _NEXT, _OLD = "member.key", "member.next", "member.old"
_SECRETS: Final = codec.shape({name: codec.exact_bytes(32) for name in USES})


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """A member's private keys, one a use, as 32-byte seeds."""

    tx: bytes
    note: bytes
    link: bytes
    seal: bytes

    @classmethod
    def draw(cls, entropy: Entropy) -> Secrets:
        """Return fresh keys."""
        return cls(*(entropy.draw("key", 32) for _ in USES))

    def renew(self, entropy: Entropy, uses: Collection[str]) -> Secrets:
        """Return them with fresh keys for some uses."""
        return replace(self, **{use: entropy.draw("key", 32) for use in USES if use in uses})

    def public(self, use: str) -> bytes:
        """Return the public key of a use."""
        seed: bytes = getattr(self, use)
        return public_of(seed, SEAL_ALG) if use == "seal" else SigningKey.from_seed(seed).public

    def is_among(self, pubs: Collection[bytes]) -> bool:
        """Tell whether the public half of each is among these."""
        return all(self.public(use) in pubs for use in USES)

    def write(self, path: Path) -> None:
        """Write them for their owner alone; FileExistsError if there are some already."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(encode({use: getattr(self, use) for use in USES}))
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def read(cls, path: Path) -> Secrets:
        """Return the keys of a file.

        Raises:
            NotFound: `node.no_keys`.
            Corrupt: `node.bad_keys`.
        """
        if not path.is_file():
            raise NotFound(
                "node.no_keys",
                "the member's folder holds no keys",
                cure="Restore member.key; without a backup draw keys anew: tally member renew.",
            )
        try:
            return cls(**decode(path.read_bytes(), _SECRETS))
        except Invalid as error:
            raise Corrupt(
                "node.bad_keys",
                f"{path.name} is not what was written",
                cure="Restore that file from a backup; without one put it aside and draw keys anew:"
                " tally member renew.",
                file=path.name,
            ) from error


def list_renewed(folder: Path) -> list[Path]:
    """Return the files of renewed keys that wait for a vote, those drawn last first."""
    return list_waiting(folder / _NEXT)


def keep_renewed(folder: Path, renewed: Secrets) -> None:
    """Keep renewed keys beside those in force until a vote brings them in."""
    set_waiting_aside(folder / _NEXT)
    renewed.write(folder / _NEXT)


def take_renewed(folder: Path, members: Members) -> Secrets:
    """Return a member's keys; renewed ones that stand in the list take the place of the old."""
    held = Secrets.read(folder / _KEY)
    listed = members.by_name.get(folder.name)
    pubs = {key.pub for key in listed.keys} if listed else set()
    if held.is_among(pubs):
        return held
    for waiting in list_renewed(folder):
        renewed = Secrets.read(waiting)
        if renewed.is_among(pubs):
            break
    else:
        return held
    # A second name first, then one rename: a crash at any moment leaves `member.key` whole.
    (folder / _OLD).unlink(missing_ok=True)
    (folder / _OLD).hardlink_to(folder / _KEY)
    waiting.replace(folder / _KEY)
    return renewed


def state_keys(
    secrets: Secrets,
    listed: Member | None,
    *,
    chain: bytes,
    member: str,
    top: int,
    vote: bytes = b"",
) -> list[dict[str, Any]]:
    """Return a member's keys as a change states them: kept ones as listed, new ones with proof.

    Args:
        secrets: all its keys from now on.
        listed: the member as the list has it; None for one that joins.
        chain: the chain's name, which each proof is bound to.
        member: its name.
        top: the greatest key number it ever had, 0 for a new member.
        vote: the seed of a `bft` key in the place of those it has; b"" keeps them.
    """
    held = {key.pub: key for key in listed.keys} if listed else {}
    seeds = {use: getattr(secrets, use) for use in USES} | ({VOTE: vote} if vote else {})
    found: list[dict[str, Any]] = []
    for use, seed in seeds.items():
        pub = SigningKey.from_seed(seed).public if use == VOTE else secrets.public(use)
        if pub in held:
            found.append(_kept(held[pub]))
            continue
        top += 1
        alg = SEAL_ALG if use == "seal" else SIGN_ALG
        stated: dict[str, Any] = {"key": top, "use": use, "alg": alg, "pub": pub}
        if alg == SIGN_ALG:
            stated["pop"] = SigningKey.from_seed(seed).sign(pop_message(chain, member, stated))
        found.append(stated)
    found += [_kept(key) for key in held.values() if key.use not in seeds]
    return sorted(found, key=lambda each: int(each["key"]))


def state_vote(number: int, public: bytes, proof: bytes) -> dict[str, Any]:
    """Return a key to vote by as a change states it, new and with its proof."""
    return {"key": number, "use": VOTE, "alg": SIGN_ALG, "pub": public, "pop": proof}


def prove_vote(seed: bytes, *, chain: bytes, member: str, number: int) -> bytes:
    """Return the proof of a key to vote by: its own signature for a chain, member and number.

    Args:
        seed: the key's, 32 bytes.
        chain: the chain's name.
        member: whose it is to be.
        number: what the list is to call it.
    """
    key = SigningKey.from_seed(seed)
    return key.sign(pop_message(chain, member, state_vote(number, key.public, b"")))


def _kept(key: Key) -> dict[str, Any]:
    tree = key.tree()
    del tree["from"]
    return tree
