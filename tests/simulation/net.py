"""Four members' processes with a real CometBFT each, as a test starts, kills and asks them."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from simulation.validators import MODULE, NAMES, PORTS, Process, free_ports, wait_equal

SEED = "comet"


class Net:
    """Four members' processes."""

    def __init__(
        self, folder: Path, seed: str = SEED, *, module: str = MODULE, more: int = 0
    ) -> None:
        self.folder = folder
        self.seed = seed
        self.port = free_ports(PORTS + more)
        self._module = module
        self.members: dict[str, Process] = {}
        self.seqs = dict.fromkeys(NAMES, 0)
        self.final: list[str] = []

    def start(self, name: str, *given: str, module: str = "") -> Process:
        self.members[name] = Process(
            self.folder,
            self.seed,
            name,
            self.port,
            len(NAMES),
            module=module or self._module,
            given=given,
        )
        return self.members[name]

    def kill(self, name: str) -> None:
        self.members.pop(name).kill()

    def submit(self, name: str, bundle: int = 1) -> str:
        self.seqs[name] += 1
        tid: str = self.members[name].ask("submit", seq=self.seqs[name], bundle=bundle)
        return tid

    def finish(self, name: str, tid: str, ms: int = 20_000) -> None:
        assert self.members[name].ask("wait", tid=tid, ms=ms)[2] == 0
        self.final.append(tid)

    def order(self, name: str, bundle: int = 1) -> None:
        self.finish(name, self.submit(name, bundle))

    def equal(self, height: int = 1) -> list[object]:
        return wait_equal(list(self.members.values()), height)

    def engines(self) -> list[int]:
        """Return the engines' process ids."""
        found = [each.ask("health")["pid"] for each in self.members.values()]
        return [pid for pid in found if pid is not None]

    def check_lost(self) -> None:
        for each in self.members.values():
            for tid in self.final:
                assert each.ask("find", tid=tid), f"{each.name} lost {tid}"

    def end(self) -> None:
        for name in list(self.members):
            self.members.pop(name).end()


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        return state != "Z"
    return False


def wait_gone(pids: list[int], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while any(map(_is_alive, pids)):
        assert time.monotonic() < until, "an engine was left behind"
        time.sleep(0.05)


__all__ = ["SEED", "Net", "wait_gone"]
