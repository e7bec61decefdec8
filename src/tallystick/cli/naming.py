"""What a verb that puts content was given: a path to put, and the name that is noted of it.

Both are looked at before any work begins: what would be refused at its end is refused here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tallystick.base.errors import Invalid, NotFound
from tallystick.cli.showing import spell

__all__ = ["check_name", "check_source"]

_MEMBER_FILE: Final = "member.key"
_COUNTY_FILES: Final = ("county.json", "token")
"""A county's folder by both: what a founder sends to others has no token, and is for everybody."""


def check_name(name: str) -> str:
    """Return the name that is to be noted of content.

    Args:
        name: as the user gave it, or a file's own. The machine lets a file be called any bytes;
            those that are no UTF-8 stand in it as lone surrogates, which nothing can keep.

    Raises:
        Invalid: `cli.name`, it is not UTF-8.
    """
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise Invalid(
            "cli.name", f"the name {spell(name)} is not UTF-8", cure="Give a name by --name."
        ) from error
    return name


def check_source(path: str) -> Path:
    """Return the path of what is to be put: a file, a folder, or a link.

    Args:
        path: as the user gave it.

    Raises:
        NotFound: `cli.file`, nothing stands there.
        Invalid: `cli.source`, it is empty, which would name the working folder; or it is, holds or
            lies in the folder of a member or of a county, whose keys are nobody else's.
    """
    if not path:
        raise Invalid(
            "cli.source", "the path is empty", cure="Name a file or a folder; . is this folder."
        )
    source = Path(path)
    # pathlib's own `exists` raises for a name that is too long.
    if not os.path.lexists(source):
        raise NotFound("cli.file", f"{spell(source.name)}: no such file", cure="Check the path.")
    for secret in _find_secrets(source):
        raise Invalid(
            "cli.source",
            f"{spell(path)} is, holds or lies in a folder of keys: {spell(str(secret))}",
            cure="Move what is to be put out of it, and put that.",
        )
    return source


def _find_secrets(source: Path) -> Iterator[Path]:
    """Yield folders of members or counties that a path lies in, is, or holds."""
    real = Path(os.path.realpath(source))
    for folder in (real, *real.parents):
        here = {name for name in (*_COUNTY_FILES, _MEMBER_FILE) if os.path.lexists(folder / name)}
        if _is_secret(here):
            yield folder
    for below, _, names in os.walk(real):
        if _is_secret(set(names)):
            yield Path(below)


def _is_secret(names: set[str]) -> bool:
    return _MEMBER_FILE in names or names.issuperset(_COUNTY_FILES)
