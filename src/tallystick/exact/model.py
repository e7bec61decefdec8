"""Read and score a published model, whichever kind it is of.

Laws: the kind stands in the value tree; a card and trees take the same rows and give the same
`Score`, so that a champion and its challenger are exchanged by their CIDs alone. Reading and
single scores need the standard library only; NumPy is loaded by the first batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from tallystick.exact import card, trees
from tallystick.exact.card import Card, Score, check_card
from tallystick.exact.reading import malformed
from tallystick.exact.trees import Trees, check_trees

if TYPE_CHECKING:
    from tallystick.exact.batch import BatchScore, Columns

__all__ = ["Model", "check_model", "score_model", "score_model_batch"]

Model: TypeAlias = Card | Trees
"""A checked model of any kind."""


def check_model(value: object) -> Model:
    """Return the model in an untrusted value tree.

    Args:
        value: what was decoded; see `exact.card` and `exact.trees` for the forms.

    Raises:
        Invalid: `model.malformed`, naming the first field that breaks its kind's form.
    """
    kind = value.get("kind") if type(value) is dict else None
    if kind == "card":
        return check_card(value)
    if kind == "trees":
        return check_trees(value)
    raise malformed("model", "a map of kind card or trees", "another value")


def score_model(model: Model, row: Mapping[str, int]) -> Score:
    """Return what a model says of one row.

    Args:
        model: checked.
        row: integer features by name, |x| < 2^53; an absent key is a missing value.

    Raises:
        Invalid: `model.row` if a value the model reads is no such integer.
    """
    if isinstance(model, Card):
        return card.score(model, row)
    return trees.score(model, row)


def score_model_batch(model: Model, columns: Columns) -> BatchScore:
    """Return what a model says of every row, equal to `score_model`.

    Args:
        model: checked.
        columns: as `exact.batch.score_batch` takes them.

    Raises:
        Invalid: `model.columns` if the columns break that form.
    """
    # A verifier replays single decisions and need not have NumPy.
    from tallystick.exact.batch import score_batch  # noqa: PLC0415
    from tallystick.exact.trees_batch import score_trees_batch  # noqa: PLC0415

    if isinstance(model, Card):
        return score_batch(model, columns)
    return score_trees_batch(model, columns)
