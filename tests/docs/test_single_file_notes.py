"""The single file leads from list to list by notes, and says which one is missing."""

from __future__ import annotations

from chains import SmallChain
from docs.test_single_file import SINGLE, archive_of, say


def test_the_notes_are_taken_in_their_order_and_one_that_is_missing_is_named() -> None:
    chain = SmallChain()
    again = {"amount": 5}
    chain.cut(("operator", [chain.record("fund.allocated", again)]))
    chain.cut(("bank-b", [chain.rotation("bank-b", "note")]))
    chain.cut(("operator", [chain.joining("fund-a")]))
    chain.cut(("operator", [chain.record("fund.allocated", again)]))
    data, pin = archive_of(chain), chain.pin(0)
    newest = chain.note(4, ["bank-a", "bank-b", "bureau", "fund-a"])
    # As a shell's pattern gives them: 10.note before 9.note.
    assert say(data, pin, notes=[newest, chain.note(3), chain.note(2)]) == "proven"
    ((_, status, reason),) = SINGLE.verify(data, pin.write(), [newest])
    assert (status, "up to height 2," in reason) == ("not checkable", True), reason
    few = chain.note(4, ["bank-a", "bank-b"])
    ((_, status, reason),) = SINGLE.verify(data, pin.write(), [chain.note(2), chain.note(3), few])
    assert (status, "up to height 4," in reason) == ("not checkable", True), reason
    foreign = SmallChain(["bank-c", "bank-d", "bureau-b", "operator-b"])
    foreign.cut(("operator-b", [foreign.record("fund.allocated", again)]))
    assert say(data, pin, notes=[chain.note(2), foreign.note(1)]) == "false"
