"""Names of the InterPlanetary Name System: the public key that signs for them, written as a CID.

A name is the identity multihash of the key as libp2p writes it, in a CID of codec libp2p-key. It is
printed in base36; read are all bases of `unixfs/multibase.py`, and the bare base58btc of libp2p.
Limits: Ed25519 alone; names of RSA keys, which are older, are known and refused by name.
Source: IPNS record specification of 2023-10-03, "IPNS Name"; libp2p peer IDs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import Invalid
from tallystick.base.keys import PUBLIC_SIZE, SEED_SIZE, SigningKey
from tallystick.kernel.store.ipns.fault import refuse_key_type, refuse_name
from tallystick.kernel.store.unixfs.multibase import read_base, write_base36

__all__ = ["IpnsName", "read_key", "write_key", "write_public"]

_PUBLIC: Final = bytes((0x08, 1, 0x12, PUBLIC_SIZE))
"""Field 1, the kind of key, is Ed25519; field 2 holds the key."""
_PRIVATE: Final = bytes((0x08, 1, 0x12, SEED_SIZE + PUBLIC_SIZE))
_IDENTITY: Final = bytes((0x00, len(_PUBLIC) + PUBLIC_SIZE))
_LIBP2P_KEY: Final = 0x72
_PREFIX: Final = bytes((1, _LIBP2P_KEY)) + _IDENTITY + _PUBLIC
_SHA256: Final = bytes((0x12, 0x20))


@dataclass(frozen=True, slots=True, order=True)
class IpnsName:
    """A name, by its key.

    Args:
        public: the Ed25519 key that signs its records, 32 bytes.
    """

    public: bytes

    def __post_init__(self) -> None:
        """Refuse what is no key by its length."""
        assert len(self.public) == PUBLIC_SIZE

    def __str__(self) -> str:
        """Return the name as IPFS tools print it: a CID in base36."""
        return write_base36(_PREFIX + self.public)

    @classmethod
    def parse(cls, text: str) -> IpnsName:
        """Return the name of a text.

        Raises:
            Invalid: `ipns.name`; `ipns.key_type`, it is one of another kind of key.

        >>> name = IpnsName(bytes(31) + b"x")
        >>> IpnsName.parse(str(name)) == name
        True
        """
        try:
            raw = _read(text)
        except Invalid as error:
            raise refuse_name(error.message.removeprefix("not a CID: ")) from error
        if raw.startswith(_PREFIX) and len(raw) == len(_PREFIX) + PUBLIC_SIZE:
            return cls(raw[len(_PREFIX) :])
        if raw[:2] != _PREFIX[:2]:
            raise refuse_name("its codec is not libp2p-key")
        if _is_other_key(raw[2:]):
            raise refuse_key_type()
        raise refuse_name("it holds neither a key nor the hash of one")


def _read(text: str) -> bytes:
    """Return the bytes of the CID, also of a name that is written as a bare multihash."""
    if text.startswith("1"):
        # In base58 the first sign stands for the zero byte of the identity function.
        return _PREFIX[:2] + b"\0" + read_base("z" + text[1:])
    if text.startswith("Qm"):
        return _PREFIX[:2] + read_base("z" + text)
    return read_base(text)


def _is_other_key(multihash: bytes) -> bool:
    """Tell whether it is the hash of a key, or holds a key of another kind."""
    head, rest = multihash[:2], multihash[2:]
    if head == _SHA256:
        return len(rest) == _SHA256[1]
    return head[:1] == _IDENTITY[:1] and head[1:] == bytes((len(rest),)) and bool(rest)


def write_public(name: IpnsName) -> bytes:
    """Return a name's key as libp2p writes it."""
    return _PUBLIC + name.public


def write_key(key: SigningKey) -> bytes:
    """Return a private key as libp2p writes it, so that other IPFS tools take it."""
    return _PRIVATE + key.seed + key.public


def read_key(data: bytes) -> SigningKey | None:
    """Return the private key of such bytes; None where they are none, or its halves differ."""
    if len(data) != len(_PRIVATE) + SEED_SIZE + PUBLIC_SIZE or not data.startswith(_PRIVATE):
        return None
    key = SigningKey.from_seed(data[len(_PRIVATE) :][:SEED_SIZE])
    return key if write_key(key) == data else None
