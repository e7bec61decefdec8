"""What a run has at hand: the county, its members' desks, the agenda, and who is told.

Laws: only `happen` tells and counts, so that every event is told once and counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tallystick.county.agenda import Agenda
from tallystick.county.county import County
from tallystick.county.demand import Request
from tallystick.county.office import Office
from tallystick.county.outcome import Course
from tallystick.county.story import Event, Recorder

__all__ = ["CaseFile", "Scene"]


@dataclass(slots=True)
class CaseFile:
    """A case as the county follows it.

    Attributes:
        case: its id.
        request: what was asked.
        custodian: the member that took it in.
        holder: the member that owns it now.
        course: how it goes.
    """

    case: str
    request: Request
    custodian: str
    holder: str
    course: Course = "waiting"


@dataclass(slots=True)
class Scene:
    """A run's state.

    Attributes:
        county: what is true and asked.
        offices: desks by member.
        agenda: what is planned.
        told: called with every event.
        recorder: counts and tellings.
        parties: ids by place among the county's parties.
        mandates: mandates by place, of those who act through an officer.
        cases: case files by id, in the order of opening.
    """

    county: County
    offices: Mapping[str, Office]
    agenda: Agenda
    told: Callable[[Event], None]
    recorder: Recorder = field(default_factory=Recorder)
    parties: dict[int, str] = field(default_factory=dict)
    mandates: dict[int, str] = field(default_factory=dict)
    cases: dict[str, CaseFile] = field(default_factory=dict)

    def happen(self, member: str, act: str, case: str = "", detail: str = "") -> None:
        """Tell and count an event of today."""
        self.recorder.acts[act] += 1
        self.told(Event(self.agenda.day, member, act, case, detail))

    def tell(self, file: CaseFile, member: str, zh: str, en: str) -> None:
        """Add a step to the telling of a case."""
        self.recorder.tell(file.case, self.agenda.day, member, (zh, en))

    def mark(self, file: CaseFile, points: int) -> None:
        """Give a case points for being the one told: a crop loan before all others."""
        crop = file.request.demand["purpose"] == "crop_inputs"
        self.recorder.marks[file.case] += points * (10 if crop else 1)
