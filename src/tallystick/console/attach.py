"""A paper attached to an act: read once, its digest kept in the record, its bytes with the member.

Law: what is recorded names the paper by SHA-256, so that whoever shows it later can be checked; the
console keeps nothing of it. Limit: a paper is at most 900 kB.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from nicegui import events, ui

from tallystick.console.kit import button, fill, item, show
from tallystick.console.visit import Visit
from tallystick.text.wording import format_count

__all__ = ["PAPER_BYTES_MAX", "Attached", "describe_paper"]

PAPER_BYTES_MAX: Final = 900_000
NAME_MAX: Final = 60


def describe_paper(name: str, data: bytes) -> str:
    """Return how a record names a paper: its digest, its size and what its file is called.

    >>> describe_paper("visit.pdf", b"")[:24]
    'sha256:e3b0c44298fc1c149'
    """
    plain = "".join(sign for sign in name if sign.isprintable())[-NAME_MAX:]
    return f"sha256:{sha256(data).hexdigest()} {len(data)} B {plain}"


class Attached:
    """A field of a form that takes one file.

    Attributes:
        value: how the record will name it; "" without one.
    """

    def __init__(self, v: Visit) -> None:
        self.value = ""
        self._v = v
        with ui.element("div").classes("attach"):
            box = ui.upload(auto_upload=True, max_files=1, max_file_size=PAPER_BYTES_MAX)
            words = v.t("选文件", "Choose a file")
            button(words, lambda: box.run_method("pickFiles"), "upload", "short")
            self._told = show(fill(""))
        self._box = box
        box.on_upload(self._take)
        box.on_rejected(self._refuse)

    async def _take(self, event: events.UploadEventArguments) -> None:
        data = await event.file.read()
        self.value = describe_paper(event.file.name, data)
        self._box.reset()
        size = format_count(len(data))
        words = self._v.t(f"{event.file.name}，{size} 字节", f"{event.file.name}, {size} bytes")
        self._told.set_content(item("file-check", words, "ok"))

    def _refuse(self) -> None:
        most = format_count(PAPER_BYTES_MAX)
        words = self._v.t(f"文件超过 {most} 字节", f"The file is larger than {most} bytes")
        self._told.set_content(item("octagon-alert", words, "alarm"))
