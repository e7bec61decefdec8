"""One flipped byte in one member's file, who finds it, and its repair: the demo's proof of worth.

The byte is in a block's header on disk, as a disk fault or a hand would change it. The member's own
audit names height and field; the file being served on, another member's comparison names the same
height; the repair takes the block from the others and checks it against what they signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base.clock import Clock
from tallystick.base.codec import decode
from tallystick.base.errors import Corrupt
from tallystick.chain import schema
from tallystick.county.house import open_house
from tallystick.county.upkeep import repair_member, verify_county, verify_member
from tallystick.kernel.ledger.audit import Finding
from tallystick.kernel.ledger.compare import Difference, compare_chains

__all__ = ["Tampering", "flip_byte", "show_tampering"]

# Fields of a header whose value is long enough to be found in the file.
_FIELDS: Final = ("merkle_root", "state_root", "log_root")


@dataclass(frozen=True, slots=True)
class Tampering:
    """What was done, who saw it, and that it is whole again.

    Attributes:
        member: whose file was changed.
        height: of the block, as the audit names it.
        field: of the header, as the audit names it.
        expected: what should stand there; got: what stands there.
        found_by: the member itself and those whose comparison found it.
        sound: how many members' files verify after the repair.
    """

    member: str
    height: int
    field: str
    expected: str
    got: str
    found_by: tuple[str, ...]
    sound: int


def flip_byte(path: Path, header: bytes) -> str:
    """Flip one bit of a header field in `ledger.db`; return the field's name.

    The county must not be open: SQLite's write-ahead log is then in the file.

    Raises:
        Corrupt: no field of the header is found in the file.
    """
    fields: dict[str, Any] = decode(header, schema.HEADER)
    data = bytearray(path.read_bytes())
    for name in _FIELDS:
        at = data.find(fields[name])
        if at >= 0:
            data[at + len(fields[name]) // 2] ^= 1
            path.write_bytes(data)
            return name
    raise Corrupt(
        "tamper.not_found",
        f"{path.name} holds no field of that header",
        cure="Close the county first, so that its journal is in the file.",
    )


def show_tampering(folder: Path, clock: Clock, *, member: str, witness: str) -> Tampering:
    """Flip a byte of `member`'s file, let itself and `witness` find it, and repair it.

    Args:
        folder: the county's folder; no process has it open.
        clock: the county's clock.
        member: whose file is changed.
        witness: who compares.
    """
    with open_house(folder, clock) as house:
        replica = house.node(member).replica
        height = replica.tip.height // 2
        header = replica.header(height)
    flip_byte(folder / member / "ledger.db", header)
    audited = _first_block_fault(verify_member(folder, member).findings)
    compared = _compare(folder, clock, member, witness)
    repair_member(folder, member)
    sound = sum(report.is_sound for report in verify_county(folder))
    found_by = [member] if audited else []
    found_by += [witness] if any(each.height == height for each in compared) else []
    return Tampering(
        member,
        audited.height if audited else height,
        audited.field if audited else "",
        audited.expected if audited else "",
        audited.got if audited else "",
        tuple(found_by),
        sound,
    )


def _first_block_fault(findings: tuple[Finding, ...]) -> Finding | None:
    return next((each for each in findings if each.height > 0), None)


def _compare(folder: Path, clock: Clock, member: str, witness: str) -> list[Difference]:
    """Serve the changed file on, and let the witness compare all its blocks with its own."""
    with open_house(folder, clock) as house:
        replica = house.node(witness).replica
        heights = range(1, replica.tip.height + 1)
        found, _ = compare_chains(replica, house.link(witness), heights, [member])
        return found
