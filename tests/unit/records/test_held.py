"""What rules keep: read back as written, canonical, and found only under its own key."""

from __future__ import annotations

import pytest

from tallystick.base.codec import Value, decode, encode, encode_decoded, value
from tallystick.records.held import (
    HeldAppeal,
    HeldCase,
    HeldEntry,
    HeldFund,
    HeldLoan,
    HeldTerm,
    Stage,
    appeal_key,
    case_key,
    entry_key,
    find_appeal,
    find_case,
    find_entry,
    find_fund,
    find_loan,
    find_term,
    fund_key,
    loan_key,
    term_key,
)

ID = b"i" * 16
CASE = HeldCase(Stage.REPORTED, "bank", "bank", "relief", b"b" * 16, ID, 9, lent=1, answer=1)
LOAN = HeldLoan(ID, "bank", "relief", 5, 4, 3, 1)


def test_each_is_read_back_as_it_was_written() -> None:
    held: dict[bytes, Value] = {
        case_key(ID): CASE,
        loan_key(ID): LOAN,
        fund_key("relief", "bank"): HeldFund(9, 4),
        term_key("grant", ID): HeldTerm("bank", 7),
        entry_key("product", "seed.1"): HeldEntry("bank", ID),
        appeal_key(ID): HeldAppeal(ID, "village", ""),
    }
    state = {key: encode_decoded(each) for key, each in held.items()}
    assert len(state) == 6
    for key, data in state.items():
        assert data == encode(decode(data, value)), key
    assert find_case(state.get, ID) == CASE
    assert find_loan(state.get, ID) == LOAN
    assert find_fund(state.get, "relief", "bank") == HeldFund(9, 4)
    assert find_term(state.get, "grant", ID) == HeldTerm("bank", 7)
    assert find_entry(state.get, "product", "seed.1") == HeldEntry("bank", ID)
    assert find_appeal(state.get, ID) == HeldAppeal(ID, "village", "")


def test_what_is_not_held_is_none_and_a_fund_without_money_is_empty() -> None:
    read = dict[bytes, bytes]().get
    assert find_case(read, None) is None
    assert find_case(read, ID) is None
    assert find_loan(read, ID) is None
    assert find_term(read, "mandate", ID) is None
    assert find_entry(read, "provider", "x") is None
    assert find_appeal(read, ID) is None
    assert find_fund(read, "relief", "bank") == HeldFund(0, 0)


@pytest.mark.parametrize(
    ("stage", "overridden", "offers"),
    [
        (Stage.JUDGED, 0, False),
        (Stage.REPORTED, 0, True),
        (Stage.REPORTED, 1, False),
        (Stage.MATCHED, 0, False),
        (Stage.MATCHED, 1, True),
        (Stage.REFUSED, 0, False),
        (Stage.CLOSED, 1, False),
    ],
)
def test_a_report_that_stands_or_a_misfit_overridden_is_an_offer(
    stage: Stage, overridden: int, offers: bool
) -> None:
    assert CASE._replace(stage=stage, overridden=overridden).has_offer() == offers


def test_ids_are_found_whole_and_in_their_places() -> None:
    case = CASE._replace(records=b"a" * 16 + b"b" * 16)
    assert case.lists(b"a" * 16)
    assert case.lists(b"b" * 16)
    assert not case.lists(b"a" * 8 + b"b" * 8)
    assert not CASE.lists(ID)


def test_approvals_are_void_but_for_public_money_that_was_lent() -> None:
    case = CASE._replace(approval=b"o" * 16, public_approval=b"p" * 16, approved=5)
    assert case.without_approvals()[8:11] == (b"", b"", 0)
    lent = case._replace(loan=ID).without_approvals()
    assert (lent.approval, lent.public_approval, lent.approved, lent.answer) == (
        b"",
        b"p" * 16,
        5,
        0,
    )
