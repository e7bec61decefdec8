"""A loan's life: granted on the report's terms, paid out, and paid back as its household is able.

Laws: only what was approved and accepted is lent, by the case's holder; each payment of the
schedule is made once, on its day or late; lateness follows from the household's will and from a
disaster in its village. Source: the county's practice (planted truth, default).
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from tallystick.county.agenda import Phase
from tallystick.county.draws import PPM
from tallystick.county.outcome import find_season
from tallystick.county.scene import CaseFile, Scene
from tallystick.finance import Instalment, LoanTerms, build_schedule
from tallystick.services.credit.dues import due_day

__all__ = ["lend"]

_ON_TIME_PPM: Final = 930_000
_WILL_PPM: Final = 35_000
_LEAST_PPM: Final = 700_000
_MOST_PPM: Final = 995_000
_LOSS_HURTS_PPM: Final = 200_000
_HIT_PPM: Final = 350_000
_LATE_DAYS: Final = (9, 120)


def lend(scene: Scene, file: CaseFile) -> int:
    """Grant and pay out the loan of a case, plan its payments, and return its amount in fen."""
    office = scene.offices[file.holder]
    granted = office.grant_loan(file.case)
    terms = _read_terms(granted["terms"])
    scene.happen(file.holder, "loan.granted", file.case)
    office.disburse_loan(granted["loan"], amount_minor=terms.amount_minor)
    scene.happen(file.holder, "loan.disbursed", file.case)
    for number, row in enumerate(build_schedule(terms)):
        if row.payment:
            due = due_day(scene.agenda.day, row.month)
            act = partial(_repay, scene, file, str(granted["loan"]), row)
            scene.agenda.plan(due + _find_delay(scene, file, number), Phase.FOLLOW, act)
    return terms.amount_minor


def _read_terms(tree: dict[str, Any]) -> LoanTerms:
    return LoanTerms(**tree)


def _find_delay(scene: Scene, file: CaseFile, number: int) -> int:
    """Return how many days late a payment comes; 0 for most."""
    truth = scene.county.parties[file.request.party].truth
    on_time = _ON_TIME_PPM + truth.discipline_ppm * _WILL_PPM // PPM
    season = find_season(scene.county, file.request)
    if PPM - season.kept_ppm >= _LOSS_HURTS_PPM:
        on_time -= _HIT_PPM
    chance = max(_LEAST_PPM - _HIT_PPM, min(_MOST_PPM, on_time))
    if file.request.draws.happens(f"pays {number}", chance):
        return 0
    return file.request.draws.between(f"late {number}", *_LATE_DAYS)


def _repay(scene: Scene, file: CaseFile, loan: str, row: Instalment) -> None:
    """The lender takes a payment; interest that a third payer owes is not the household's."""
    interest = row.payment - row.principal
    scene.offices[file.holder].repay_loan(
        loan, principal_minor=row.principal, interest_minor=interest
    )
    scene.happen(file.holder, "loan.repaid", file.case)
