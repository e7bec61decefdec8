"""Puts that a stop or a full chain kept from being recorded, ended when their owner is there again.

Laws: nothing is recorded that cannot be read any more, for its holders collect after a day what no
record speaks of, and what is on the chain then is lost for good; where that cannot be told yet, it
is waited for; one that cannot be ended keeps no other from being.
"""

from __future__ import annotations

import logging
from typing import Final

from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.store.spread.book import KEPT, PUTTING, Noted
from tallystick.services.storing.acts import Spreading
from tallystick.services.storing.standing import KeptObject, Report
from tallystick.services.storing.survey import Survey, shape_of, survey_members

__all__ = ["end_puts"]

_LOG: Final = logging.getLogger(__name__)


def end_puts(spreading: Spreading, report: Report) -> None:
    """Record what was spread and can be read, and give up what cannot be any more.

    Args:
        spreading: the member's whose puts they are.
        report: told what could not be done: `spread.cut_off` of a put that was given up,
            `spread.lost` of one of which more members must be up before it is known.
    """
    notes = [each for each in spreading.book.objects(PUTTING) if each.cid not in spreading.running]
    if not notes:
        return
    # After the notes: each was written once all shards of its object had come.
    survey = survey_members(spreading)
    for noted in notes:
        try:
            _end_put(spreading, noted, survey)
        except Error as error:
            report.fail(error.code)


def _end_put(spreading: Spreading, noted: Noted, survey: Survey) -> None:
    cid = noted.cid
    now = spreading.book.find(cid)
    if now is None or now.state != PUTTING:
        # Recorded or erased meanwhile.
        return
    if spreading.storing.find_object(cid, spreading.desk.member) is None:
        lacking = _count_lacking(spreading, noted, survey)
        if lacking > len(survey.away):
            _give_up(spreading, noted)
        if lacking > 0:
            raise Unavailable(
                "spread.lost",
                f"the put of {cid} was cut off, and {lacking} more of its shards are needed",
                cure="Try again when more members are up.",
                cid=str(cid),
            )
        length = spreading.find_manifest(cid).layout.length
        spreading.storing.keep(cid, length, sealed=noted.sealed)
    spreading.book.move(cid, KEPT, since=PUTTING)


def _count_lacking(spreading: Spreading, noted: Noted, survey: Survey) -> int:
    """Return how many more shards it takes to read an unrecorded object; <= 0 for none.

    A member that is away holds one at most. What is wrong of a shard may be mended: it counts.
    """
    try:
        needed = shape_of(spreading.find_manifest(noted.cid)).k
    except Unavailable as error:
        # Whoever holds a shard has the manifest beside it: where nobody has either, one lacks.
        if error.code != "spread.lost" or survey.is_listed(noted.cid):
            raise
        return 1
    kept = KeptObject(noted.cid, spreading.desk.member, noted.size, noted.sealed, noted.added_ms)
    standing = survey.stand(kept)
    return needed - len(standing.held) - len(standing.leaving)


def _give_up(spreading: Spreading, noted: Noted) -> None:
    """Drop all there is of an object, as any erasure does, and raise `spread.cut_off`.

    Its note stays as that of what is erased: a record of it that was signed and has only waited
    would stand on the chain for good else.
    """
    cid = noted.cid
    _LOG.warning("the put of %s was cut off and its shards are gone: put it again", cid)
    spreading.erase(cid)
    raise Unavailable(
        "spread.cut_off",
        f"the put of {cid} was cut off before it was recorded, and its shards are gone",
        cure="Put it again.",
        cid=str(cid),
    )
