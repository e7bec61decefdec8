"""The public chain's page: what anybody reads without a log-in, in both languages.

One plain page, the same for whoever asks: bulletins, figures of the county's chains, how far each
of them has come, and how to check all of it oneself. Laws: asked of the API without any token and
counted by the visitor's address; nothing on it needs a script.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tallystick.base.errors import Error
from tallystick.client import AsyncClient
from tallystick.console.icons import icon
from tallystick.console.kit import card, empty, fill, item, join, pairs, table, tag
from tallystick.console.pages.chains_words import count_entries, name_chain, say_ago
from tallystick.console.plain import draw_plain, preferred
from tallystick.console.visit import Office, Visit
from tallystick.console.words import tell_clock, tell_day, write_yuan
from tallystick.text.problem import say_problem
from tallystick.text.record import RECORDS
from tallystick.text.wording import format_count, format_day_plain

__all__ = ["make_board"]

BULLETINS: Final = 10
TALLIES: Final = 4
FRESH: Final = {"cache-control": "public, max-age=10"}
Lang = Literal["zh", "en"]
Ask = Callable[..., AsyncClient]
Tree = Mapping[str, Any]


def make_board(office: Office, ask: Ask) -> APIRouter:
    """Return the routes of the public page, at the first address of a public chain's console.

    Args:
        office: the public chain as it is served.
        ask: (member, token, address) -> a client of the API.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def lead(request: Request) -> Response:
        return RedirectResponse(f"/public/{preferred(request)}", 303)

    @router.get("/public/{language}")
    async def show(request: Request, language: Lang) -> Response:
        member = office.members[0]
        address = (request.client.host, request.client.port) if request.client else ("", 0)
        async with ask(member, "", address) as client:
            v = Visit(office, member, language, client, {"acts": ()})
            try:
                page = await _draw(v, str(request.base_url).rstrip("/"))
            except Error as error:
                return HTMLResponse(say_problem(error, language).title, error.http_status)
        return HTMLResponse(page, headers=FRESH)

    return router


async def _draw(v: Visit, address: str) -> str:
    bulletins, tallies, chains = await asyncio.gather(
        v.client.read_log("records", t="bulletin.published", limit=BULLETINS),
        v.client.read_log("records", t="tally.published", limit=TALLIES),
        v.client.read_log("chains"),
    )
    names = {each["chain"]: name_chain(v, each["kind"]) for each in chains["items"]}
    body = fill(
        '<div class="g g-side"><div class="stack">{}{}</div><div class="stack">{}{}{}</div></div>',
        card(v.t("公告", "Bulletins"), _draw_bulletins(v, bulletins["items"])),
        join(_draw_tally(v, each, names) for each in tallies["items"]),
        join(_draw_chain(v, each) for each in chains["items"]),
        card(v.t("自己核对", "Check it yourself"), _draw_check(v, address)),
        _draw_writers(v),
    )
    return draw_plain(
        v.language,
        v.say(v.office.county),
        v.t("县公开账本", "The county's public record"),
        body,
        v.t(
            "这里的每一条，都由三分之二以上的成员签过，谁也改不了。只有公告、统计和检查点，没有哪一户的案件。",
            "More than two thirds of its members sign all that stands here, so nobody can change"
            " it. It holds bulletins, figures and checkpoints alone, and no household's case.",
        ),
        is_wide=True,
        other=f"/public/{'en' if v.language == 'zh' else 'zh'}",
    )


# ---- bulletins


def _draw_bulletins(v: Visit, rows: list[Tree]) -> Markup:
    shown = [each for each in rows if each["state"] != "superseded"]
    if not shown:
        words = v.t("成员发公告后，会列在这里。", "What members tell everybody will stand here.")
        return empty("inbox", v.t("还没有公告", "No bulletin yet"), words)
    return join(_draw_bulletin(v, each) for each in shown)


def _draw_bulletin(v: Visit, row: Tree) -> Markup:
    pub = row["pub"]
    gone = row["state"] == "withdrawn"
    title, text = v.t(pub["title_zh"], pub["title_en"]), v.t(pub["text_zh"], pub["text_en"])
    return fill(
        '<article class="bulletin{}"><h3><span>{}</span>{}</h3><div class="text">{}</div>'
        '<p class="note12 dim">{} · {} · {} · <a class="link" href="{}">{}</a></p></article>',
        " gone" if gone else "",
        title,
        tag(v.t("已撤回", "Withdrawn"), "warn") if gone else "",
        text,
        v.name_of(row["member"]),
        tell_day(v, row["time"]),
        v.t(f"区块 {row['height']:,}", f"block {row['height']:,}"),
        f"/{v.member}/log/records/{row['record']}/proof",
        v.t("下载证明", "Download its proof"),
    )


# ---- tallies


