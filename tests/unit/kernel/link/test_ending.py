"""A member's end leaves no connection of others open, and is told nobody as a fault."""

from __future__ import annotations

import gc
import threading
import warnings
from contextlib import suppress
from pathlib import Path

import pytest

from links import End, open_pair
from tallystick.base.errors import Error


def test_a_call_that_is_open_as_a_member_ends_leaves_no_connection(tmp_path: Path) -> None:
    begun, over = threading.Event(), threading.Event()

    def hang(_: str, payload: bytes) -> bytes:
        begun.set()
        over.wait(10)
        return payload

    def call(end: End) -> None:
        with suppress(Error):
            end.link.call("coop", "hang", b"")

    with (
        open_pair(tmp_path, tls=True) as (bank, coop),
        warnings.catch_warnings(record=True) as told,
    ):
        warnings.simplefilter("always")
        coop.link.serve({"hang": hang})
        caller = threading.Thread(target=call, args=(bank,))
        caller.start()
        assert begun.wait(5)
        coop.link.close()
        over.set()
        caller.join()
        gc.collect()
    assert not [str(each.message) for each in told if "unclosed" in str(each.message)]


def test_an_end_with_idle_callers_is_told_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_pair(tmp_path, tls=True) as (bank, coop):
        coop.link.serve({"echo": lambda _, payload: payload})
        assert bank.link.call("coop", "echo", b"x") == b"x"
        coop.link.close()
        assert bank.link._asking._line("coop")._kept, "it is kept until it is asked on again"
    assert caplog.records == []
