"""Words of members, keys and changes: what a change would bring about, in one sentence.

Law: what a change of keys adds and ends is told against the keys that the member had before it;
where nothing tells those any more, the sentence says what the change itself states.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from tallystick.chain.limits import VOTE_PPM
from tallystick.console.kit import fill
from tallystick.console.visit import Visit
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.record import ROLES
from tallystick.text.wording import format_count

__all__ = [
    "LIMIT_NAMES",
    "USES",
    "USE_LINES",
    "VOTE",
    "Names",
    "Rekeyed",
    "compare_keys",
    "find_before",
    "parse_share",
    "say_change",
    "say_limit",
    "say_role",
    "say_uses",
    "show_code",
    "show_typed",
    "write_share",
]

Tree = Mapping[str, Any]
Keys = Sequence[Tree]

USES: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "tx": ("签记录", "sign"),
        "note": ("联署", "cosign"),
        "link": ("连接", "connect"),
        "seal": ("启封", "open"),
        "bft": ("定块", "order blocks"),
    },
)
VOTE: Final = "bft"
USE_LINES: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "tx": ("给本单位写进账本的记录签名", "signs the records this member writes"),
        "note": ("证明看过并核对了一个区块", "attests that a block was seen and checked"),
        "link": ("让其他成员认出本单位的机器", "lets other members know this member's machine"),
        "seal": ("打开加密交给本单位的内容", "opens what is sealed to this member"),
        "bft": (
            "和别家一起定块时投票；换上时引擎自动重启",
            "votes where members order together; the engine restarts as it takes over",
        ),
    },
)
LIMIT_NAMES: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "block_transactions": ("每个区块的提交数", "Submissions in a block"),
        "block_bytes": ("每个区块的字节数", "Bytes in a block"),
        "vote_ppm": ("通过变更的票数", "Votes that pass a change"),
    },
)
_SIGNING: Final = frozenset({"tx", "note", "link", "bft"})
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_SHARE: Final = re.compile(r"(\d{1,2})(?:\.(\d{1,4}))?")
_PPM_OF_PERCENT: Final = 10_000


def show_typed(text: str) -> Markup:
    """Return text that somebody typed, marked by the language it is in."""
    return fill('<span lang="{}">{}</span>', "zh" if _HAN.search(text) else "en", text)


def show_code(code: str) -> Markup:
    """Return a code of ours or of a member's choosing, as it stands."""
    return fill('<span class="mono name">{}</span>', code)


def say_role(v: Visit, role: str) -> Markup:
    """Return what a member's role is called; one that the county's rules have not, as it stands."""
    found = ROLES.get(role)
    return fill("{}", v.say(found.name)) if found else show_code(role)


@dataclass(frozen=True, slots=True)
class Names:
    """What members are called: those the county was founded with, and those that joined.

    Attributes:
        v: the visit.
        joined: member -> the name on the card by which it joined.
    """

    v: Visit
    joined: Mapping[str, str]

    @classmethod
    def read(cls, v: Visit, changes: Sequence[Tree]) -> Names:
        """Return the names that changes in force brought."""
        found = [each for each in changes if (each["kind"], each["state"]) == ("join", "in_force")]
        return cls(v, {each["member"]: each["name"] for each in reversed(found)})

    def show(self, member: str) -> Markup:
        """Return what a member is called."""
        if member in self.v.office.names:
            return fill("{}", self.v.name_of(member))
        name = self.joined.get(member)
        return show_typed(name) if name else show_code(member)