def _draw_tally(v: Visit, row: Tree, names: Mapping[str, str]) -> Markup:
    pub = row["pub"]
    first, last = (format_day_plain(pub[name]) for name in ("from_day", "to_day"))
    name = names.get(pub["chain"], pub["chain"][:16])
    heads = [
        v.t("事项", "What"),
        v.t("多少", "How many"),
        ">" + v.t("笔数", "Records"),
        ">" + v.t("案件", "Cases"),
    ]
    is_funded = any("funded" in each for each in pub["figures"])
    if is_funded:
        heads.append(">" + v.t("财政资金（元）", "Public money (yuan)"))
    rows = [row if is_funded else row[:-1] for row in _figures(v, pub["figures"])]
    told = table(heads, rows, f"{first} – {last}")
    note = v.t(
        f"{name}，数到高度 {pub['height']:,}，由{v.name_of(row['member'])}公布。"
        "少于五个案件的不写。",
        f"{name}, read up to height {pub['height']:,}; published by {v.name_of(row['member'])}."
        " Nothing of fewer than five cases is told.",
    )
    title = v.t("统计", "Figures")
    return card(title, told, right=f"{first} – {last}", note=note, pad=False)


def _figures(v: Visit, figures: list[Tree]) -> Iterator[list[str | Markup]]:
    top = max(each["count"] for each in figures) or 1
    for each in figures:
        known = RECORDS.get(each["figure"])
        yield [
            v.say(known.name) if known else each["figure"],
            fill(
                '<div class="track" aria-hidden="true"><i style="width:{}%"></i></div>',
                max(1, 100 * each["count"] // top),
            ),
            format_count(each["count"]),
            format_count(each["cases"]),
            write_yuan(each["sum"]) if "funded" in each else "",
        ]


# ---- the other chains


def _draw_chain(v: Visit, row: Tree) -> Markup:
    name = name_chain(v, row["kind"])
    if "note" not in row:
        return card(
            name,
            fill("<p>{}</p>", v.t("还没有见证到这里。", "Nothing of it is anchored here yet.")),
            right=tag(v.t("还没有锚定", "Not yet"), "warn"),
        )
    when = fill(
        '<span title="{}">{}</span>',
        tell_clock(row["time"]),
        say_ago(v, row["time"], v.office.now_ms()),
    )
    facts = pairs(
        [
            (v.t("它的高度", "Its height"), format_count(row["height"])),
            (v.t("日志", "Its log"), count_entries(v, row["size"])),
            (v.t("锚定于", "Anchored"), when),
            (v.t("在这里的区块", "In block here"), format_count(row["anchored_height"])),
            (v.t("由谁锚定", "By"), v.name_of(row["by"])),
            (v.t("名称", "Name"), fill('<span class="mono">{}</span>', row["name"])),
        ]
    )
    note = fill(
        '<details><summary>{}</summary><pre class="mono note12 checkpoint" tabindex="0">{}</pre>'
        "</details>",
        v.t("它的检查点，连同签名", "Its checkpoint, with the signatures"),
        row["note"],
    )
    return card(name, facts, right=tag(v.t("已锚定", "Anchored"), "ok"), note=note)


# ---- how to check it


def _draw_check(v: Visit, address: str) -> Markup:
    log = f"{address}/{v.member}/log"
    pins = join(
        (
            fill('<a class="link" href="/{}/log/members.json">{}</a>', each, v.name_of(each))
            for each in v.office.members
        ),
        v.t("、", ", "),
    )
    steps = (
        (
            "users",
            fill(
                "{} {}",
                v.t(
                    "向几个成员要 members.json，比一比是否相同，留着：",
                    "Ask several members for members.json, see that they agree, and keep it:",
                ),
                pins,
            ),
        ),
        (
            "shield-check",
            _step(
                v.t("重算整本日志，核对签名：", "Recompute the whole log, and check who signed:"),
                f"tally log verify {log} --trust members.json",
            ),
        ),
        (
            "file-check",
            _step(
                v.t("核对一则公告下载的证明：", "Check the proof of a bulletin:"),
                "tally evidence verify record.car --trust members.json",
            ),
        ),
        (
            "git-compare",
            fill(
                "{}",
                v.t(
                    "谁给您看另一条链的检查点：大小或高度相同、内容却和这里的不同，两张放在一起"
                    "就证明签名的成员造了假。",
                    "If anybody shows you a checkpoint of another chain, of the size or height of"
                    " the one here and yet different: the two together prove that who signed both"
                    " keeps two pasts.",
                ),
            ),
        ),
    )
    return join(item(glyph, words) for glyph, words in steps)


def _step(words: str, command: str) -> Markup:
    return fill('{}<code class="mono command" tabindex="0">{}</code>', words, command)


def _draw_writers(v: Visit) -> Markup:
    rows = join(
        fill(
            '<a class="hit" href="/{}/{}/enter">{}{}</a>',
            each,
            v.language,
            icon("landmark", "dim"),
            v.name_of(each),
        )
        for each in v.office.members
    )
    return card(v.t("谁保管这本账（成员登录）", "Who keeps it (members log in)"), rows, pad=False)
