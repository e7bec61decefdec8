"""Trees of the codec's values, as Hypothesis draws them."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from tallystick.base.codec import DAG_CBOR, INTEGER_MAX, RAW, cid_of

__all__ = ["LIKE_A_CID", "LINKS", "TREES"]

LIKE_A_CID: Final = bytes.fromhex("01550003616263")
INTEGERS: Final = st.integers(-INTEGER_MAX, INTEGER_MAX)
LINKS: Final = st.builds(cid_of, st.binary(max_size=8), st.sampled_from([RAW, DAG_CBOR]))
STRINGS: Final = st.binary(max_size=40) | st.binary(max_size=30).map(LIKE_A_CID.__add__)
KEYS: Final = st.from_regex(r"[a-z0-9._-]{1,12}", fullmatch=True)
TREES: st.SearchStrategy[Any] = st.recursive(
    INTEGERS | st.text(max_size=12) | STRINGS | LINKS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=24,
)
