"""`tally feedback`: whom to ask now, what they said, and what that says of who served them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.showing import Plain
from tallystick.cli.spoken import Group, Words, argument, find_language, lang_option, option

if TYPE_CHECKING:
    from tallystick.text.wording import Language

__all__ = ["feedback"]


@click.group(
    "feedback", cls=Group, words=Words("到期回访与反馈", "Feedback that is due, and what was said")
)
@lang_option
def feedback() -> None:
    """Let a verb follow."""


@feedback.verb(
    "due", zh="列出本成员现在该回访的案件", en="List the cases this member is to ask about."
)
@at_member()
def due(place: Place) -> list[Any]:
    """List what is due."""
    with place.office() as office:
        return office.due_feedback()


@feedback.verb("give", zh="记下家庭说的结果和感受", en="Record what became of it and how it felt.")
@argument("case", zh="案件编号", en="The case's id.")
@option(
    "--felt", required=True, type=click.IntRange(1, 5), zh="感受 1 到 5", en="How it felt, 1 to 5."
)
@option(
    "--income-minor",
    type=int,
    zh="项目净得（分）：一季一清的为一季，其余为一年",
    en="What the project brought in net, in fen: of its season, or of a year.",
)
@option("--words", default="", zh="说的话（密封）", en="Words; sealed.")
@at_member(writes=True)
def give(
    place: Place, *, case: str, felt: int, income_minor: int | None, words: str
) -> dict[str, Any]:
    """Give feedback."""
    with place.office() as office:
        return office.give_feedback(case, felt=felt, income_minor=income_minor, words=words)


_BY: Final = ("provider", "scheme")
_HEAD: Final = Words(
    "{member} 可打开的回访，按{by}：满意率（感受 4 或 5）"
    "与准确率（所得与预期相差不过 {tolerance} %）",
    "Feedback that {member} may open, by {by}: praise (felt 4 or 5 of 5) and accuracy (told income"
    " within {tolerance} % of what was expected)",
)
_BY_WORDS: Final = {
    "provider": Words("服务主体", "provider"),
    "scheme": Words("方案", "scheme"),
}
_PRAISE: Final = Words("满意率", "praise")
_ACCURACY: Final = Words("准确率", "accuracy")
_NO_ACCURACY: Final = Words(
    "准确率：所得与预期都可打开的不足 {least} 案",
    "accuracy: fewer than {least} cases whose told and expected income may both be opened",
)
_REFUSED: Final = Words("（被拒绝的家庭）", " (refused households)")
_SUPPRESSED: Final = Words(
    "另有 {count} 组不足 {least} 案，为保护家庭不予显示",
    "{count} more groups have fewer than {least} cases and are not shown, to protect households",
)
_UNREAD: Final = Words("未能打开（{code}）：{count} 处", "could not be opened ({code}): {count}")
_NONE: Final = Words("没有可显示的组", "No group can be shown.")


@feedback.verb(
    "show",
    zh="按服务主体或方案统计回访：满意率与准确率，被拒绝的家庭单列，不足 5 案不显示",
    en="Praise and accuracy by provider or scheme; refused households apart; no group below 5.",
)
@option(
    "--by",
    type=click.Choice(_BY),
    default="provider",
    show_default=True,
    zh="按服务主体或按方案",
    en="By whom a case was held, or by its scheme.",
)
@at_member()
def show(place: Place, *, by: str) -> dict[str, Any] | Plain:
    """Show what feedback says."""
    with place.office() as office:
        found = office.sum_feedback(by)
    return found if place.is_json else Plain(_say_told(found, find_language()))


def _say_told(found: Mapping[str, Any], language: Language) -> str:
    by, least = found["by"], found["least"]
    kind, tolerance = _BY_WORDS[by].in_(language), found["tolerance_ppm"] // 10_000
    lines = [_HEAD.in_(language).format(member=found["member"], by=kind, tolerance=tolerance)]
    for cell in found["cells"]:
        lines += _say_cell(cell, by, least, language)
    if not found["cells"]:
        lines.append(_NONE.in_(language))
    if found["suppressed"]:
        lines.append(_SUPPRESSED.in_(language).format(count=found["suppressed"], least=least))
    for code, count in found["unread"].items():
        lines.append(_UNREAD.in_(language).format(code=code, count=count))
    return "\n".join(lines) + "\n"


def _say_cell(cell: Mapping[str, Any], by: str, least: int, language: Language) -> list[str]:
    from tallystick.cli.position_score import say_name, tell_share
    from tallystick.services.positioning.share import Share

    name = say_name("scheme", cell["name"], language) if by == "scheme" else cell["name"]
    lines = [name + (_REFUSED.in_(language) if cell["refused"] else "")]
    for key, words in (("praise", _PRAISE), ("accuracy", _ACCURACY)):
        if key in cell:
            share = Share(cell[key]["hits"], cell[key]["count"])
            lines.append(f"  {tell_share(share)}  {words.in_(language)}")
    if "accuracy" not in cell:
        lines.append("  " + _NO_ACCURACY.in_(language).format(least=least))
    return lines
