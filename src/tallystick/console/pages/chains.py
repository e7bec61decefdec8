"""Chains: how a county's chains know of each other, how far, and since when.

Laws: of another chain is told what is anchored here, and as that; what is new there is told only
where this machine keeps it too. Approving public money is offered to departments, on their chain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui
from nicegui.elements.html import Html

from tallystick.console.charts import show_figures
from tallystick.console.kit import (
    boxed,
    button,
    card,
    empty,
    fill,
    grid,
    item,
    join,
    pairs,
    show,
    stack,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.chains_approve import can_approve, open_approval
from tallystick.console.pages.chains_tracks import draw_tracks, list_rows
from tallystick.console.pages.chains_words import (
    count_entries,
    count_records,
    name_chain,
    say_ago,
    say_chain,
)
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock
from tallystick.text.wording import format_count

__all__ = ["show_page"]

LOOK_S: Final = 10.0
"""How often the page asks again: time passes, and another chain grows, without a block here."""
NAME_SIGNS: Final = 16
Chain = Mapping[str, Any]


async def show_page(v: Visit, live: Live) -> None:
    """Show this chain, those linked to it, and their anchors."""
    chains, members = await asyncio.gather(v.client.get("/chains"), v.client.get("/members"))
    role = next((each["role"] for each in members["items"] if each["member"] == v.member), "")
    page = _Page(v, chains["items"], may_approve=can_approve(v, chains["items"], role))
    live.watch(ui.context.client, "page", page.draw)
    ui.timer(LOOK_S, page.draw, immediate=False)


class _Page:
    """The page's parts, each drawn anew where what it shows has changed."""

    def __init__(self, v: Visit, chains: Sequence[Chain], *, may_approve: bool) -> None:
        self._v = v
        self._may_approve = may_approve
        self._seen: object = None
        self._is_open = False
        self._is_alone = len(chains) == 1
        self._show_head()
        if self._is_alone:
            show(card(v.t("相连的链", "Linked chains"), _draw_alone(v), pad=False))
            return
        with grid("g-side"):
            with stack():
                with boxed(
                    v.t("并排看", "Side by side"),
                    right=v.t("最新的在上面", "Newest on top"),
                    note=_say_arrow(v),
                ):
                    self._tracks = show(fill(""))
                    self._table = ui.element("div")
                show(card(v.t("锚定说明什么", "What an anchor shows"), _say_meaning(v)))
            with stack():
                self._others = show(fill(""), "stack")
                self._own = show(fill(""))
        self._draw(chains)

    def _show_head(self) -> None:
        v = self._v
        with ui.element("div").classes("k-head"):
            show(
                fill(
                    '<h1 tabindex="-1">{}</h1><p class="soft">{}</p>',
                    v.t("几本账", "Chains"),
                    v.t(
                        "一个县可以有几条链，各记各的账，又互相锚定：谁也不能单独改自己的过去。",
                        "A county may keep several chains. Each keeps its own records and is"
                        " anchored in the others, so none can rewrite its past alone.",
                    ),
                )
            )
            with ui.element("div").classes("act"):
                if self._may_approve:
                    words = v.t("批准财政资金", "Approve public money")
                    button(words, lambda: open_approval(v, self.draw), "badge-check", "first")

    async def draw(self, _: Health | None = None) -> None:
        """Ask for the chains and show what changed."""
        chains = (await self._v.client.get("/chains"))["items"]
        if self._is_alone and len(chains) > 1:
            ui.navigate.reload()
        elif not self._is_alone:
            self._draw(chains)

    def _draw(self, chains: Sequence[Chain]) -> None:
        v, now_ms = self._v, self._v.office.now_ms()
        own, *linked = chains
        _put(self._others, join(_draw_linked(v, own, each, now_ms) for each in linked))
        _put(self._own, _draw_own(v, own))
        if chains == self._seen:
            return
        self._seen = chains
        _put(self._tracks, draw_tracks(v, own, linked))
        self._draw_table(linked)

    def _draw_table(self, linked: Sequence[Chain]) -> None:
        """Show the figures; they stay open for whoever reads them."""
        v = self._v
        heads = [
            v.t("链", "Chain"),
            ">" + v.t("它的高度", "Its height"),
            ">" + v.t("它的日志（笔）", "Its log (entries)"),
            ">" + v.t("锚定在本链区块", "Anchored in block here"),
            v.t("时间", "Time"),
            v.t("谁锚定的", "Anchored by"),
        ]
        self._table.clear()
        with self._table:
            show_figures(v, heads, list(list_rows(v, linked)), v.t("锚定", "Anchors"), "anchors")
        folded = next(each for each in self._table.descendants() if each.tag == "details")
        if self._is_open:
            folded.props("open")
        folded.on("toggle", self._note_open, js_handler="(e) => emit(e.target.open)")

    def _note_open(self, event: Any) -> None:  # noqa: ANN401 - NiceGUI's event
        self._is_open = bool(event.args)


def _put(place: Html, markup: Markup) -> None:
    """Show a part anew where it has changed: what is read keeps its scroll."""
    if place.content != markup:
        place.set_content(markup)


# ---- the side


def _draw_linked(v: Visit, own: Chain, chain: Chain, now_ms: int) -> Markup:
    """Return what is known of a linked chain."""
    last = chain["anchors"][0] if chain["anchors"] else None
    state = tag(v.t("还没有锚定", "Not yet"), "warn")
    if chain["size"]:
        state = tag(v.t("已锚定", "Anchored"), "ok")
    lines = join(_say_demands(v, own, chain))
    body = fill('<div class="chain-facts">{}</div>{}', pairs(_facts(v, chain, last, now_ms)), lines)
    return card(name_chain(v, chain["kind"]), body, right=state)


