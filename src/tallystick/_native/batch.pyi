# Batch loops of cards and trees, in C; batch.c states every law.
#
# A feature is `(is_level, edges, entries, values, known)`: ascending edges; one entry for each bin
# or level, then `other`, then `missing`, as `exact.batch.places` numbers them; a value and a mark
# for each row, or None twice where there is no column. Arrays are contiguous. ValueError is raised
# for lengths or orders that do not fit, before anything is written.

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Integers: TypeAlias = NDArray[np.int64]
_Entries: TypeAlias = NDArray[np.integer[Any]]
_Feature: TypeAlias = tuple[bool, _Integers, _Entries, _Integers | None, NDArray[np.bool_] | None]

# Write the logit of every row: `base` and one entry of every feature, int64 micro-logits.
def score_card(base: int, features: tuple[_Feature, ...], logit_micro: _Integers, /) -> None: ...

# Add the value of the leaf reached in every tree. An entry is one word of `word_bytes` (1, 2, 4 or
# 8) for each tree, whose lowest common bit over all features is the leaf; `start` says where in
# `value` each tree's leaves begin, and 64 values follow every start.
def add_trees(
    word_bytes: int,
    features: tuple[_Feature, ...],
    start: _Integers,
    value: _Integers,
    logit_micro: _Integers,
    /,
) -> None: ...

# Write the probability in ppm at every logit. Both sides of the table ascend: `at` within 10^12,
# `ppm` within 0 to 10^6.
def calibrate(
    at: _Integers, ppm: _Integers, logit_micro: _Integers, default_ppm: _Integers, /
) -> None: ...