# ---- keys


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What a change of keys does.

    Attributes:
        added: the new keys.
        ended: the keys that end, of those that are still known.
        kept: numbers of those that stay.
    """

    added: tuple[Tree, ...]
    ended: tuple[Tree, ...]
    kept: tuple[int, ...]


def find_before(change: Tree, changes: Sequence[Tree], members: Sequence[Tree]) -> Keys:
    """Return a member's keys as a change of them found them, as far as anything tells them still.

    Args:
        change: of kind `keys`.
        changes: all there are.
        members: the list in force.
    """
    own = [
        each
        for each in changes
        if each["kind"] in {"join", "keys"}
        and (each["state"], each["member"]) == ("in_force", change["member"])
    ]
    moment = change.get("settled_height", change["height"])
    earlier = [
        each
        for each in own
        if each["change"] != change["change"]
        and (change["state"] == "open" or each["settled_height"] <= moment)
    ]
    listed: Keys = next(
        (each["keys"] for each in members if each["member"] == change["member"]), ()
    )
    if earlier:
        keys: Keys = max(earlier, key=lambda each: int(each["settled_height"]))["keys"]
        return keys
    if not own:
        return listed
    # The county's first list is not told: a proof tells a new key, or since when it is in force.
    since = {key["key"]: key["from"] for key in listed}
    return [
        key for key in change["keys"] if "pop" not in key and since.get(key["key"], 0) <= moment
    ]


def compare_keys(after: Keys, before: Keys) -> Rekeyed:
    """Return what a change from some keys to others does."""
    old, new = {key["key"] for key in before}, {key["key"] for key in after}
    return Rekeyed(
        tuple(key for key in after if key["key"] not in old),
        tuple(key for key in before if key["key"] not in new),
        tuple(sorted(int(number) for number in old & new)),
    )


def say_uses(v: Visit, keys: Keys) -> str:
    """Return what keys are for, in words, each once."""
    uses = dict.fromkeys(key["use"] for key in keys)
    return v.t("、", ", ").join(v.say(USES[use]) for use in USES if use in uses)


# ---- limits


def write_share(ppm: int) -> str:
    """Return a share in percent with all its digits.

    >>> write_share(666_667), write_share(500_000)
    ('66.6667%', '50%')
    """
    whole, rest = divmod(ppm, _PPM_OF_PERCENT)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"


def parse_share(text: str) -> int | None:
    """Return ppm of a share that was typed in percent; None if it is none.

    >>> parse_share("66.6667%"), parse_share("75"), parse_share("two thirds")
    (666667, 750000, None)
    """
    found = _SHARE.fullmatch(text.strip().removesuffix("%").removesuffix("％").strip())
    if found is None or not found[0].isascii():
        return None
    return int(found[1]) * _PPM_OF_PERCENT + int((found[2] or "").ljust(4, "0"))


def say_limit(v: Visit, limit: str, value: int) -> str:
    """Return what a limit of a value says, as the end of a sentence."""
    figure = format_count(value)
    if limit == VOTE_PPM:
        share = write_share(value)
        return v.t(
            f"变更须有超过 {share} 的成员赞成",
            f"a change needs the yes of more than {share} of the members",
        )
    if limit == "block_transactions":
        return v.t(f"每个区块至多收 {figure} 份提交", f"a block holds at most {figure} submissions")
    if limit == "block_bytes":
        return v.t(f"每个区块至多 {figure} 字节", f"a block holds at most {figure} bytes")
    return f"{limit} = {figure}"


# ---- a change


def say_change(v: Visit, change: Tree, names: Names, before: Keys) -> Markup:
    """Return who proposes what, in one sentence without its full stop."""
    return _SAYING[change["kind"]](v, change, names, before)


def _say_join(v: Visit, change: Tree, names: Names, before: Keys) -> Markup:
    del before
    return fill(
        v.t("{}提议：{}（{}）加入", "{} proposes that {} ({}) joins"),
        names.show(change["by"]),
        show_typed(change["name"]),
        say_role(v, change["role"]),
    )


def _say_leave(v: Visit, change: Tree, names: Names, before: Keys) -> Markup:
    del before
    by, who = names.show(change["by"]), names.show(change["member"])
    if change["by"] == change["member"]:
        return fill(v.t("{}提议：自己退出", "{} proposes to leave"), by)
    return fill(v.t("{}提议：{}退出", "{} proposes that {} leaves"), by, who)


def _say_limit(v: Visit, change: Tree, names: Names, before: Keys) -> Markup:
    del before
    says = say_limit(v, change["limit"], change["value"])
    return fill(v.t("{}提议：{}", "{} proposes: {}"), names.show(change["by"]), says)


def _say_keys(v: Visit, change: Tree, names: Names, before: Keys) -> Markup:
    by, who = names.show(change["by"]), names.show(change["member"])
    found = compare_keys(change["keys"], before)
    if found.added:
        return fill(
            v.t("{}提议：给{}换新钥匙（{}）", "{} proposes new keys for {} ({})"),
            by,
            v.t("自己", "itself") if change["by"] == change["member"] else who,
            say_uses(v, found.added),
        )
    if found.ended:
        return _say_ended(v, by, who, found.ended)
    numbers = _list_numbers(v, found.kept)
    template = v.t("{}提议：{}只留 {} 号钥匙", "{} proposes that {} keeps its keys {} alone")
    return fill(template, by, who, numbers)


def _say_ended(v: Visit, by: Markup, who: Markup, ended: Keys) -> Markup:
    numbers, uses = _list_numbers(v, [key["key"] for key in ended]), say_uses(v, ended)
    if v.language == "zh":
        return fill("{}提议：停用{}的 {} 号钥匙（{}）", by, who, numbers, uses)
    if len(ended) > 1:
        template = "{} proposes that keys {} of {} ({}) are used no more"
    elif ended[0]["use"] in _SIGNING:
        template = "{} proposes that key {} of {} ({}) signs no more"
    else:
        template = "{} proposes that key {} of {} ({}) is used no more"
    return fill(template, by, numbers, who, uses)


def _list_numbers(v: Visit, numbers: Sequence[int]) -> str:
    return v.t("、", ", ").join(str(number) for number in numbers)


_SAYING: Final[Mapping[str, Callable[[Visit, Tree, Names, Keys], Markup]]] = {
    "join": _say_join,
    "keys": _say_keys,
    "leave": _say_leave,
    "limit": _say_limit,
}
