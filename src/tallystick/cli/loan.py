"""`tally loan`: grant what was approved, pay it out, take it back."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

__all__ = ["loan"]


@click.group(
    "loan", cls=Group, words=Words("放款、收款", "Grant loans, pay them out, take them back")
)
@lang_option
def loan() -> None:
    """Let a verb follow."""


@loan.verb(
    "grant",
    zh="按报告的条件发放已批准、已接受的贷款",
    en="Grant what was approved and accepted, on the report's terms.",
)
@argument("case", zh="案件编号", en="The case's id.")
@at_member(writes=True)
def grant(place: Place, *, case: str) -> dict[str, Any]:
    """Grant a loan."""
    with place.office() as office:
        return office.grant_loan(case)


@loan.verb("disburse", zh="记下放款", en="Record that money of a loan was paid out.")
@argument("loan", zh="贷款编号", en="The loan's id.")
@option(
    "--amount-minor", type=click.IntRange(1), required=True, zh="金额（分）", en="Amount in fen."
)
@at_member(writes=True)
def disburse(place: Place, *, loan: str, amount_minor: int) -> dict[str, Any]:
    """Pay a loan out."""
    with place.office() as office:
        return office.disburse_loan(loan, amount_minor=amount_minor)


@loan.verb("repay", zh="记下还款", en="Record that money of a loan came back.")
@argument("loan", zh="贷款编号", en="The loan's id.")
@option(
    "--principal-minor", type=click.IntRange(0), default=0, zh="本金（分）", en="Principal in fen."
)
@option(
    "--interest-minor",
    type=click.IntRange(0),
    default=0,
    zh="利息和费用（分）",
    en="Interest and fees in fen.",
)
@at_member(writes=True)
def repay(place: Place, *, loan: str, principal_minor: int, interest_minor: int) -> dict[str, Any]:
    """Take a repayment."""
    with place.office() as office:
        return office.repay_loan(
            loan, principal_minor=principal_minor, interest_minor=interest_minor
        )


@loan.verb("list", zh="列出贷款", en="List loans, newest first.")
@option("--case", default="", metavar="ID", zh="只看一个案件", en="Of one case only.")
@at_member()
def list_loans(place: Place, *, case: str) -> list[Any]:
    """List loans."""
    with place.office() as office:
        return office.list_loans(case=case)
