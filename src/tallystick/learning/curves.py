"""What a person wants to see of a model before approving it: curves of held-out rows, in integers.

One tree of integers and short texts, so that it can be kept beside the model as a public object::

    calibration  tenths of the rows: mean probability, share that ended badly with Wilson's 95 %
                 interval, and the band in which that share lies in 95 of 100 draws of outcomes
                 from the probabilities themselves (what a perfect model shows by chance)
    roc          (share of good rows, share of bad rows) at or above a probability, from (0, 0) to
                 (1, 1): at most `POINTS_MOST`, spread evenly along the curve
    ks           where the two shares lie farthest apart
    histogram    good and bad rows by probability; the same edges for every model, so that two can
                 be laid on one another
    reasons      how often each feature is named first, and at all, among the `REASONS_MOST` that
                 worsen a row most; of at most `REASON_ROWS` rows at even steps
    features     what became of each, the weightiest first: information value of a card's, share of
                 the removed loss and splits of trees'
    fairness     `learning.fairness` in ppm; leakage: `learning.leakage`

Laws: shares are in ppm; nothing in it is a row's own; it takes at most `BYTES_MOST` as DAG-CBOR.
Limits: calibration, roc, ks and histogram are of rows unseen by the model that scored them; reasons
are of the published model on the rows it was fitted on. A fold's KS differs from the pooled one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from tallystick.base.codec import encode
from tallystick.exact.batch import Integers
from tallystick.exact.calibration import PPM
from tallystick.exact.card import reason_codes
from tallystick.exact.model import check_model, score_model
from tallystick.learning.evaluation import NULL_ROUNDS, HeldOut, Share, share
from tallystick.learning.fairness import ColumnAudit, GroupAudit
from tallystick.learning.leakage import Leak
from tallystick.learning.metrics import BINS
from tallystick.learning.table import Floats, Table

__all__ = ["BYTES_MOST", "EDGES_PPM", "POINTS_MOST", "REASONS_MOST", "draw_curves"]

POINTS_MOST: Final = 100
"""Most points of the ROC curve."""
REASONS_MOST: Final = 3
"""How many features of a row count as its reasons."""
REASON_ROWS: Final = 2_000
"""Most rows whose reasons are looked at: each is scored singly, as a decision does."""
FEATURES_MOST: Final = 64
"""Most features that are told, the weightiest first; the rest are counted."""
GROUPS_MOST: Final = 32
"""Most groups of a protected column that are told."""
BYTES_MOST: Final = 64 * 1024
"""Most bytes of the whole: what a public object of it may take."""
EDGES_PPM: Final = (
    *(0, 5_000, 10_000, 15_000, 20_000, 30_000, 40_000, 50_000, 60_000, 80_000, 100_000),
    *(125_000, 150_000, 200_000, 250_000, 300_000, 400_000, 500_000, 700_000, 1_000_001),
)
"""Edges of the histogram's bins: from each up to below the next."""
_NULL_LOW, _NULL_HIGH = 25, 975

Tree = dict[str, Any]


def draw_curves(
    held: HeldOut,
    table: Table,
    published: Mapping[str, Any],
    report: Any,  # noqa: ANN401 - a card's or trees' report
    *,
    seed: int,
    audits: Sequence[ColumnAudit] = (),
    leaks: Sequence[Leak] = (),
    forced: Sequence[str] = (),
    levels: Mapping[str, Sequence[str]] | None = None,
) -> Tree:
    """Return the curves of a model as one tree of integers and texts.

    Args:
        held: what models that had not seen them say of the rows; both outcomes occur.
        table: the rows that the published model was fitted on.
        published: the model.
        report: what its fit found of each feature.
        seed: of the draws behind the null band.
        audits: how its protected groups fare.
        leaks: columns that leak.
        forced: which of them were used all the same.
        levels: texts of level columns by name, in the order of their codes.
    """
    features = _tell_features(report)
    tree: Tree = {
        "v": 1,
        "rows": len(held.outcomes),
        "calibration": _calibrate(held, seed),
        **_separate(held),
        "histogram": _count_bins(held),
        "reasons": _count_reasons(table, published),
        "features": features[:FEATURES_MOST],
        "features_more": max(0, len(features) - FEATURES_MOST),
        "fairness": [_tell_audit(audit, levels or {}) for audit in audits],
        "leakage": [_tell_leak(leak, forced) for leak in leaks],
    }
    # More protected columns or leaks than fit are dropped from the end, and counted.
    while len(encode(tree)) > BYTES_MOST:
        longest = "fairness" if tree["fairness"] else "leakage"
        assert tree[longest], "what is left is bounded"
        tree[longest].pop()
        tree[f"{longest}_more"] = tree.get(f"{longest}_more", 0) + 1
    return tree


def _calibrate(held: HeldOut, seed: int) -> list[Tree]:
    """Return tenths of the rows by rising probability, as `evaluation.bin_calibration` cuts."""
    order = np.argsort(held.default_ppm, kind="stable")
    random = np.random.Generator(np.random.PCG64(seed))
    found = []
    for rows in np.array_split(order, min(BINS, len(order))):
        probabilities = held.default_ppm[rows] / PPM
        low, high = _null_band(probabilities, random)
        observed = share(int(held.outcomes[rows].sum()), len(rows))
        found.append(
            {
                "expected_ppm": _ppm(float(probabilities.mean())),
                "observed": _tell_share(observed),
                "null_low_ppm": low,
                "null_high_ppm": high,
            }
        )
    return found


