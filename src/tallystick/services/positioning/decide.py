"""The pure positioning decision: cycle and income, best scheme, judgement, report or match.

`decide_v1(inputs, model, catalogue, rules)` is found by (positioning, 1) and replayed bit for bit:
integers only, no clock, no order of a dict, no state. `Decider` is the same with catalogue, rules
and model compiled once, for decisions in bulk.
Laws: equal inputs give equal trees; a demand that fits gets a report, any other a match; nothing
here refuses anyone: a person does. A changed byte of output is `decide_v2`, from the first release
on. History: before it, version 1 was changed in place twice, in November 2026: the scheme's
figures gained `income_interval` and `need_interval`, then the ends of `need_interval` came to allow
for what files misstate; each time its frozen vectors were made again.
Source: S0, precise positioning, steps 2 to 4; the county's practice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.base.codec import arrange
from tallystick.base.errors import Invalid
from tallystick.exact.card import reason_codes
from tallystick.exact.model import check_model, score_model
from tallystick.services.positioning.answers import Answer, Positioning, Reason
from tallystick.services.positioning.case import Case, read_case
from tallystick.services.positioning.catalogue import AID, Product, compile_catalogue
from tallystick.services.positioning.change import find_changes
from tallystick.services.positioning.cycle import describe_cycle
from tallystick.services.positioning.gaps import Gap
from tallystick.services.positioning.interval import describe_intervals
from tallystick.services.positioning.loan import Verdict
from tallystick.services.positioning.match import REVIEW, find_needs, match_providers
from tallystick.services.positioning.report import (
    list_feedback,
    list_thresholds,
    report_figures,
    terms_tree,
)
from tallystick.services.positioning.scheme import Choice, Option, choose_scheme
from tallystick.services.positioning.thresholds import RULES_V1, check_rules
from tallystick.services.positioning.why import explain_fit, explain_gaps, explain_model

__all__ = ["RULES_V1", "Decider", "Positioning", "decide_v1"]

_WORST_FEATURES = 3
_STALE_MONTHS = 12
_NO_MODEL = -1


def decide_v1(
    inputs: Mapping[str, Any],
    model: Mapping[str, Any] | None,
    catalogue: Mapping[str, Any],
    rules: Mapping[str, int],
) -> Positioning:
    """Return the positioning of one application.

    Args:
        inputs: `{"v": 1, "application": {profile, demand, features}, "defaults": [paths]}`, and
            where it is known `"dates": {path: month}` of when its data were last seen to.
        model: a published model of the bad outcome, a card or trees, or None.
        catalogue: the county's catalogue tree (`catalogue_from_toml`).
        rules: thresholds by name (`RULES_V1`).

    Raises:
        Invalid: `positioning.inputs`, `positioning.catalogue`, `positioning.rules`,
            `positioning.not_in_force`, `model.malformed`, `model.row`.
    """
    return Decider(model, catalogue, rules).decide(inputs)


class Decider:
    """Decides many applications against one model, catalogue and rule set.

    Args:
        model: a published model of the bad outcome, a card or trees, or None.
        catalogue: the county's catalogue tree.
        rules: thresholds by name.
    """

    def __init__(
        self,
        model: Mapping[str, Any] | None,
        catalogue: Mapping[str, Any],
        rules: Mapping[str, int],
    ) -> None:
        check_rules(rules)
        self._model = None if model is None else check_model(model)
        self._catalogue = compile_catalogue(catalogue)
        self._rules = dict(rules)

    def decide(self, inputs: Mapping[str, Any]) -> Positioning:
        """Return the positioning of one application; see `decide_v1`."""
        case, choice = self.read(inputs)
        default_ppm, worst = self._weigh(inputs["application"].get("features", {}))
        gaps = _all_gaps(case, choice.asked, default_ppm)
        changes = [] if len(gaps) > len(choice.asked.gaps) else find_changes(case, choice.asked)
        weighed = (_told(default_ppm), explain_model(default_ppm, worst))
        scheme = _answer_scheme(case, choice, inputs, weighed)
        judgement = _answer_judgement(case, choice.asked, gaps, changes)
        if gaps:
            return Positioning(scheme, judgement, _answer_match(case, choice, gaps, judgement))
        return Positioning(scheme, judgement, _answer_report(case, choice, judgement))

    def read(self, inputs: Mapping[str, Any]) -> tuple[Case, Choice]:
        """Return an application laid out for judging, and the schemes weighed for it."""
        case = read_case(_read_inputs(inputs), self._catalogue, self._rules)
        return case, choose_scheme(case, self._find_products(case.ask.as_of))

    def _find_products(self, month: int) -> tuple[Product, ...]:
        products = self._catalogue.find_in_force(month)
        if not products:
            raise Invalid(
                "positioning.not_in_force",
                f"no product of the catalogue is in force in month {month}",
                cure="Give the month of application, or a catalogue of that time.",
            )
        return products

    def _weigh(self, features: Mapping[str, int]) -> tuple[int, Sequence[str]]:
        """The model's probability of default in ppm, -1 without one, and its worst features."""
        if self._model is None:
            return _NO_MODEL, ()
        found = score_model(self._model, features)
        return found.default_ppm, reason_codes(found, _WORST_FEATURES)


