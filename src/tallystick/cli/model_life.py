"""What `tally model` reads and tells of models that are approved, shown and compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tallystick.base.errors import Invalid, NotFound
from tallystick.cli.showing import show
from tallystick.cli.spoken import Words

if TYPE_CHECKING:
    from tallystick.client import Client
    from tallystick.text.wording import Language

__all__ = ["print_due", "print_model", "read_file", "resolve", "row_of", "shadow_report"]

FILE_BYTES_MAX: Final = 16 * 1024 * 1024
LARGEST: Final = 10
"""Cases that a comparison names."""

_CID_LENGTH: Final = 59
_DIGITS: Final = 6
_DUE: Final = {
    "no_model": Words(
        "没有模型在用，已到期的贷款有 {found} 笔",
        "no model is in force, and {found} loans are over",
    ),
    "drift": Words(
        "批准以后的申请与训练时不同：PSI {found}，机会所致至多 {limit}",
        "requests since are other than those trained on: PSI {found}, by chance up to {limit}",
    ),
    "matured": Words(
        "批准以后又有 {found} 笔贷款到期，够重新训练（{limit}）",
        "{found} loans ended since, enough to train anew ({limit})",
    ),
    "calibration": Words(
        "在这些贷款上概率平均差 {found}，机会所致至多 {limit}",
        "on these its chances were off by {found} on average, by chance up to {limit}",
    ),
}
_TITLES: Final = {
    True: Words("应重新训练，由人决定：", "Training is due; persons decide:"),
    False: Words("不必重新训练。", "Training is not due."),
}
_COUNTED: Final = Words(
    "训练时到期 {trained} 笔；以后发放 {granted} 笔，到期 {matured} 笔",
    "{trained} loans were over then; {granted} were granted since, {matured} ended",
)
_SHARES: Final = frozenset({"drift", "calibration"})
_POINTS: Final = Words("（千分之一 logit，越高越差）", "(1/1000 logit, higher is worse)")


def read_file(path: str) -> dict[str, Any]:
    """Return what training wrote, as JSON can hold it: `{"v", "model", "report"}`.

    Raises:
        NotFound: `cli.file`.
        Invalid: `model.file`, it is no such object.
    """
    from tallystick.county.local import told
    from tallystick.records.trained import read_trained

    try:
        with Path(path).open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise NotFound(
            "cli.file", f"{Path(path).name}: {error.strerror}", cure="Check the path."
        ) from error
    if len(data) > FILE_BYTES_MAX:
        raise Invalid("cli.file", f"the file is larger than {FILE_BYTES_MAX} bytes")
    found: dict[str, Any] = told(read_trained(data))
    return found


def resolve(office: Client, name: str) -> str:
    """Return the CID of a model by its name or CID.

    Raises:
        NotFound: `model.unknown`, none of that name was approved.
        Invalid: `model.name`, several were.
    """
    if name.startswith("b") and len(name) == _CID_LENGTH:
        return name
    found = [row["model"] for row in office.list_all(office.list_models) if row["name"] == name]
    if not found:
        raise NotFound(
            "model.unknown",
            "no model of that name or CID was ever approved",
            cure="List them: tally model list.",
        )
    if len(found) > 1:
        raise Invalid(
            "model.name",
            f"{len(found)} models have that name",
            cure="Name it by its CID: tally model list.",
        )
    cid: str = found[0]
    return cid


def row_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's row as a person reads a list."""
    metrics = row["metrics"]
    return {
        "name": row["name"],
        "kind": row.get("kind"),
        "state": row["state"],
        "auc": _share(metrics.get("auc_ppm")),
        "ece": _share(metrics.get("ece_ppm")),
        "ece_null95": _share(metrics.get("ece_null95_ppm")),
        "approved_at": row["approved_at"],
        "member": row["member"],
        "model": row["model"],
    }


def _share(ppm: int | None) -> str | None:
    return None if ppm is None else f"{ppm / 1_000_000:.4f}"


