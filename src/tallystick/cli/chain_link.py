"""`tally chain list|anchor|own|approve`: what a county's chains know of each other."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.base.errors import Conflict
from tallystick.cli.place import Place, at_county, at_member
from tallystick.cli.spoken import Group, argument, option

if TYPE_CHECKING:
    from tallystick.county.house import House

__all__ = ["add_linking"]


def add_linking(group: Group) -> None:
    """Add the verbs of linked chains to `tally chain`."""
    _add_list(group)
    _add_anchor(group)
    _add_own(group)
    _add_approve(group)


def _add_list(group: Group) -> None:
    @group.verb("list", zh="列出本链和相连的链", en="List this chain and those linked to it.")
    @at_member()
    def list_(place: Place) -> list[Any]:
        """List the chains."""
        with place.office(any_member=True) as office:
            rows: list[Any] = office.list_chains()
        if place.is_json:
            return rows
        return [
            {
                "chain": row["chain"][:16],
                "name": row["name"],
                "kind": row["kind"],
                "size": row["size"],
                "anchored": row["anchors"][0]["anchored_height"] if row["anchors"] else "",
            }
            for row in rows
        ]


def _add_anchor(group: Group) -> None:
    @group.verb(
        "anchor",
        zh="现在就锚定：各链锚到公开链，两条链互相；或一个成员自己的链锚到共享链；运行中的县自动锚定",
        en="Anchor now: each chain in the public one, two in each other; or a member's own in the"
        " shared one. A county that is served does so by itself.",
    )
    @argument("folder", required=False, metavar="[COUNTY]", zh="县文件夹", en="As --county.")
    @option("--own", default="", metavar="MEMBER", zh="谁自己的链", en="Whose own chain.")
    @at_county
    def anchor(place: Place, *, folder: str | None, own: str) -> dict[str, Any]:
        """Anchor chains."""
        from tallystick.base.clock import SystemClock
        from tallystick.county.chains import (
            COUNTY,
            anchor_house,
            find_chains,
            open_alone,
            open_chains,
        )
        from tallystick.county.founding import read_county
        from tallystick.county.single import find_single

        home = Path(folder) if folder else place.county
        _check_at_rest(home, own)
        if not own:
            held = COUNTY in find_chains(home)
            single = find_single(home, read_county(home)) if held else ""
            alone = open_alone(home, single, SystemClock()) if single else None
            with alone or open_chains(home, SystemClock()) as chains:
                return {"anchors": chains.anchor()}
        with ExitStack() as opened:
            private, shared = _open_own(home, own, opened)
            return {"anchors": anchor_house(private, shared, by=own)}


def _check_at_rest(home: Path, own: str) -> None:
    """Refuse to anchor beside a server, which does so by itself.

    Raises:
        Conflict: `node.locked`.
    """
    from tallystick.cli.opening import read_address

    if read_address(home) or (own and read_address(home / own)):
        raise Conflict(
            "node.locked",
            f"{home.name} is served: what is new on a chain is anchored by its server, every few"
            " seconds (--anchor-every)",
            cure="Wait for it: tally chain list tells how far it is. Or end the server first.",
        )


def _open_own(home: Path, member: str, opened: ExitStack) -> tuple[House, House]:
    from tallystick.base.clock import SystemClock
    from tallystick.county.chains import OWN
    from tallystick.county.house import open_house

    clock = SystemClock()
    private = opened.enter_context(open_house(home / member / OWN, clock))
    return private, opened.enter_context(open_house(home, clock))


def _add_own(group: Group) -> None:
    @group.verb(
        "own",
        zh="为本成员建立自己的私有链，并让共享链知道它",
        en="Found a chain of this member's own and make it known on the shared one.",
    )
    @at_member(writes=True)
    def own(place: Place) -> dict[str, Any]:
        """Found a private chain."""
        from tallystick.base.clock import SystemClock
        from tallystick.county.chains import anchor_house, found_own

        member = place.need_member()
        found = found_own(place.county, member, clock=SystemClock())
        with ExitStack() as opened:
            private, shared = _open_own(place.county, member, opened)
            genesis = private.orderer.replica.genesis
            node = shared.node(member)
            node.catch_up()
            node.anchoring.link_own(genesis.data, genesis.members.data)
            return {
                "chain": found.name,
                "member": member,
                "anchors": anchor_house(private, shared, by=member),
            }


def _add_approve(group: Group) -> None:
    @group.verb(
        "approve",
        zh="部门在行政链上批准另一条链上一个案件的财政资金",
        en="Approve public money for a case of the other chain: a department's act on the"
        " administrative one.",
    )
    @argument("case", zh="案件编号", en="The case's id.")
    @option("--programme", required=True, metavar="CODE", zh="项目", en="The programme.")
    @option(
        "--amount",
        required=True,
        type=click.IntRange(1),
        metavar="FEN",
        zh="至多多少，单位分",
        en="At most how much, in fen.",
    )
    @at_member(writes=True)
    def approve(place: Place, *, case: str, programme: str, amount: int) -> dict[str, Any]:
        """Approve public money."""
        with place.office() as office:
            return office.approve_subsidy(case, programme=programme, amount_minor=amount)