def _facts(
    v: Visit, chain: Chain, last: Chain | None, now_ms: int
) -> Iterator[tuple[str, str | Markup]]:
    if last is not None:
        ago = say_ago(v, last["time"], now_ms)
        when = fill('<span title="{}">{}</span>', tell_clock(last["time"]), ago)
        yield v.t("上次锚定", "Last anchored"), when
        yield v.t("到它的高度", "Up to its height"), format_count(last["height"])
    elif chain["size"]:
        # The route tells the newest anchors of all chains: one that is quiet is not among them.
        yield v.t("上次锚定", "Last anchored"), v.t("早些时候", "some time ago")
    if chain["size"]:
        yield v.t("日志", "Its log"), count_entries(v, chain["size"])
    yield v.t("还没锚定的", "Not anchored yet"), _say_behind(v, chain)
    yield v.t("名称", "Name"), fill('<span class="mono">{}</span>', chain["name"])
    yield v.t("指纹", "Digest"), _draw_digest(chain)


def _say_behind(v: Visit, chain: Chain) -> str:
    if "behind" not in chain:
        return v.t("只有它的成员知道", "Known to its members alone")
    if not chain["behind"]:
        return v.t("没有", "Nothing")
    return count_records(v, chain["behind"])


def _say_demands(v: Visit, own: Chain, chain: Chain) -> Iterator[Markup]:
    other, here = say_chain(v, chain["kind"]), say_chain(v, own["kind"])
    if chain["demanded"]:
        yield item(
            "shield-check",
            v.t(
                f"财政资金在本链放款前，必须先在{other}上由部门批准，并凭证明放款。",
                f"Public money is paid out here only on proof that a department approved it on"
                f" {other}.",
            ),
            "ok",
        )
    elif (own["kind"], chain["kind"]) == ("administrative", "financial"):
        yield item(
            "shield-check",
            v.t(
                f"{other}上的财政资金，凭{here}上的批准放款。",
                f"Public money on {other} is paid out on approvals that stand on {here}.",
            ),
            "ok",
        )


def _draw_own(v: Visit, own: Chain) -> Markup:
    rows: list[tuple[str, str | Markup]] = [
        (v.t("种类", "Kind"), name_chain(v, own["kind"])),
        (v.t("高度", "Height"), v.t(f"{own['height']:,} 块", f"{own['height']:,} blocks")),
        (v.t("日志", "Log"), count_entries(v, own["size"])),
        (v.t("名称", "Name"), fill('<span class="mono">{}</span>', own["name"])),
        (v.t("指纹", "Digest"), _draw_digest(own)),
    ]
    more = fill(
        '<a class="link" href="{}">{}</a>', v.link("/ledger"), v.t("看本链的区块", "See its blocks")
    )
    return card(v.t("本链", "This chain"), pairs(rows), note=more)


def _draw_digest(chain: Chain) -> Markup:
    return fill(
        '<span class="mono" title="{}">{}\u2026</span>', chain["chain"], chain["chain"][:NAME_SIGNS]
    )


# ---- what it means


def _say_arrow(v: Visit) -> str:
    return v.t(
        "箭头：在本链的这个区块里，记下了另一条链走到哪个高度，由它三分之二以上的成员签过。",
        "An arrow: this block here records how far the other chain had come, as over two thirds of"
        " its members signed.",
    )


def _say_meaning(v: Visit) -> Markup:
    lines = (
        (
            "lock",
            v.t(
                "锚定以前的一切，那条链再也改不了：改了，就和这里记下的对不上。",
                "What that chain held before an anchor can no more be changed: a change would not"
                " agree with what is recorded here.",
            ),
        ),
        (
            "git-compare",
            v.t(
                "每次锚定都证明它是接着上一次往下写的；它的成员串通起来也拿不出两个过去。",
                "Each anchor proves that the log continues the one before, so even all of its"
                " members together cannot show two pasts.",
            ),
        ),
        (
            "file-check",
            v.t(
                "锚定以后，那条链上的一条记录可以在这里证明，例如部门的批准。",
                "Once anchored, a record of that chain can be proven here: a department's approval,"
                " for one.",
            ),
        ),
        (
            "refresh-cw",
            v.t(
                "运行中的县自动锚定，几秒一次；没有新记录就不锚定。",
                "A county that is served anchors by itself every few seconds, and only where"
                " something is new.",
            ),
        ),
    )
    return join(item(glyph, words) for glyph, words in lines)


def _draw_alone(v: Visit) -> Markup:
    """Return what stands where no chain is linked: how one would come."""
    return empty(
        "layers",
        v.t("没有别的链锚定在这里", "No other chain is anchored here"),
        v.t(
            "县里有公开链的，本链锚定在那里，人人可读。建县时可以分成两条：部门一条行政链，放款的一条金融链，"
            "互相锚定。以后也可以由成员表决，连上另一条链；一个成员也可以连上它自己的链。",
            "Where the county has a public chain, this one is anchored there, for anybody to read."
            " A county can be founded with two: an administrative one for departments and a"
            " financial one for lenders, each anchored in the other. Later, members can link"
            " another chain by a vote, and a member can link one of its own.",
        ),
        fill(
            '<span class="note12 dim">{} <span class="mono">tally county init --mode dual</span>'
            ' · <span class="mono">tally chain own</span></span>',
            v.t("操作员的命令：", "For the operator:"),
        ),
    )
