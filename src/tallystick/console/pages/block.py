"""One block: what stands in it, who wrote and who cosigned it, and its proof to take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.base.errors import NotFound
from tallystick.console.icons import icon
from tallystick.console.kit import (
    card,
    empty,
    fill,
    grid,
    join,
    link_button,
    pairs,
    show,
    show_head,
    stack,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.ledger_strip import draw_records
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock, tell_day
from tallystick.text.wording import format_count

__all__ = ["show_page"]

HEIGHT_DIGITS: Final = 15
Block = Mapping[str, Any]


async def show_page(v: Visit, live: Live, height: str) -> None:
    """Show a block.

    Args:
        v: the visit.
        live: tells what changed.
        height: as the address has it.

    Raises:
        NotFound: `ledger.no_block`, the chain has none of that height.
    """
    number = _parse_height(height)
    whole = ui.element("div").classes("stack")

    async def draw(_: Health | None = None) -> None:
        found = await v.client.get("/blocks", before=number + 1, limit=1)
        state = await v.client.get("/state")
        block = next(iter(found["items"]), None)
        if block is None or block["height"] != number:
            raise _no_block(height)
        readable = "fault" not in block
        path = f"/blocks/{number}/records"
        records = (await v.client.get(path))["items"] if readable else []
        whole.clear()
        with whole:
            _draw(v, block, records, state)

    await draw()
    live.watch(ui.context.client, "page", draw)


def _parse_height(height: str) -> int:
    if height.isascii() and height.isdigit() and len(height) <= HEIGHT_DIGITS and int(height):
        return int(height)
    raise _no_block(height)


def _no_block(height: str) -> NotFound:
    return NotFound(
        "ledger.no_block",
        f"the chain has no block {height[:HEIGHT_DIGITS]}",
        cure="Open the ledger's page and choose one.",
    )


def _draw(v: Visit, block: Block, records: list[Any], state: Mapping[str, Any]) -> None:
    height = block["height"]
    figure = format_count(height)
    wrong = [each for each in state["alarms"] if each["height"] == height]
    title = fill("{} {}", v.t(f"区块 {figure}", f"Block {figure}"), _tag_of(v, block, wrong))
    show_head(title, _sum_up(v, block), acts=_acts(v, block, state["height"]), crumb=_crumb(v))
    if wrong or "fault" in block:
        show(_draw_warning(v, wrong))
    with grid("g-side"):
        show(_draw_records(v, block, records))
        with stack():
            show(card(v.t("区块", "The block"), pairs(_facts(v, block))))
            show(_draw_cosigners(v, block, state["members"]))


def _crumb(v: Visit) -> Markup:
    return fill('<a href="{}">{}</a>', v.link("/ledger"), v.t("账本", "Ledger"))


def _tag_of(v: Visit, block: Block, wrong: list[Any]) -> Markup:
    if wrong or "fault" in block:
        return tag(v.t("有一份不一致", "A copy differs"), "alarm")
    if block["is_witnessed"]:
        return tag(v.t("已联署", "Cosigned"), "ok")
    return tag(v.t("等待联署", "Waits for cosignatures"), "warn")


def _sum_up(v: Visit, block: Block) -> str:
    if "fault" in block:
        return v.t("本单位这一份读不出。", "Our own copy of it is not readable.")
    day = tell_day(v, block["time"], sentence=True)
    time = tell_clock(block["time"])[6:]
    count, writers = block["records"], len(block["writers"])
    return v.t(
        f"{day} {time}，{writers} 家成员写了 {count} 条记录。",
        f"{day}, {time}: {count} {'record' if count == 1 else 'records'} by {writers}"
        f" {'member' if writers == 1 else 'members'}.",
    )


def _acts(v: Visit, block: Block, newest: int) -> Markup:
    height = block["height"]
    parts = []
    if height > 1:
        parts.append(
            link_button(v.t("上一块", "Before"), v.link(f"/ledger/{height - 1}"), "arrow-left")
        )
    if height < newest:
        parts.append(
            link_button(v.t("下一块", "Next"), v.link(f"/ledger/{height + 1}"), "arrow-right")
        )
    if "fault" not in block:
        parts.append(
            link_button(
                v.t("下载证明", "Download proof"),
                v.file(f"/proof/{height}"),
                "download",
                "first",
                leave=True,
            )
        )
    return join(parts)


def _draw_warning(v: Visit, wrong: list[Any]) -> Markup:
    whose = [v.name_of(each["member"]) for each in wrong]
    names = v.t("、", ", ").join(dict.fromkeys(whose)) or v.name_of(v.member)
    said = v.t(f"与其他成员不同的是：{names}。", f"The copy that differs: {names}.")
    link = fill(
        '<a href="{}">{}</a>',
        v.link("/ledger"),
        v.t("在账本页看全部，并修复", "See all of it on the ledger page, and repair"),
    )
    return fill(
        '<div class="problem" role="alert"><p class="li">{}<span><b>{}</b> {}</span></p></div>',
        icon("octagon-alert", "t-alarm"),
        said,
        link,
    )


def _draw_records(v: Visit, block: Block, records: list[Any]) -> Markup:
    title = v.t("里面的记录", "What stands in it")
    if not records:
        why = (
            v.t("修复以后可以看到。", "It can be seen after the repair.")
            if "fault" in block
            else v.t("里面的交易都没有被采纳。", "None of its transactions was admitted.")
        )
        return card(title, empty("inbox", v.t("没有记录", "No records"), why), pad=False)
    note = v.t(
        "只列种类、成员、案件号和时间；内容是加密的。",
        "Type, member, case and time alone; what a record says is sealed.",
    )
    right = format_count(len(records))
    return card(title, draw_records(v, records, title), right=right, note=note, pad=False)


def _facts(v: Visit, block: Block) -> Iterable[tuple[str, str | Markup]]:
    yield v.t("高度", "Height"), format_count(block["height"])
    if "fault" in block:
        yield v.t("问题", "Fault"), fill('<span class="mono">{}</span>', block["fault"])
        return
    yield v.t("排序成员", "Ordered by"), v.name_of(block["proposer"])
    refused = block["refused"]
    counted = format_count(block["transactions"])
    yield (
        v.t("交易", "Transactions"),
        v.t(f"{counted} 笔，其中 {refused} 笔未采纳", f"{counted}, of which {refused} not admitted")
        if refused
        else counted,
    )
    yield (
        v.t("大小", "Size"),
        v.t(f"{format_count(block['bytes'])} 字节", f"{block['bytes']:,} bytes"),
    )
    yield "CID", fill('<span class="mono">{}</span>', block["cid"])


def _draw_cosigners(v: Visit, block: Block, members: Iterable[Mapping[str, Any]]) -> Markup:
    signed = set(block["cosigned"])
    rows = list(members)
    body = join(
        fill(
            '<div class="li">{}<span>{}</span></div>',
            icon("circle-check", "t-ok") if each["member"] in signed else icon("clock", "t-warn"),
            v.name_of(each["member"])
            if each["member"] in signed
            else v.t(
                f"{v.name_of(each['member'])}（还没有）", f"{v.name_of(each['member'])} (not yet)"
            ),
        )
        for each in rows
    )
    count = sum(each["member"] in signed for each in rows)
    return card(v.t("谁联署了", "Who cosigned it"), body, right=f"{count} / {len(rows)}")
