from __future__ import annotations

import os
from pathlib import Path

import pytest

from tallystick.api.token import ensure_token, is_token, read_token
from tallystick.base.errors import Denied


def test_a_token_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    token = ensure_token(tmp_path)
    assert ensure_token(tmp_path) == read_token(tmp_path) == token
    assert len(bytes.fromhex(token)) == 32
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_a_token_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    ensure_token(tmp_path)
    os.chmod(tmp_path / "token", 0o640)  # noqa: PTH101 - as a careless operator would
    with pytest.raises(Denied) as caught:
        ensure_token(tmp_path)
    assert caught.value.code == "api.token_open"


def test_a_folder_without_a_token_says_so(tmp_path: Path) -> None:
    with pytest.raises(Denied) as caught:
        read_token(tmp_path)
    assert caught.value.code == "api.token_missing"


def test_only_the_same_token_is_the_token(tmp_path: Path) -> None:
    token = ensure_token(tmp_path)
    assert is_token(token, token)
    for other in ("", token[:-1], token + "0", token.upper() + "x", "\ud800", "\u00e9" * 64):
        assert not is_token(token, other)
