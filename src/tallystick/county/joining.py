"""How a new member comes to a county that runs: its keys drawn at home, its card, its folder.

Laws: private keys are drawn on the member's own machine and never leave it; what it gives the
others is a card of public keys, each signing key proving itself for this one chain.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tallystick.base.clock import SystemEntropy
from tallystick.base.errors import Conflict, Invalid
from tallystick.chain import schema
from tallystick.chain.block import Genesis
from tallystick.charter import CHARTER, ROLES
from tallystick.kernel.access.secrets import Secrets, state_keys
from tallystick.kernel.ledger.replica import Replica

__all__ = ["draw_card"]


def draw_card(folder: Path, *, role: str, name: str, county: Path) -> dict[str, Any]:
    """Make a new member's folder and return its public card.

    The folder's name is the member's. It holds the private keys and a chain at genesis: once the
    members have voted the card in, it follows them from there.

    Args:
        folder: new; its name is the member's: `[a-z0-9._-]`, at most 24.
        role: one of the charter's.
        name: what it is called, at most 200 bytes.
        county: a folder with the chain's `genesis.cbor` and `members.cbor`.

    Raises:
        Conflict: `county.exists`, the folder is there already.
        Invalid: `county.role`, `member.name`, or the county's files are not there.
    """
    member = folder.resolve().name
    try:
        schema.NAME(member)
    except Invalid as error:
        raise Invalid(
            "member.name",
            f"{member!r} cannot be a member's name",
            cure="Name the folder by up to 24 of a-z 0-9 . _ -",
        ) from error
    if role not in ROLES:
        raise Invalid("county.role", f"{role} is no role", cure="See `tally rules`.")
    try:
        genesis = Genesis.read(
            (county / "genesis.cbor").read_bytes(), (county / "members.cbor").read_bytes()
        )
    except FileNotFoundError as error:
        raise Invalid(
            "county.missing",
            f"{county.name} holds no genesis.cbor and members.cbor",
            cure="Copy both from any member; they are public.",
        ) from error
    if folder.exists():
        raise Conflict(
            "county.exists", f"{folder.name} is there already", cure="Choose another folder."
        )
    folder.mkdir(mode=0o700, parents=True)
    secrets = Secrets.draw(SystemEntropy())
    secrets.write(folder / "member.key")
    Replica.create(folder / "ledger.db", genesis.data, genesis.members.data, CHARTER).close()
    keys = state_keys(secrets, None, chain=genesis.chain, member=member, top=0)
    told = [
        {field: each.hex() if isinstance(each, bytes) else each for field, each in key.items()}
        for key in keys
    ]
    return {"member": member, "role": role, "name": name, "keys": told}
