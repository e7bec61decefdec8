"""What an audit says of one member's file: each place that differs, by height and field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.base.codec import Cid
from tallystick.base.errors import Error
from tallystick.kernel.ledger.kept import Kept

__all__ = ["FINDINGS_MAX", "Finding", "Report", "finding_of"]

FINDINGS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a member's file differs from the chain.

    Attributes:
        height: the block's, -1 where the fault belongs to no height.
        field: the header's field, the table, or the page; `unchecked` for what no block run again
            tells, with the height expected and the one reached.
        detail: which row, transaction, record or key; "" if the field says all.
        expected: what should stand there, as far as it is known.
        got: what stands there.
    """

    height: int
    field: str
    detail: str = ""
    expected: str = ""
    got: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found.

    Attributes:
        member: whose file it is.
        chain: the chain's digest, 32 bytes.
        height: how far the chain could be run again.
        header: the CID of the last header run.
        findings: what differs, at most 1,000; none proves the file sound up to `height`.
        first: the lowest height that was run again.
        kept: what a later audit may begin from, where it was asked for; None if the file is not
            sound or holds no checkpoint of authority.
    """

    member: str
    chain: bytes
    height: int
    header: Cid | None
    findings: tuple[Finding, ...]
    first: int = 1
    kept: Kept | None = None

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing differs."""
        return not self.findings


def finding_of(error: Error, height: int, field: str) -> Finding:
    """Return the finding for a part that could not be read; `field` names it if nothing finer."""
    place = error.values.get("field", field)
    if error.code == "database.corrupt":
        place = "page"
    return Finding(height, str(place), error.message, "", error.code)
