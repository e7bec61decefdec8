"""A county acted out through its members' desks: registrations, requests, and all that follows.

Laws: the same county through the same desks is the same story, act for act; whoever acts does so
through an `Office`, so that a run against nodes in process and one against servers are one run.
An error of a desk ends the run: nothing is passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Final

from tallystick.base.errors import Invalid
from tallystick.county.agenda import Agenda, Phase, day_of
from tallystick.county.case_course import follow_case
from tallystick.county.county import County
from tallystick.county.demand import Request
from tallystick.county.member import MEMBERS, find_witness
from tallystick.county.observing import observe
from tallystick.county.office import Office
from tallystick.county.public_life import plan_public_life
from tallystick.county.scene import CaseFile, Scene
from tallystick.county.story import Event, Story
from tallystick.county.words import SENTENCES, say

__all__ = ["run_county"]

_REGISTRATION_DAYS: Final = 45
_MANDATE_DAYS: Final = 730


def run_county(
    offices: Mapping[str, Office],
    county: County,
    *,
    months: int | None = None,
    advance: Callable[[int], None],
    told: Callable[[Event], None],
    monthly: Callable[[], None] | None = None,
) -> Story:
    """Act a county out and return its story.

    Args:
        offices: the desk of every member of `MEMBERS`, by name.
        county: what is true and asked (`draw_county`).
        months: how many of the county's months to act out; all of them where None.
        advance: called with each day (since 1970-01-01) on which something is done, before it is.
        told: called with every event, in order.
        monthly: called on the first morning of each month but the first one.

    Raises:
        Invalid: `county.offices` where a member has no desk, `county.months` outside 1..its months.
        Error: whatever a desk refuses.
    """
    length = county.months if months is None else months
    if not 1 <= length <= county.months:
        raise Invalid(
            "county.months",
            f"{length} months asked for, the county is drawn for {county.months}",
            cure="Draw the county for as many months as are to be acted out.",
        )
    missing = sorted({member.name for member in MEMBERS} - set(offices))
    if missing:
        raise Invalid(
            "county.offices",
            f"{len(MEMBERS)} members act, no desk for: {', '.join(missing)}",
            cure="Give a desk for each of county.member.MEMBERS.",
        )
    scene = Scene(county, offices, Agenda(), told)
    _plan_registrations(scene)
    _plan_requests(scene)
    plan_public_life(scene)
    if monthly is not None:
        for month in range(county.start_month + 1, county.start_month + length):
            scene.agenda.plan(day_of(month, 1), Phase.FUND, monthly)
    begin, end = day_of(county.start_month, 1), day_of(county.start_month + length, 1)
    scene.agenda.run(end, advance)
    return scene.recorder.finish(end - begin)


def _plan_registrations(scene: Scene) -> None:
    """Parties become known in the first weeks, or on the day of their first request."""
    county = scene.county
    first: dict[int, int] = {}
    for request in county.requests:
        first.setdefault(request.party, day_of(request.month, request.day))
    begin = day_of(county.start_month, 1)
    for place, party in enumerate(county.parties):
        day = begin + party.draws.below("registered", _REGISTRATION_DAYS)
        day = min(day, first.get(place, day))
        scene.agenda.plan(day, Phase.REGISTER, partial(_register, scene, place))


def _register(scene: Scene, place: int) -> None:
    party = scene.county.parties[place]
    office = scene.offices[party.custodian]
    scene.parties[place] = office.add_party(party.kind, party.identity, party.contacts)
    scene.happen(party.custodian, "party.registered", detail=party.kind)
    if not party.own_key:
        scene.mandates[place] = office.add_mandate(
            scene.parties[place],
            witness=find_witness(party.custodian),
            days=_MANDATE_DAYS,
            text=say(SENTENCES["mandate"], party.language),
        )
        scene.happen(party.custodian, "mandate.given")


def _plan_requests(scene: Scene) -> None:
    """Requests of one day at one desk are taken in together."""
    parties = scene.county.parties
    for (month, day), group in groupby(scene.county.requests, key=lambda r: (r.month, r.day)):
        desks: defaultdict[str, list[Request]] = defaultdict(list)
        for request in group:
            desks[parties[request.party].custodian].append(request)
        for member, requests in sorted(desks.items()):
            act = partial(_take_in, scene, member, requests)
            scene.agenda.plan(day_of(month, day), Phase.INTAKE, act)


def _take_in(scene: Scene, member: str, requests: Sequence[Request]) -> None:
    answers = scene.offices[member].open_cases([_write(scene, each) for each in requests])
    assert len(answers) == len(requests), "a desk answers every request, in order"
    for request, answer in zip(requests, answers, strict=True):
        file = CaseFile(str(answer["case"]), request, member, member)
        scene.cases[file.case] = file
        scene.happen(member, "case.opened", file.case, request.demand["kind"])
        follow_case(scene, file, answer)


def _write(scene: Scene, request: Request) -> dict[str, Any]:
    """Return a request as a desk takes it (`Office.open_cases`), with what its lender observes."""
    party = scene.county.parties[request.party]
    village = scene.county.villages[party.village]
    features = observe(party, village, request.application)
    found = {
        "application": {**request.application, "features": features},
        "defaults": [],
        "party": scene.parties[request.party],
    }
    if request.party in scene.mandates:
        found["mandate"] = scene.mandates[request.party]
    if request.programme is not None:
        found["programme"] = request.programme
    return found
