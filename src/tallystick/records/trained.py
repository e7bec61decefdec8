"""The file that training writes: a model, and what is known of it; docs/spec/trained.md.

The model is published as an object of its own, so that decisions name its CID and nothing else;
the report stays behind, and what of it matters is stated when the model is approved.

Laws: canonical bytes; the report is of integers, text and one link, so that it can be recorded.
"""

from __future__ import annotations

from typing import Any, Final

from tallystick.base import codec
from tallystick.base.errors import Invalid

__all__ = ["CURVES_BYTES_MAX", "METRICS", "REPORT", "read_trained"]

METRICS: Final = (
    "auc_ppm",
    "auc_sd_ppm",
    "bad",
    "brier_ppm",
    "ece_null95_ppm",
    "ece_ppm",
    "gini_ppm",
    "ks_ppm",
    "leaks",
    "rows",
)
"""What training measures: shares in ppm, of rows that the judged model had not seen; `rows` with an
outcome, `bad` ones among them, `leaks`: leaking columns that were used all the same."""

CURVES_BYTES_MAX: Final = 64 * 1024
"""Most bytes of the curves, which are kept as a public object of their own."""


def _curves(found: Any) -> None:  # noqa: ANN401 - a check reads whatever was decoded
    codec.value(found)
    if type(found) is not dict or len(codec.encode(found)) > CURVES_BYTES_MAX:
        raise codec.refuse("curves")


REPORT: Final = codec.shape(
    {
        "program": codec.text(40),
        "data": codec.cid,
        "mapping": codec.ident(64),
        "metrics": codec.shape(dict.fromkeys(METRICS, codec.integer())),
    },
    {"curves": _curves},
)
"""Version of the program that trained, SHA-256 of the data as a raw CID, of the mapping as
hexadecimal text, the figures, and the curves of `learning.curves` where they were drawn."""

_TRAINED: Final = codec.shape({"v": codec.choice(1), "model": codec.value, "report": REPORT})


def read_trained(data: bytes) -> dict[str, Any]:
    """Return `{"v": 1, "model": tree, "report": report}` of a file's bytes; the model is unchecked.

    Raises:
        Invalid: `model.file`, the bytes are no such object.
    """
    try:
        found: dict[str, Any] = codec.decode(data, _TRAINED)
    except Invalid as error:
        raise Invalid(
            "model.file",
            "the file is not what training writes",
            cure="Name a file that tally model train --out FILE has written.",
        ) from error
    return found