def print_model(found: Mapping[str, Any], language: Language) -> None:
    """Print a model for a person: what it is, what was measured, and a line a feature."""
    tree = {key: value for key, value in found.items() if key not in {"features", "metrics"}}
    show(tree, is_json=False, language=language)
    print()
    show(_say_metrics(found["metrics"]), is_json=False, language=language)
    print()
    if "trees" not in found:
        print(_POINTS.in_(language))
    rows = [_say_feature(feature) for feature in found["features"]]
    show(rows, is_json=False, language=language)


def _say_metrics(metrics: Mapping[str, int]) -> dict[str, Any]:
    return {
        name.removesuffix("_ppm"): _share(each) if name.endswith("_ppm") else each
        for name, each in metrics.items()
    }


def _say_feature(feature: Mapping[str, Any]) -> dict[str, Any]:
    told = {"name": feature["name"], "kind": feature["kind"]}
    if "splits" in feature:
        return {**told, "splits": feature["splits"]}
    # The last bin of a number has no upper cut; a level has as many points as levels.
    edges = [*feature.get("levels", ()), *feature.get("cuts", ())]
    signs = [f"={edge}" if "levels" in feature else f"<={edge}" for edge in edges]
    signs += [] if "levels" in feature else [f">{edges[-1]}" if edges else "*"]
    points = [
        f"{sign}: {round(each / 1_000)}"
        for sign, each in zip(signs, feature["points"], strict=True)
    ]
    return {**told, "points": points, "missing": round(feature["missing"] / 1_000)}


def print_due(found: Mapping[str, Any], language: Language) -> None:
    """Print whether training is due for a person: the reasons, and a line a month."""
    print(_TITLES[bool(found["due"])].in_(language))
    for reason in found["reasons"]:
        name = reason["reason"]
        values = {
            each: _share(reason[each]) if name in _SHARES else reason[each]
            for each in ("found", "limit")
        }
        print(f"  {_DUE[name].in_(language).format(**values)}")
    print(_COUNTED.in_(language).format(**found))
    rows = [
        {
            "month": f"{each['month'] // 12}-{each['month'] % 12 + 1:02}",
            "rows": each["rows"],
            "psi": _share(each["psi_ppm"]),
            "chance95": _share(each["chance95_ppm"]),
        }
        for each in found["months"]
    ]
    if rows:
        show(rows, is_json=False, language=language)


def shadow_report(office: Client, model: str, days: int) -> dict[str, Any]:
    """Return how a model compares with what decided this member's own cases.

    Args:
        office: the member's.
        model: its CID.
        days: cases decided in the last so many days; 0 for all.

    Returns:
        `cases` compared, `unread`, `without_model` (decided by none, so only the outcome is
        compared), `differ` and `differ_share` of outcomes, `rank_correlation` and `psi` of the
        probabilities (absent without any), and the `largest` differences.
    """
    rows: list[dict[str, Any]] = []
    unread = 0
    offset: int | None = 0
    while offset is not None:
        page = office.shadow_model(model, days=days, offset=offset)
        rows += page["items"]
        unread += page["unread"]
        offset = page.get("next")
    scored = [row for row in rows if "decided_ppm" in row]
    differ = sum(row["fits"] != row["would_fit"] for row in rows)
    return {
        "model": model,
        "cases": len(rows),
        "unread": unread,
        "without_model": len(rows) - len(scored),
        "differ": differ,
        "differ_share": round(differ / len(rows), _DIGITS) if rows else 0.0,
        **_compare(scored),
        "largest": sorted(scored, key=lambda row: (-_gap(row), row["case"]))[:LARGEST],
    }


def _gap(row: Mapping[str, Any]) -> int:
    gap: int = abs(row["shadow_ppm"] - row["decided_ppm"])
    return gap


def _compare(scored: list[dict[str, Any]]) -> dict[str, float]:
    if not scored:
        return {}
    from tallystick.learning.comparing import compare_scores

    found = compare_scores(
        [row["decided_ppm"] for row in scored], [row["shadow_ppm"] for row in scored]
    )
    return {
        "rank_correlation": round(found.rank_correlation, _DIGITS),
        "psi": round(found.psi, _DIGITS),
    }
