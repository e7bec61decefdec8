"""`tally case`: a request from intake to its end."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.reading import fill_application, read_tree
from tallystick.cli.showing import Plain
from tallystick.cli.spoken import Group, Words, argument, find_language, lang_option, option

__all__ = ["case"]

_CASE = argument("case", zh="案件编号", en="The case's id.")
_WORDS = option(
    "--words", default="", zh="对家庭说的话（密封）", en="Words to the household; sealed."
)
_CODE = option("--code", required=True, metavar="CODE", zh="理由代码", en="The reason as a code.")


@click.group("case", cls=Group, words=Words("受理与办理案件", "Open cases and act on them"))
@lang_option
def case() -> None:
    """Let a verb follow."""


@case.verb(
    "open",
    zh="受理一份申请并走完五步：得到合适的方案，或首选与备选服务主体",
    en="Take a request in and run the five steps: a fitting offer, or who can serve better.",
)
@argument(
    "words",
    nargs=-1,
    metavar="[NAME=VALUE]...",
    zh="申请的各项，如 kind=borrow amount_minor=3000000 terms_asked.term_months=12",
    en="Leaves, such as kind=borrow amount_minor=3000000 terms_asked.term_months=12.",
)
@option("--party", metavar="ID", zh="主体编号", en="The party's id.")
@option(
    "--mandate", metavar="ID", zh="委托编号；没有则由主体的钥匙签", en="The mandate's id, if any."
)
@option("--programme", metavar="CODE", zh="公共项目代码", en="A public programme's code.")
@option(
    "--file", metavar="FILE", zh="申请文件（JSON 或 TOML）", en="The application: JSON or TOML."
)
@at_member(writes=True)
def open_(
    place: Place,
    *,
    words: tuple[str, ...],
    party: str | None,
    mandate: str | None,
    programme: str | None,
    file: str | None,
) -> dict[str, Any]:
    """Open a case."""
    tree = read_tree(file) if file else {}
    application = tree.get("application", tree if "demand" in tree else {})
    request = {
        "application": fill_application(application, words),
        "defaults": tree.get("defaults", []),
        "party": party or tree.get("party", ""),
        "mandate": mandate or tree.get("mandate"),
        "programme": programme or tree.get("programme"),
    }
    with place.office() as office:
        (found,) = office.open_cases([request])
        return found


@case.verb("show", zh="查看一个案件中本成员可打开的部分", en="Show what this member may open.")
@_CASE
@option(
    "--report", is_flag=True, zh="输出给家庭的报告页（HTML）", en="The household's page, as HTML."
)
@at_member()
def show(place: Place, *, case: str, report: bool) -> Any:  # noqa: ANN401 - a tree or a page
    """Show a case, or its report."""
    with place.office() as office:
        if report:
            return Plain(office.show_report(case, find_language()))
        return office.show_case(case)


@case.verb(
    "list", zh="列出案件（公开部分），新的在前", en="List cases, public parts, newest first."
)
@option("--stage", default="", metavar="NAME", zh="只列某阶段", en="Only those at a stage.")
@option("--owner", default="", metavar="NAME", zh="只列某承办成员", en="Only those a member owns.")
@option(
    "--limit",
    type=click.IntRange(1, 1_000),
    default=50,
    show_default=True,
    zh="最多几行",
    en="Most rows.",
)
@option("--offset", type=click.IntRange(0), default=0, zh="跳过几行", en="Rows to pass over.")
@at_member()
def list_(place: Place, *, stage: str, owner: str, limit: int, offset: int) -> list[Any]:
    """List cases."""
    with place.office(any_member=True) as office:
        return office.list_cases(stage=stage, owner=owner, limit=limit, offset=offset)


@case.verb("hand-over", zh="移交给另一个成员", en="Give the case to another member.")
@_CASE
@option("--to", required=True, metavar="NAME", zh="给哪个成员", en="To which member.")
@option(
    "--days",
    type=click.IntRange(1, 3_660),
    default=5,
    show_default=True,
    zh="几天内办",
    en="Days to act.",
)
@option("--notes", default="", zh="移交说明（密封）", en="Notes; sealed.")
@at_member(writes=True)
def hand_over(place: Place, *, case: str, to: str, days: int, notes: str) -> dict[str, Any]:
    """Hand a case over."""
    with place.office() as office:
        return office.hand_over(case, to=to, days=days, notes=notes)


@case.verb("approve", zh="批准报告所提的方案", en="Approve what the report offered.")
@_CASE
@option("--notes", default="", zh="经办说明（密封）", en="Notes; sealed.")
@at_member(writes=True)
def approve(place: Place, *, case: str, notes: str) -> dict[str, Any]:
    """Approve."""
    with place.office() as office:
        return office.approve(case, notes=notes)


@case.verb("refuse", zh="由人拒绝", en="Refuse in person.")
@_CASE
@_CODE
@_WORDS
@at_member(writes=True)
def refuse(place: Place, *, case: str, code: str, words: str) -> dict[str, Any]:
    """Refuse."""
    with place.office() as office:
        return office.refuse(case, code=code, words=words)


@case.verb(
    "override",
    zh="凭理由代码和尽调档案另作决定",
    en="Decide otherwise, by a coded reason and a due-diligence file.",
)
@_CASE
@_CODE
@option("--outcome", required=True, metavar="CODE", zh="改成什么结果", en="The other outcome.")
@option(
    "--file",
    required=True,
    metavar="TEXT",
    zh="尽调档案（密封）",
    en="The due-diligence file; sealed.",
)
@at_member(writes=True)
def override(place: Place, *, case: str, code: str, outcome: str, file: str) -> dict[str, Any]:
    """Decide otherwise."""
    with place.office() as office:
        return office.override(case, code=code, outcome=outcome, file=file)


@case.verb("answer", zh="记下家庭对方案的答复", en="Record the household's answer to its offer.")
@_CASE
@option(
    "--accept/--decline",
    "accepted",
    required=True,
    default=None,
    zh="接受或谢绝",
    en="Which of the two.",
)
@_WORDS
@at_member(writes=True)
def answer(place: Place, *, case: str, accepted: bool, words: str) -> dict[str, Any]:
    """Answer an offer."""
    with place.office() as office:
        return office.answer_offer(case, accepted=accepted, words=words)


@case.verb("receive", zh="记下家庭说收到了多少钱", en="Record how much the household received.")
@_CASE
@option(
    "--amount-minor",
    required=True,
    type=click.IntRange(0),
    zh="金额（分）",
    en="The amount in fen.",
)
@_WORDS
@at_member(writes=True)
def receive(place: Place, *, case: str, amount_minor: int, words: str) -> dict[str, Any]:
    """Record money received."""
    with place.office() as office:
        return office.receive_money(case, amount_minor=amount_minor, words=words)


@case.verb("close", zh="结案", en="Close the case.")
@_CASE
@_CODE
@_WORDS
@at_member(writes=True)
def close(place: Place, *, case: str, code: str, words: str) -> dict[str, Any]:
    """Close a case."""
    with place.office() as office:
        return office.close_case(case, code=code, words=words)
