"""Files with how safe each is, the weakest first, and who holds which part of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tallystick.console.icons import icon
from tallystick.console.kit import card, empty, fill, heard, join, scrolled, table, tag
from tallystick.console.pages.store_words import (
    draw_margin,
    draw_state,
    list_lacking,
    name_object,
    say_parts,
)
from tallystick.console.visit import Visit
from tallystick.console.words import say_bytes, tell_day

__all__ = ["draw_holders", "draw_objects"]

Tree = Mapping[str, Any]


def draw_objects(v: Visit, rows: Sequence[Tree], more: Markup) -> Markup:
    """Return the files of a page as a table.

    Args:
        v: the visit.
        rows: as the API lists them, the weakest first.
        more: links to other pages.
    """
    title = v.t("文件，最不保险的在前", "Files, the least safe first")
    if not rows:
        return card(title, _draw_none(v), pad=False)
    heads = [
        v.t("文件", "File"),
        v.t("还能丢几份", "Parts it can lose"),
        v.t("状态", "State"),
        v.t("谁存的", "Stored by"),
        v.t("内容", "Contents"),
        ">" + v.t("大小", "Size"),
        v.t("存于", "Stored on"),
    ]
    found = table(heads, [_object_row(v, each) for each in rows], title, classes="named")
    return card(title, found, note=more, pad=False)


def _draw_none(v: Visit) -> Markup:
    return empty(
        "archive",
        v.t("还没有存文件", "No files yet"),
        v.t(
            "存一份文件：它会加密，切成几份，分给不同的成员保管。坏掉几台机器也能取回。",
            "Store one: it is sealed, cut into parts and given to different members to keep. It"
            " outlives the loss of some of their machines.",
        ),
    )


def _link(v: Visit, each: Tree) -> Markup:
    place = v.link(f"/store/{each['cid']}")
    return fill('<a class="link" href="{}">{}</a>', place, name_object(v, each))


def _object_row(v: Visit, each: Tree) -> Sequence[str | Markup]:
    owner = fill("{}", v.name_of(each["member"]))
    if each["is_own"]:
        owner = fill('{} <span class="tag">{}</span>', owner, v.t("本单位", "ours"))
    return (
        _link(v, each),
        draw_margin(v, each),
        draw_state(v, each),
        owner,
        _draw_seal(v, each),
        fill('<span class="nowrap">{}</span>', say_bytes(each.get("bytes", each["stored"]))),
        fill('<span class="nowrap">{}</span>', tell_day(v, each["at"])),
    )


def _draw_seal(v: Visit, each: Tree) -> Markup:
    if each["is_sealed"]:
        return fill('<span class="nowrap">{} {}</span>', icon("lock", "dim"), v.t("加密", "Sealed"))
    return fill('<span class="nowrap">{} {}</span>', icon("eye", "dim"), v.t("公开", "Open to all"))


# ---- who holds what


def draw_holders(v: Visit, rows: Sequence[Tree], peers: Sequence[Tree]) -> Markup:
    """Return which member holds which part of each file; parts that nobody holds stand last.

    Args:
        v: the visit.
        rows: files, as the API lists them.
        peers: members, as the API lists them.
    """
    title = v.t("谁拿着哪一份", "Who holds which part")
    heads = join(_member_head(v, each) for each in peers)
    body = join(_holder_row(v, each, peers) for each in rows)
    found = fill(
        '<table class="tbl tight who-holds"><caption class="heard">{}</caption><thead><tr>'
        '<th scope="col">{}</th>{}<th scope="col">{}</th></tr></thead><tbody>{}</tbody></table>',
        title,
        v.t("文件", "File"),
        heads,
        v.t("没找到", "Not found"),
        body,
    )
    note = v.t(
        "数字是第几份。实底的是文件本身，空心的是备用；凑够文件本身那么多份就能取回，不论哪几份。",
        "A figure is a part's number. Full ones are the file itself, hollow ones are spare; any as"
        " many parts as there are full ones give the file back.",
    )
    return card(title, scrolled(found, title), note=note, pad=False)


def _member_head(v: Visit, peer: Tree) -> Markup:
    away = fill("")
    if not peer["answers"]:
        away = fill('<span class="t-warn">{}</span>', v.t("没有答复", "no answer"))
    return fill('<th scope="col">{}{}</th>', v.name_of(peer["member"]), away)


def _holder_row(v: Visit, each: Tree, peers: Sequence[Tree]) -> Markup:
    held: dict[str, list[int]] = {}
    for part in each["holders"]:
        for member in part["members"]:
            held.setdefault(member, []).append(part["shard"])
    cells = join(
        fill("<td>{}</td>", join(_draw_part(v, each, shard) for shard in held.get(name, ())))
        for name in (peer["member"] for peer in peers)
    )
    return fill(
        '<tr><th scope="row">{}</th>{}<td>{}</td></tr>', _link(v, each), cells, _lacking(v, each)
    )


def _draw_part(v: Visit, each: Tree, shard: int) -> Markup:
    is_spare = shard >= each.get("needed", 0)
    said = heard(v.t("备用 ", "spare ")) if is_spare else fill("")
    return fill('<span class="shard {}">{}{}</span>', "spare" if is_spare else "", said, shard + 1)


def _lacking(v: Visit, each: Tree) -> Markup:
    lacking = list_lacking(each)
    if "shards" not in each:
        return tag(v.t("都没找到", "All of it"), "alarm")
    if not lacking:
        return fill('<span class="dim">\u2013</span>')
    return fill(
        '<span class="t-alarm li">{}<b>{}</b></span>',
        icon("octagon-alert"),
        say_parts(v, lacking),
    )
