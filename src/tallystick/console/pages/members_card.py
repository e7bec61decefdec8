"""A new member's card: brought as a file or pasted, shown, and only then proposed.

Laws: what is shown is what is proposed; the node proves the keys, this page only reads them. Limit:
64 kB, which sixteen keys of the largest kind do not reach.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup
from nicegui import events, ui

from tallystick.base.errors import Error, Invalid
from tallystick.console.acts import put_field
from tallystick.console.kit import button, fill, item, join, pairs, show
from tallystick.console.pages.members_open import PUB_SIGNS
from tallystick.console.pages.members_words import USES, say_role, show_code, show_typed
from tallystick.console.problem import draw_problem, notify_problem
from tallystick.console.visit import Visit
from tallystick.text.record import ROLES

__all__ = ["draw_card", "open_card", "read_card"]

CARD_BYTES_MAX: Final = 64_000
_FIELDS: Final = frozenset({"member", "role", "name", "keys"})
_KEY: Final = frozenset({"key", "use", "alg", "pub"})
_CODE: Final = re.compile(r"[a-z0-9._-]{1,24}")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2}){32,1216}")
Card = Mapping[str, Any]


def read_card(text: str) -> Card:
    """Return a card as the API takes it.

    Raises:
        Invalid: `card.form`, it is no card.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refuse("the card is no JSON") from error
    if not isinstance(found, dict) or set(found) != _FIELDS:
        raise _refuse(f"a card has {', '.join(sorted(_FIELDS))}, and nothing else")
    name, keys = found["name"], found["keys"]
    for field in ("member", "role"):
        if not isinstance(found[field], str) or not _CODE.fullmatch(found[field]):
            raise _refuse(f"{field} is no name of a-z 0-9 . _ -")
    if not isinstance(name, str) or not name.strip():
        raise _refuse("name is empty")
    if not isinstance(keys, list) or not keys or not all(_is_key(each) for each in keys):
        raise _refuse("keys are not key, use, alg, pub and pop")
    return found


def _is_key(each: object) -> bool:
    if not isinstance(each, dict) or not _KEY <= set(each) <= {*_KEY, "pop"}:
        return False
    numbers = all(type(each[name]) is int for name in ("key", "alg"))
    texts = (each[name] for name in ("pub", "pop") if name in each)
    is_hex = all(isinstance(text, str) and _HEX.fullmatch(text) for text in texts)
    return numbers and is_hex and isinstance(each["use"], str) and each["use"] in USES


def _refuse(fact: str) -> Invalid:
    return Invalid("card.form", fact, cure="Take the file that tally change card wrote.")


def draw_card(v: Visit, card: Card, members: frozenset[str]) -> Markup:
    """Return what a card says, with what is to be doubted about it."""
    keys = join(
        fill(
            '<div>{} · {} <span class="mono">{}</span></div>',
            key["key"],
            v.say(USES[key["use"]]),
            key["pub"][:PUB_SIGNS],
        )
        for key in card["keys"]
    )
    doubts = []
    if card["member"] in members:
        said = v.t("这个代号已经是成员", "A member of this name is in the list already")
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
                (v.t("名称", "Name"), show_typed(card["name"])),
                (v.t("代号", "Code"), show_code(card["member"])),
                (v.t("角色", "Role"), say_role(v, card["role"])),
                (v.t("公钥", "Public keys"), keys),
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
        show_code("tally change card"),
        show_code("card.json"),
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
    box.on_rejected(
        lambda: notify_problem(v, _refuse(f"the file is larger than {CARD_BYTES_MAX} bytes"))
    )
    with put_field("card", v.t("或粘贴它的内容", "Or paste what it holds")):
        typed = ui.textarea().props("outlined dense rows=6 for=field-card")
        typed.props["aria-describedby"] = "fault-card"
    return typed
