"""Who orders, learnt from others: by a certificate that the present list bears out, or an old one.

Laws: a certificate counts by the keys that are in force now; where those who consented have renewed
theirs since, by the keys of its own time, and only where more than a third of the present members
tell it: old keys may be in a thief's hands, and one of so many at least is honest.
"""

from __future__ import annotations

from collections.abc import Iterable

from tallystick.base.errors import Denied, Error
from tallystick.chain.member import quorum
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.term import Term, Terms, ask_term
from tallystick.kernel.link.base import Link

__all__ = ["learn_term"]


def learn_term(terms: Terms, replica: Replica, link: Link, names: Iterable[str]) -> bool:
    """Ask members for a later term; True if one of them knew of one.

    Args:
        terms: what is known here.
        replica: the own copy.
        link: to the others.
        names: who is asked; all are, where one of those tells of a term by older keys.
    """
    news = is_old = False
    for name in names:
        try:
            news = terms.adopt(ask_term(link, name)) or news
        except Denied:
            # Without authority, or by keys that have been renewed since.
            is_old = True
        except Error:
            # Away, or in the founder's term: others may know.
            continue
    return news or (is_old and _learn_old(terms, replica, link))


def _learn_old(terms: Terms, replica: Replica, link: Link) -> bool:
    tip, told = replica.tip, dict[tuple[int, str], list[Term]]()
    for name in link.peers():
        try:
            found = ask_term(link, name)
        except Error:
            continue
        if any(tip.members.keys(name, "note", tip.height + 1)):
            told.setdefault((found.number, found.leader), []).append(found)
    voices = tip.members.voices(tip.height + 1)
    for _, same in sorted(told.items(), reverse=True):
        if len(same) > voices - quorum(voices):
            for term in same:
                if _adopt_old(terms, term, replica):
                    return True
    return False


def _adopt_old(terms: Terms, term: Term, replica: Replica) -> bool:
    """Adopt a certificate by a list that was in force where its members consented."""
    heights = {each.height for each in term.consents if each.height <= replica.tip.height}
    for height in sorted(heights, reverse=True):
        try:
            return terms.adopt(term, (replica.members(height + 1), height + 1))
        except Denied:
            continue
    return False
