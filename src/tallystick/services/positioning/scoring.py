"""Decisions beside what an officer expected of the same cases: how far the two agree.

A label is what the officer wrote down before computing: whether what was asked fits, where the
household should end (`scheme`), the gaps that must be named (`gaps`), those that may be named too
(`gaps_ok`) and the field of expertise that should be preferred. Figures::

    fit            cases whose judgement is the officer's
    gaps_recall    of the gaps that must be named, those that are
    gaps_precision of the gaps that are named, those the officer names or tolerates
    expertise      cases whose preferred subject has the field the officer prefers
    ends           cases whose scheme is where the officer would have the household end

Laws: figures are of undisputed cases; a disputed one counts apart, and any of its accepted answers
is right; agreement is measured, nothing is tuned by it.
Limits: gaps of one case are not independent, so intervals of recall and precision are too narrow.
Source: the county's practice (accuracy of positioning).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from tallystick.base.errors import Invalid
from tallystick.services.positioning.answers import Positioning
from tallystick.services.positioning.share import Share

__all__ = [
    "LABEL",
    "Agreement",
    "Comparison",
    "Label",
    "compare",
    "measure_agreement",
    "need_labels",
    "need_settled",
    "read_label",
]

LABEL: Final = "expected"
"""The path under which a mapping hands an officer's label through."""
_ACCEPTED: Final = "also_accept"
_DISPUTED: Final = "debatable"


