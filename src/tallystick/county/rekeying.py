"""A member comes back with fresh keys: its signing key was revoked or lost, or it had left.

It cannot propose them itself, for nothing that it signs is admitted: they are drawn here, its card
shows them, and another member proposes them by that card. Laws: the card's keys are numbered after
all that the member ever had, which each proof on it covers, so that it counts once; who brings it
only proposes, and the votes decide. Limits: what was sealed to the old seal key is opened by it
alone, which stays as `member.old` where it is still there.
"""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

from tallystick.base.clock import Entropy
from tallystick.base.codec import sha256
from tallystick.base.errors import Error, NotFound
from tallystick.chain.block import Tip
from tallystick.chain.membership import read_top
from tallystick.county.carding import (
    find_place,
    show_member,
    sign_card,
    state_chain,
    write_card,
)
from tallystick.county.founding import read_county
from tallystick.county.member import Member
from tallystick.kernel.access.secrets import USES, Secrets, keep_renewed, list_renewed
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.tables import load_tip, read_file

__all__ = ["draw_anew", "find_after"]


def find_after(folder: Path, name: str, chain: bytes) -> int:
    """Return the greatest number of a key that a member ever had, as far as is known here.

    Args:
        folder: with copies of the chain in folders of their members, or with none.
        name: the member's.
        chain: that chain's digest.

    Returns:
        What the copy tells that is ahead; 0 where none is there, or can be read.
    """
    newest, after = -1, 0
    for path in sorted(folder.glob("*/ledger.db")):
        # A copy that is damaged is told of by its own member; another will do.
        with suppress(Error), closing(read_file(path)) as database:
            database.hold()
            rows = Rows(database)
            tip = load_tip(rows)
            if tip.genesis.chain == chain and tip.height > newest:
                newest, after = tip.height, read_top(rows.state, name)
    return after


def draw_anew(home: Path, entropy: Entropy) -> tuple[Path, str]:
    """Draw all keys of a member anew in its own folder, and write the card that shows them.

    They wait in `member.next` until the vote brings them in, or are `member.key` where that is
    lost. Asked again before the vote, those that wait stay, and the card is written anew.

    Args:
        home: the member's own folder, beside the county's public files; it may be served.
        entropy: draws the keys.

    Returns:
        The card's path, and its digest.

    Raises:
        NotFound: `member.elsewhere`, its copy is not here; `member.unknown`, that copy's list and
            the founders' have no member of this name.
    """
    if not (home / "ledger.db").is_file():
        raise NotFound(
            "member.elsewhere",
            f"the folder of {home.name} is not here, or holds no copy of the chain",
            cure="Open it where it is. Where it is lost: tally member new --chain.",
        )
    with closing(read_file(home / "ledger.db")) as database:
        database.hold()
        rows = Rows(database)
        tip, after = load_tip(rows), read_top(rows.state, home.name)
        member, secrets = _find_member(home, tip), _take_secrets(home, rows)
    is_kept = secrets is not None
    secrets = secrets or Secrets.draw(entropy)
    tree = {
        **show_member(member),
        "keys": {use: secrets.public(use).hex() for use in USES},
        **find_place(home)[0],
        **state_chain(secrets, tip.genesis.chain, home.name, after=after),
    }
    card, text = sign_card(tree, secrets)
    if not (home / "member.key").is_file():
        secrets.write(home / "member.key")
    elif not is_kept:
        keep_renewed(home, secrets)
    return write_card(home, text), card.digest


def _take_secrets(home: Path, rows: Rows) -> Secrets | None:
    """Return the keys that were drawn here and of which the chain has seen none, if there are any.

    Others wait on beside those of the card: a renewal of some uses, whether it is still voted on,
    was taken back or lost its vote.
    """
    for path in (*list_renewed(home), home / "member.key"):
        held = Secrets.read(path) if path.is_file() else None
        if held is not None and not any(
            rows.state(b"pub/" + sha256(held.public(use))) is not None for use in USES
        ):
            return held
    return None


def _find_member(home: Path, tip: Tip) -> Member:
    """Return what a member is, by the list in force, or by the founders where it has left."""
    founders = {each.name: each for each in read_county(home.parent).members}
    listed = tip.members.by_name.get(home.name)
    if listed is not None:
        return founders.get(home.name, Member(home.name, listed.role, home.name, home.name))
    if home.name not in founders:
        raise NotFound(
            "member.unknown",
            f"neither the list of its own copy nor the founders' holds {home.name}",
            cure="Draw a card for a folder anew: tally member new --chain.",
        )
    return founders[home.name]