def _read_inputs(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    application = inputs.get("application")
    if inputs.get("v") != 1 or not isinstance(application, dict):
        raise Invalid(
            "positioning.inputs",
            f"expected v = 1 and an application, found v = {inputs.get('v')!r}",
            cure='Give {"v": 1, "application": {...}, "defaults": [...]}.',
        )
    return application


def _told(default_ppm: int) -> dict[str, int]:
    if default_ppm == _NO_MODEL:
        return {}
    return {"default_ppm": default_ppm, "repay_ppm": 1_000_000 - default_ppm}


def _all_gaps(case: Case, asked: Verdict, default_ppm: int) -> tuple[Gap, ...]:
    """The verdict's gaps and, for money lent, what a model doubts."""
    most = case.rules["default_ppm"]
    if asked.product.kind in ("borrow", "lease") and default_ppm > most:
        return (*asked.gaps, Gap("repayment_unlikely", default_ppm - most, default_ppm, most))
    return asked.gaps


def _answer_scheme(
    case: Case,
    choice: Choice,
    inputs: Mapping[str, Any],
    weighed: tuple[dict[str, int], tuple[Reason, ...]],
) -> Answer:
    """Step 3: the initial scheme, all that was weighed, and what had to be assumed."""
    told, model_reasons = weighed
    intervals, guessed = describe_intervals(case)
    assumed = {*inputs.get("defaults", ()), *case.household.assumed, *case.ask.assumed, *guessed}
    cycle = arrange(describe_cycle(case))
    figures = {"cycle": cycle, "assumed": sorted(assumed), **intervals, **told}
    if stale := _find_stale(inputs.get("dates", {}), case.ask.as_of):
        figures["stale"] = stale
    reasons = [Reason("aid_suits")] if choice.scheme == AID else []
    if choice.scheme == case.ask.scheme:
        reasons.append(Reason("asked_scheme", {"scheme": choice.scheme}))
    elif choice.scheme != AID and case.ask.scheme:
        reasons.append(Reason("other_scheme", {"scheme": choice.scheme}))
    product = choice.asked.product
    shows = [name for name in (*product.shows, *product.needs) if name not in case.ask.demand]
    return Answer(
        question="scheme",
        outcome=choice.scheme,
        ranked=tuple(_option_tree(option) for option in choice.options),
        conditions=tuple({"show": name} for name in shows),
        figures=figures,
        reasons=(*reasons, *model_reasons),
    )


def _find_stale(dates: Mapping[str, int], as_of: int) -> list[dict[str, Any]]:
    """Return what is older than a year at the application, with its age in months."""
    ages = ((path, as_of - month) for path, month in sorted(dates.items()))
    return [{"path": path, "months": age} for path, age in ages if age > _STALE_MONTHS]


def _option_tree(option: Option) -> dict[str, Any]:
    verdict = option.verdict
    return {
        "scheme": verdict.product.scheme,
        "version": verdict.product.version,
        "score": option.score,
        "parts": [{"part": name, "points": points} for name, points in option.parts if points],
        "fits": int(verdict.fits),
        "gaps": [gap.gap for gap in verdict.gaps],
        **terms_tree(verdict),
    }


def _answer_judgement(
    case: Case, asked: Verdict, gaps: tuple[Gap, ...], changes: Sequence[dict[str, Any]]
) -> Answer:
    """Step 4: does what was asked fit, and by how much not."""
    figures: dict[str, Any] = {"scheme": asked.product.scheme, **terms_tree(asked)}
    if asked.burden is not None:
        figures["thresholds"] = list_thresholds(case, asked.burden)
        figures["lowest_minor"] = asked.low_cash
        figures["lowest_month"] = asked.low_month
    if case.ask.project.implausible_minor:
        figures["stated_income_minor"] = case.ask.project.stated_middle_minor
        figures["county_income_minor"] = case.ask.project.county_p50_minor
    reasons = explain_gaps(case, gaps, changes) if gaps else explain_fit(case, asked)
    ranked = tuple(gap.tree() for gap in gaps)
    return Answer(
        "judgement", "does_not_fit" if gaps else "fits", ranked, tuple(changes), figures, reasons
    )


def _answer_report(case: Case, choice: Choice, judgement: Answer) -> Answer:
    """The report of what fits, with who should give it."""
    asked = choice.asked
    return Answer(
        "report",
        asked.product.scheme,
        tuple(match_providers(case, choice)),
        (),
        report_figures(case, asked),
        judgement.reasons,
    )


def _answer_match(case: Case, choice: Choice, gaps: tuple[Gap, ...], judgement: Answer) -> Answer:
    """Unmet demands, the preferred and alternative subjects, and what would make it fit."""
    ranked = match_providers(case, choice)
    needs = find_needs(case, choice)
    outcome = needs[0] if needs[0] in (AID, REVIEW) else "matched"
    conditions = [dict(change) for change in judgement.conditions]
    chosen = choice.chosen
    if chosen is not None and chosen is not choice.asked and chosen.fits:
        told = {"change": "scheme", "scheme": choice.scheme, **terms_tree(chosen)}
        conditions.append(told)
    figures = {
        "unmet": [gap.tree() for gap in gaps],
        "needs": list(needs),
        "scheme": choice.scheme,
        "feedback": list_feedback(case, choice.asked)[:1],
    }
    return Answer(
        "match",
        outcome,
        tuple(ranked),
        tuple(conditions),
        figures,
        judgement.reasons,
    )
