"""What rules keep in the state about cases, loans, funds and terms: values and their keys.

Laws: a value is the canonical list of its fields in the order written here; only rules write it,
so it is read back without a check; each key begins with its space and "/". Ids are 16 bytes;
b"" and "" stand for none.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final, NamedTuple, TypeAlias

from tallystick.base.codec import read_admitted

__all__ = [
    "CASE_RECORDS_BYTES",
    "HeldAppeal",
    "HeldBook",
    "HeldCase",
    "HeldDues",
    "HeldEntry",
    "HeldFund",
    "HeldLoan",
    "HeldTerm",
    "Reading",
    "Stage",
    "appeal_key",
    "book_key",
    "case_key",
    "dues_key",
    "entry_key",
    "find_appeal",
    "find_book",
    "find_case",
    "find_dues",
    "find_entry",
    "find_fund",
    "find_loan",
    "find_term",
    "fund_key",
    "loan_key",
    "term_key",
]

Reading: TypeAlias = Callable[[bytes], bytes | None]
"""Returns the value held under a key, None if there is none."""

CASE_RECORDS_BYTES: Final = 64 * 16
"""Room for ids in a case's value; further ones are held apart, so that no value grows for ever."""


class Stage(IntEnum):
    """How far a case has come."""

    APPLIED = 1
    SCHEMED = 2
    JUDGED = 3
    REPORTED = 4
    MATCHED = 5
    REFUSED = 6
    CLOSED = 7


class HeldCase(NamedTuple):
    """A case: how far it is, who may act on it, what was decided, approved and lent.

    Attributes:
        stage: how far it has come, a `Stage`.
        opener: the member that took it in and keeps the party's keys.
        owner: the member that acts on it now.
        programme: whose public money it asks for.
        basis: 16 bytes over version, rules, catalogue and model, the same in all its decisions.
        decision: the report or the match.
        not_after: until when that may be acted on, ms.
        overridden: 1 if an officer decided otherwise.
        approval: of the owner's own money, in force.
        public_approval: of public money, in force.
        approved: public money approved, fen.
        approver: who approved last, and so is rated by feedback.
        loan: the loan of public money.
        lent: how many loans were granted.
        answer: of the household to what is approved: 0 none, 1 accepted, 2 declined.
        records: ids of the records that changed the case, 16 bytes each, the first 64 of them.
    """

    stage: int
    opener: str
    owner: str
    programme: str
    basis: bytes = b""
    decision: bytes = b""
    not_after: int = 0
    overridden: int = 0
    approval: bytes = b""
    public_approval: bytes = b""
    approved: int = 0
    approver: str = ""
    loan: bytes = b""
    lent: int = 0
    answer: int = 0
    records: bytes = b""

    def has_offer(self) -> bool:
        """Tell whether the case has an offer: a report that stands, or a misfit overridden."""
        return self.stage == (Stage.MATCHED if self.overridden else Stage.REPORTED)

    def lists(self, identifier: bytes) -> bool:
        """Tell whether `identifier` is one of `records`."""
        size, found = len(identifier), self.records
        return any(found[at : at + size] == identifier for at in range(0, len(found), size))

    def without_approvals(self) -> HeldCase:
        """Return it with every approval void that no public loan stands on, and no answer."""
        kept = self.public_approval if self.loan else b""
        amount = self.approved if self.loan else 0
        return self._replace(approval=b"", public_approval=kept, approved=amount, answer=0)


class HeldLoan(NamedTuple):
    """A loan; amounts are public money in fen, 0 where a lender lends its own.

    Attributes:
        paid: 1 once anything was disbursed.
    """

    case: bytes
    lender: str
    programme: str
    granted: int = 0
    disbursed: int = 0
    repaid: int = 0
    paid: int = 0


class HeldFund(NamedTuple):
    """A programme's public money at one member's disposal, fen: 0 <= left <= allocated < 2^53."""

    allocated: int = 0
    left: int = 0


class HeldTerm(NamedTuple):
    """A mandate or grant in force: who recorded it, and until when, ms."""

    member: str
    until: int


class HeldEntry(NamedTuple):
    """A name in the catalogue: the member it belongs to, and its latest record."""

    member: str
    record: bytes


