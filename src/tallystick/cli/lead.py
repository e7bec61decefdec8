"""`tally county lead`, `tally member agree|lead`: another orders, by the members' consents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.cli.place import Place, at_county, at_member
from tallystick.cli.spoken import Group, argument, option

if TYPE_CHECKING:
    from tallystick.kernel.ledger.term import Term

__all__ = ["add_agreeing", "add_leading"]


def add_leading(group: Group) -> None:
    """Add the verb that changes who orders to `tally county`."""

    @group.verb(
        "lead",
        zh="改由另一个成员排序：本文件夹里各成员都同意；县没有在运行时用",
        en="Let another member order: all members of this folder consent; while it is not served.",
    )
    @argument("leader", metavar="MEMBER", zh="改由谁排序", en="Who is to order.")
    @argument("folder", required=False, metavar="[COUNTY]", zh="县文件夹", en="As --county.")
    @at_county
    def lead(place: Place, *, leader: str, folder: str | None) -> dict[str, Any]:
        """Change who orders."""
        from tallystick.base.clock import SystemClock
        from tallystick.county.leading import lead_all

        home = Path(folder) if folder else place.county
        return _tell(lead_all(home, leader, clock=SystemClock()))


def add_agreeing(group: Group) -> None:
    """Add the verbs of one machine to `tally member`."""

    @group.verb(
        "agree",
        zh="本成员同意改由另一个成员排序；写入本机后才告诉别人",
        en="Let this member consent that another orders; it is on disk before it is told.",
    )
    @argument("leader", metavar="MEMBER", zh="改由谁排序", en="Who is to order.")
    @option(
        "--term",
        type=click.IntRange(0),
        default=0,
        metavar="N",
        zh="第几届；默认下一届",
        en="Of which term; by default the next.",
    )
    @at_member()
    def agree(place: Place, *, leader: str, term: int) -> dict[str, Any]:
        """Consent."""
        from tallystick.base.clock import SystemClock
        from tallystick.county.leading import agree as consent

        found = consent(place.county, place.need_member(), leader, clock=SystemClock(), term=term)
        return {
            "member": found.member,
            "term": found.term,
            "leader": found.leader,
            "height": found.height,
        }

    @group.verb(
        "lead",
        zh="收集其他成员的同意，由本成员排序；本成员没有在运行时用",
        en="Gather the others' consents, so that this member orders; while it is not served.",
    )
    @at_member()
    def lead(place: Place) -> dict[str, Any]:
        """Take the order over."""
        from tallystick.base.clock import SystemClock
        from tallystick.county.leading import lead_alone

        return _tell(lead_alone(place.county, place.need_member(), clock=SystemClock()))


def _tell(term: Term) -> dict[str, Any]:
    height, header = term.base
    return {
        "term": term.number,
        "leader": term.leader,
        "consents": len(term.consents),
        "height": height,
        "header": str(header),
    }