def _null_band(probabilities: Floats, random: np.random.Generator) -> tuple[int, int]:
    """Return where the share of bad rows lies in 95 of 100 draws, both ends included, in ppm."""
    count = len(probabilities)
    drawn = np.array(
        [int(np.sum(random.random(count) < probabilities)) for _ in range(NULL_ROUNDS)]
    )
    ordered = np.sort(drawn)
    low, high = (int(ordered[NULL_ROUNDS * at // 1_000]) for at in (_NULL_LOW, _NULL_HIGH))
    return low * PPM // count, -(-high * PPM // count)


def _separate(held: HeldOut) -> Tree:
    """Return the ROC curve and where its two shares lie farthest apart."""
    values, place = np.unique(held.default_ppm, return_inverse=True)
    bad = np.bincount(place, weights=held.outcomes == 1, minlength=len(values))
    good = np.bincount(place, weights=held.outcomes == 0, minlength=len(values))
    # From the highest probability down: what lies at or above it.
    bad_above = np.concatenate(([0], np.cumsum(bad[::-1])))
    good_above = np.concatenate(([0], np.cumsum(good[::-1])))
    bad_ppm = np.rint(bad_above * PPM / bad_above[-1]).astype(np.int64)
    good_ppm = np.rint(good_above * PPM / good_above[-1]).astype(np.int64)
    widest = int(np.argmax(bad_ppm - good_ppm))
    return {
        "roc": [[int(good_ppm[at]), int(bad_ppm[at])] for at in _spread(good_ppm + bad_ppm)],
        "ks": {
            "ppm": int(bad_ppm[widest] - good_ppm[widest]),
            "from_ppm": int(values[::-1][widest - 1]) if widest else PPM,
            "bad_ppm": int(bad_ppm[widest]),
            "good_ppm": int(good_ppm[widest]),
        },
    }


def _spread(along: Integers) -> list[int]:
    """Return which of rising places are told: at most `POINTS_MOST`, evenly, both ends."""
    if len(along) <= POINTS_MOST:
        return list(range(len(along)))
    steps = np.linspace(along[0], along[-1], POINTS_MOST)
    places = np.searchsorted(along, steps, side="left")
    return sorted({0, len(along) - 1, *(int(at) for at in places[1:-1])})


def _count_bins(held: HeldOut) -> Tree:
    """Return how many good and bad rows each bin of probability holds."""
    edges = np.array(EDGES_PPM)
    counts = {
        name: np.histogram(held.default_ppm[held.outcomes == outcome], edges)[0].tolist()
        for name, outcome in (("good", 0), ("bad", 1))
    }
    return {"edges_ppm": [min(edge, PPM) for edge in EDGES_PPM], **counts}


def _count_reasons(table: Table, published: Mapping[str, Any]) -> Tree:
    """Return how often features are reasons, the most frequent first."""
    model = check_model(dict(published))
    step = -(-len(table) // REASON_ROWS) if len(table) else 1
    first: Counter[str] = Counter()
    among: Counter[str] = Counter()
    rows = range(0, len(table), step)
    for at in rows:
        row = {column.name: int(column.values[at]) for column in table.columns if column.known[at]}
        reasons = reason_codes(score_model(model, row), REASONS_MOST)
        first.update(reasons[:1])
        among.update(reasons)
    names = sorted(among, key=lambda name: (-first[name], -among[name], name))[:FEATURES_MOST]
    told = [{"name": name, "first": first[name], "among": among[name]} for name in names]
    return {"rows": len(rows), "features": told}


def _tell_features(report: Any) -> list[Tree]:  # noqa: ANN401 - a card's or trees' report
    found = []
    for each in report.features:
        tree: Tree = {"name": each.name, "state": each.state}
        if hasattr(each, "value_micro"):
            tree["value_micro"] = each.value_micro
        else:
            tree |= {"splits": each.splits, "gain_ppm": each.gain_ppm}
        found.append(tree)
    return sorted(found, key=lambda tree: (-_weight(tree), tree["name"]))


def _weight(tree: Mapping[str, Any]) -> int:
    found: int = tree.get("value_micro", tree.get("gain_ppm", 0))
    return found


def _tell_audit(audit: ColumnAudit, levels: Mapping[str, Sequence[str]]) -> Tree:
    texts = levels.get(audit.column, ())
    return {
        "column": audit.column,
        "ordered": int(audit.ordered),
        "groups": [_tell_group(each, texts) for each in audit.groups[:GROUPS_MOST]],
        "groups_more": max(0, len(audit.groups) - GROUPS_MOST),
    }


def _tell_group(found: GroupAudit, texts: Sequence[str]) -> Tree:
    group = found.group
    tree: Tree = {"kind": group.kind, "low": group.low, "high": group.high, "rows": found.rows}
    if group.kind == "level" and 0 <= group.low < len(texts):
        tree["text"] = texts[group.low][:40]
    tree |= {
        "selected": _tell_share(found.selected),
        "true_positive": _tell_share(found.true_positive),
        "expected_ppm": _ppm(found.expected),
        "observed": _tell_share(found.observed),
        "selected_less": int(found.is_selected_less),
        "calibrated": int(found.is_calibrated),
    }
    return tree if found.ratio is None else {**tree, "ratio_ppm": _ppm(found.ratio)}


def _tell_leak(leak: Leak, forced: Sequence[str]) -> Tree:
    tree: Tree = {"column": leak.column, "why": leak.why, "strength_ppm": _ppm(leak.strength)}
    tree["forced"] = int(leak.column in forced)
    return {**tree, "of": leak.of} if leak.of else tree


def _tell_share(found: Share) -> Tree:
    ends = {"low_ppm": _ppm(found.low), "high_ppm": _ppm(found.high)}
    return {"ppm": _ppm(found.value), **ends, "rows": found.rows}


def _ppm(value: float) -> int:
    return round(value * PPM)
