"""A card of a new member, or of one that is to order: brought, shown, and only then proposed.

It is brought as a file or pasted. Laws: what is shown is what is proposed; a card that its own key
did not sign is not shown. Limit: 64 kB, which the largest card does not reach.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup
from nicegui import events, ui

from tallystick.base.errors import Error, Invalid
from tallystick.console.acts import put_field
from tallystick.console.kit import button, fill, item, join, pairs, show
from tallystick.console.pages.members_open import PUB_SIGNS
from tallystick.console.pages.members_words import USES, VOTE, say_role, show_code, show_typed
from tallystick.console.problem import draw_problem, notify_problem
from tallystick.console.visit import Visit
from tallystick.county.card import digest_of, load_joining
from tallystick.text.record import ROLES

__all__ = ["draw_card", "open_card", "read_card"]

CARD_BYTES_MAX: Final = 64_000
DIGEST_SIGNS: Final = 16
Card = Mapping[str, Any]


def read_card(text: str) -> Card:
    """Return a card as the API takes it.

    Raises:
        Invalid: `county.card`, it is no card.
    """
    return load_joining(text)


def draw_card(v: Visit, card: Card, members: frozenset[str]) -> Markup:
    """Return what a card says, with what is to be doubted about it."""
    engine = card.get("engine")
    stated = {**card["keys"], **({VOTE: engine["key"]} if engine else {})}
    keys = join(
        fill('<div>{} <span class="mono">{}</span></div>', v.say(USES[use]), pub[:PUB_SIGNS])
        for use, pub in stated.items()
    )
    orders = v.t("参加定块，引擎在", "Orders blocks, its engine at")
    seats = [(orders, show_code(f"{engine['host']}:{engine['port']}"))] if engine else []
    doubts = []
    if card["name"] in members and engine:
        # Whether it shows that member's own keys is looked at as it is proposed.
        said = v.t(
            "它已经是成员，这里提议让它也参加定块",
            "It is a member: what is proposed is that it orders",
        )
        doubts.append(item("info", said))
    elif card["name"] in members and "after" not in card:
        said = v.t("这个代号已经是成员", "A member of this name is in the list already")
        doubts.append(item("octagon-alert", said, "warn"))
    elif card["name"] in members:
        said = v.t(
            "它已经是成员，这里提议用这些新钥匙换掉它现有的：先打电话核对摘要",
            "It is a member: what is proposed is that these keys take the place of its own."
            " Compare the digest by telephone first",
        )
        doubts.append(item("octagon-alert", said, "warn"))
    if card["role"] not in ROLES:
        said = v.t(
            "本县规则里没有这个角色，它将什么都不能写",
            "The county's rules know no such role: it could write nothing",
        )
        doubts.append(item("octagon-alert", said, "warn"))
    return fill(
        "{}{}",
        pairs(
            [
                (v.t("名称", "Name"), show_typed(v.t(card["zh"], card["en"]))),
                (v.t("代号", "Code"), show_code(card["name"])),
                (v.t("角色", "Role"), say_role(v, card["role"])),
                (v.t("公钥", "Public keys"), keys),
                *seats,
                (v.t("摘要", "Digest"), show_code(digest_of(card)[:DIGEST_SIGNS])),
            ]
        ),
        join(doubts),
    )


def open_card(v: Visit, then: Callable[[Card], None]) -> None:
    """Ask for a card in a dialog; `then` is given what it says."""
    title = v.t("新成员的名片", "A new member's card")
    with ui.context.client.content:
        dialog = ui.dialog().props("persistent")
    dialog.props["aria-label"] = title
    with dialog, ui.element("div").classes("dialog"):
        section = ui.element("section").classes("card")

    def take(text: str) -> None:
        try:
            found = read_card(text)
        except Error as error:
            told.set_content(fill('<div class="paste">{}</div>', draw_problem(v, error)))
            return
        dialog.close()
        then(found)

    with section:
        show(fill("<h2>{}</h2>", title), "h")
        show(fill('<div class="body soft">{}</div>', _say_card(v)))
        with ui.element("div").classes("paste"):
            typed = _put_fields(v, take)
        told = show(fill(""))
        with ui.element("div").classes("form-foot"):
            button(v.t("取消", "Cancel"), dialog.close)
            button(v.t("看名片", "Read the card"), lambda: take(typed.value or ""), kind="first")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _say_card(v: Visit) -> Markup:
    return fill(
        v.t(
            "新成员在自己的机器上运行 {}，得到 {}：只有公开的部分，私钥不离开它的机器。",
            "The new member runs {} on its own machine and gets {}: public halves alone; the"
            " private ones stay there.",
        ),
        show_code("tally member new --chain"),
        show_code("NAME.card.json"),
    )


def _refuse_size() -> Invalid:
    return Invalid(
        "county.card",
        f"the file is larger than {CARD_BYTES_MAX} bytes",
        cure="Have the member send its card again, and compare the digest with it.",
    )


def _put_fields(v: Visit, take: Callable[[str], None]) -> ui.textarea:
    """Put the file and the field for pasting on the dialog; return the field."""
    with ui.element("div").classes("attach"):
        box = ui.upload(auto_upload=True, max_files=1, max_file_size=CARD_BYTES_MAX)
        words = v.t("选文件", "Choose a file")
        button(words, lambda: box.run_method("pickFiles"), "upload", "short")

    async def took(event: events.UploadEventArguments) -> None:
        data = await event.file.read()
        box.reset()
        take(data.decode("utf-8", "replace"))

    box.on_upload(took)
    box.on_rejected(lambda: notify_problem(v, _refuse_size()))
    with put_field("card", v.t("或粘贴它的内容", "Or paste what it holds")):
        typed = ui.textarea().props("outlined dense rows=6 for=field-card")
        typed.props["aria-describedby"] = "fault-card"
    return typed