class HeldAppeal(NamedTuple):
    """An appeal that waits for its answer.

    Attributes:
        case: of the case.
        taker: the member that took it in.
        answered: who answered before, where it is against such an answer; else "".
    """

    case: bytes
    taker: str
    answered: str


class HeldBook(NamedTuple):
    """How far a lender has told of its loans.

    Attributes:
        month: the last month told of.
        part: the last part of it.
        following: number of its next loan; one less were granted.
        repayments: rows of money that came back in that month, so far.
        overdues: rows of loans overdue in that month, so far.
    """

    month: int
    part: int
    following: int
    repayments: int
    overdues: int


class HeldDues(NamedTuple):
    """How far a payee has told of one kind of small dues.

    Attributes:
        begin: first month of the last period told of.
        months: how many months it has.
        part: the last part of it.
        following: number of its next account; one less were opened.
    """

    begin: int
    months: int
    part: int
    following: int


def case_key(case: bytes) -> bytes:
    """Return the key of a case."""
    return b"case/" + case


def find_case(read: Reading, case: bytes | None) -> HeldCase | None:
    """Return the case of that id; None if there is none."""
    held = read(case_key(case)) if case is not None else None
    return None if held is None else HeldCase._make(read_admitted(held))


def loan_key(loan: bytes) -> bytes:
    """Return the key of a loan."""
    return b"loan/" + loan


def find_loan(read: Reading, loan: bytes) -> HeldLoan | None:
    """Return the loan of that id; None if there is none."""
    held = read(loan_key(loan))
    return None if held is None else HeldLoan._make(read_admitted(held))


def fund_key(programme: str, member: str) -> bytes:
    """Return the key of a programme's money at a member; neither name holds a "/"."""
    return f"fund/{programme}/{member}".encode()


def find_fund(read: Reading, programme: str, member: str) -> HeldFund:
    """Return a programme's money at a member, nothing where none was allocated."""
    held = read(fund_key(programme, member))
    return HeldFund() if held is None else HeldFund._make(read_admitted(held))


def term_key(space: str, identifier: bytes) -> bytes:
    """Return the key of a mandate or grant; `space` is one of these words."""
    return space.encode() + b"/" + identifier


def find_term(read: Reading, space: str, identifier: bytes) -> HeldTerm | None:
    """Return the mandate or grant of that id; None once it is ended."""
    held = read(term_key(space, identifier))
    return None if held is None else HeldTerm._make(read_admitted(held))


def entry_key(space: str, name: str) -> bytes:
    """Return the key of a provider's or product's name; `space` is one of these words."""
    return f"{space}/{name}".encode()


def find_entry(read: Reading, space: str, name: str) -> HeldEntry | None:
    """Return to whom a name of the catalogue belongs; None if it is free."""
    held = read(entry_key(space, name))
    return None if held is None else HeldEntry._make(read_admitted(held))


def appeal_key(appeal: bytes) -> bytes:
    """Return the key of an appeal that waits."""
    return b"appeal/" + appeal


def find_appeal(read: Reading, appeal: bytes) -> HeldAppeal | None:
    """Return the appeal of that id; None if it was answered, or there is none."""
    held = read(appeal_key(appeal))
    return None if held is None else HeldAppeal._make(read_admitted(held))


def book_key(lender: str) -> bytes:
    """Return the key of how far a lender has told of its loans."""
    return f"book/{lender}".encode()


def find_book(read: Reading, lender: str) -> HeldBook | None:
    """Return how far a lender has told of its loans; None if it has not begun."""
    held = read(book_key(lender))
    return None if held is None else HeldBook._make(read_admitted(held))


def dues_key(payee: str, kind: str) -> bytes:
    """Return the key of how far a payee has told of a kind of dues; neither name holds a "/"."""
    return f"dues/{payee}/{kind}".encode()


def find_dues(read: Reading, payee: str, kind: str) -> HeldDues | None:
    """Return how far a payee has told of a kind of dues; None if it has not begun."""
    held = read(dues_key(payee, kind))
    return None if held is None else HeldDues._make(read_admitted(held))
