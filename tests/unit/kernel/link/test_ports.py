"""Ports are drawn long before a member listens there, by programs that know of no other."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tallystick.base.errors import Unavailable
from tallystick.kernel.link.ports import MARKS_MAX, OWN, TOLD, find_free_ports, find_own_port

HOST: Final = "127.0.0.1"
ROW, OTHER_ROW, BEGIN = 15, 4, 7
DRAW: Final = f"""
import sys
from tallystick.kernel.link.ports import find_free_ports, find_own_port
print(*find_free_ports({ROW}, {BEGIN}), find_own_port({BEGIN}), flush=True)
sys.stdin.read()
"""
LISTEN: Final = """
import socket, sys
with socket.create_server((sys.argv[1], int(sys.argv[2]))) as server:
    print("listens", flush=True)
    server.accept()[0].close()
"""


@contextmanager
def run(program: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a program of its own; yield it and its first line, and kill it at the end."""
    command = [sys.executable, "-c", program, *words]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        try:
            yield child, child.stdout.readline()
        finally:
            child.kill()


def begin_at(port: int, count: int) -> int:
    """Return from where the first row that is looked at holds a port."""
    return (port - TOLD.start) // count


def has_mark(port: int) -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as found:
        try:
            found.bind((HOST, port))
        except OSError:
            return True
    return False


def test_two_programs_that_look_at_the_same_place_draw_ports_apart() -> None:
    with run(DRAW) as (_, line):
        *theirs, own = (int(word) for word in line.split())
        assert len(theirs) == ROW
        drawn = [find_free_ports(ROW, begin_at(theirs[0], ROW))]
        # Rows of another length begin elsewhere, and reach into those.
        drawn += [find_free_ports(OTHER_ROW, begin_at(port, OTHER_ROW)) for port in theirs]
        found = [port for row in drawn for port in row]
        assert len({*found, *theirs}) == len(found) + len(theirs)
        assert find_own_port(own - OWN.start) != own


def test_a_port_is_marked_while_its_program_runs_and_is_nobodys_right_after() -> None:
    with run(DRAW) as (child, line):
        theirs = [int(word) for word in line.split()][:ROW]
        assert all(has_mark(port) for port in theirs)
        child.kill()
        child.wait()
    assert not any(has_mark(port) for port in theirs), "nothing is left of a program that is killed"
    # What it drew it may have written down: a county that was made, and is not started yet.
    for port in theirs:
        assert not {*find_free_ports(OTHER_ROW, begin_at(port, OTHER_ROW))} & {*theirs}


@pytest.mark.parametrize("host", [HOST, "0.0.0.0"])
def test_a_member_listens_at_a_drawn_port_in_any_program(host: str) -> None:
    here, there = find_free_ports(2)
    with socket.create_server((host, here)), socket.create_connection((HOST, here)):
        pass
    with run(LISTEN, host, str(there)) as (_, line):
        assert line == "listens\n"
        with socket.create_connection((HOST, there)) as found:
            assert found.recv(1) == b""


def test_what_a_program_takes_for_itself_is_never_one_that_others_are_told_of() -> None:
    first = find_own_port(0)
    assert first not in TOLD
    taken = {first + 1, first + 2}
    assert find_own_port(first - OWN.start, taken) not in {first, *taken}


def test_marks_take_few_handles() -> None:
    def count() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    before = count()
    for _ in range(MARKS_MAX):
        find_free_ports(3)
    assert count() <= before + MARKS_MAX


def test_a_row_longer_than_the_machine_has_is_told() -> None:
    with pytest.raises(Unavailable, match=r"link\.address"):
        find_free_ports(len(TOLD) + 1)
    with pytest.raises(Unavailable, match=r"link\.address"):
        find_own_port(1, OWN)