@dataclass(frozen=True, slots=True)
class Label:
    """What an officer expected of a case.

    Attributes:
        fits: whether what was asked fits.
        scheme: where the household should end.
        gaps: those that must be named.
        tolerated: those that may be named too.
        expertise: the field of the subject that should be preferred.
        accepted: further (fits, scheme) that are right as well.
        is_disputed: whether officers would differ.
    """

    fits: bool
    scheme: str
    gaps: frozenset[str]
    tolerated: frozenset[str]
    expertise: str
    accepted: tuple[tuple[bool, str], ...] = ()
    is_disputed: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """One decision beside its label.

    Attributes:
        key: the case's own name in its file.
        label: what was expected.
        fits: what was decided.
        scheme: where the decision leads the household.
        expertise: the field of the subject preferred; empty where none serves.
        gaps: those named.
    """

    key: str
    label: Label
    fits: bool
    scheme: str
    expertise: str
    gaps: frozenset[str]

    @property
    def fit_agrees(self) -> bool:
        """Whether the judgement is the officer's, or one he accepts."""
        accepted = {fits for fits, _ in self.label.accepted}
        return self.fits in {self.label.fits, *accepted}

    @property
    def end_agrees(self) -> bool:
        """Whether the household ends where the officer would have it, or accepts it to."""
        accepted = {scheme for _, scheme in self.label.accepted}
        return self.scheme in {self.label.scheme, *accepted}

    @property
    def expertise_agrees(self) -> bool:
        """Whether the preferred field is the officer's."""
        return self.expertise == self.label.expertise

    @property
    def missed(self) -> tuple[str, ...]:
        """Gaps that must be named and are not, sorted."""
        return tuple(sorted(self.label.gaps - self.gaps))

    @property
    def beyond(self) -> tuple[str, ...]:
        """Gaps named that the officer neither names nor tolerates, sorted."""
        return tuple(sorted(self.gaps - self.label.gaps - self.label.tolerated))

    @property
    def agrees(self) -> bool:
        """Whether there is no difference at all."""
        return (
            self.fit_agrees
            and self.end_agrees
            and self.expertise_agrees
            and not self.missed
            and not self.beyond
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far decisions and labels agree; see the module for each figure.

    Attributes:
        fit: of undisputed cases, as all that follow but the last two.
        gaps_recall: of gaps that must be named.
        gaps_precision: of gaps named.
        expertise: of cases.
        ends: of cases.
        ends_misfits: `ends` of the cases that the officer says do not fit.
        disputed_fit: of disputed cases, those with a judgement that is accepted.
        differing: undisputed cases with any difference, in their order.
    """

    fit: Share
    gaps_recall: Share
    gaps_precision: Share
    expertise: Share
    ends: Share
    ends_misfits: Share
    disputed_fit: Share
    differing: tuple[Comparison, ...]

    @property
    def n(self) -> int:
        """How many undisputed cases there are."""
        return self.fit.count


def need_labels(names: Iterable[str]) -> None:
    """Refuse a mapping that hands no label through.

    Args:
        names: paths that the mapping hands through.

    Raises:
        Invalid: `score.no_expected`.
    """
    if LABEL not in names:
        _refuse_unlabelled("the mapping hands no `expected` through")


def need_settled(labels: Sequence[Label]) -> None:
    """Refuse labels of which none is undisputed, or that are none.

    Raises:
        Invalid: `score.no_expected`.
    """
    if all(label.is_disputed for label in labels):
        _refuse_unlabelled(f"of {len(labels)} labels none is undisputed")


def _refuse_unlabelled(fact: str) -> NoReturn:
    raise Invalid(
        "score.no_expected",
        f"{fact}: there is nothing to score against",
        cure='State what an officer expected in the file, and `[expected] keep = ["expected"]`'
        " in its mapping.",
    )


def read_label(kept: Mapping[str, Any] | None) -> Label | None:
    """Return the label among the parts of a row that were handed through; None where it has none.

    Args:
        kept: parts by path: `expected` with `fits`, `scheme`, `gaps`, `gaps_ok` (may be absent) and
            `preferred_expertise`; `also_accept` and `debatable` where there are any.

    Raises:
        Invalid: `score.label`, a part is not of its form.
    """
    stated = (kept or {}).get(LABEL)
    if kept is None or stated is None:
        return None
    if not isinstance(stated, Mapping):
        _refuse(LABEL, "an object")
    accepted = kept.get(_ACCEPTED) or []
    if not isinstance(accepted, list) or not all(isinstance(each, Mapping) for each in accepted):
        _refuse(_ACCEPTED, "a list of objects")
    return Label(
        fits=_truth(stated, "fits"),
        scheme=_name(stated, "scheme"),
        gaps=_names(stated, "gaps"),
        tolerated=_names({"gaps_ok": [], **stated}, "gaps_ok"),
        expertise=_name(stated, "preferred_expertise"),
        accepted=tuple((_truth(each, "fits"), _name(each, "scheme")) for each in accepted),
        is_disputed=_truth({_DISPUTED: False, **kept}, _DISPUTED),
    )


def _truth(tree: Mapping[str, Any], name: str) -> bool:
    found = tree.get(name)
    if not isinstance(found, bool):
        _refuse(name, "true or false")
    return found


def _name(tree: Mapping[str, Any], name: str) -> str:
    found = tree.get(name)
    if not isinstance(found, str) or not found:
        _refuse(name, "a name")
    return found


def _names(tree: Mapping[str, Any], name: str) -> frozenset[str]:
    found = tree.get(name)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        _refuse(name, "a list of names")
    return frozenset(found)


def _refuse(name: str, form: str) -> NoReturn:
    raise Invalid(
        "score.label",
        f"the label's `{name}` is not {form}",
        cure="Give `expected` with fits, scheme, gaps, gaps_ok and preferred_expertise.",
    )


def compare(key: str, label: Label, found: Positioning) -> Comparison:
    """Return a decision beside its label."""
    ranked = found.result.ranked
    return Comparison(
        key=key,
        label=label,
        fits=found.fits,
        scheme=found.scheme.outcome,
        expertise=str(ranked[0]["expertise"]) if ranked else "",
        gaps=frozenset(str(row["gap"]) for row in found.judgement.ranked if "gap" in row),
    )


def measure_agreement(cases: Iterable[Comparison]) -> Agreement:
    """Return how far decisions and labels agree.

    Raises:
        Invalid: `score.no_expected`, there is no undisputed case.
    """
    found = list(cases)
    settled = [each for each in found if not each.label.is_disputed]
    need_settled([each.label for each in found])
    disputed = [each for each in found if each.label.is_disputed]
    due = sum(len(each.label.gaps) for each in settled)
    told = sum(len(each.gaps) for each in settled)
    return Agreement(
        fit=_share([each.fit_agrees for each in settled]),
        gaps_recall=Share(due - sum(len(each.missed) for each in settled), due),
        gaps_precision=Share(told - sum(len(each.beyond) for each in settled), told),
        expertise=_share([each.expertise_agrees for each in settled]),
        ends=_share([each.end_agrees for each in settled]),
        ends_misfits=_share([each.end_agrees for each in settled if not each.label.fits]),
        disputed_fit=_share([each.fit_agrees for each in disputed]),
        differing=tuple(each for each in settled if not each.agrees),
    )


def _share(agreeing: Sequence[bool]) -> Share:
    return Share(sum(agreeing), len(agreeing))
