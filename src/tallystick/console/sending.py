"""A file chosen in the browser, that stays there until it is sent: a field of a form.

Laws: its bytes go from the browser to the API as they are read, past this console's memory; what
an act is given is the file's name, its size, and how to send it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from nicegui import events, ui

from tallystick.client.problem import read_told, unreachable
from tallystick.console.kit import button, fill, item, show
from tallystick.console.visit import Visit
from tallystick.console.words import say_bytes

__all__ = ["Chosen", "Picked"]

SEND_S: Final = 86_400
"""A file may take as long as its line needs: the API ends those who fall silent."""
_CHANGED: Final = (
    "(e) => { const file = e.target.files[0]; emit(file ? [file.name, file.size] : []) }"
)
_SEND: Final = """new Promise((done) => {
  const [box, bar, said, to, key, waits] = %s;
  const input = document.getElementById(box), file = input.files[0];
  const shown = document.getElementById(bar), words = document.getElementById(said);
  const request = new XMLHttpRequest();
  request.open('POST', to);
  request.setRequestHeader('Idempotency-Key', key);
  request.setRequestHeader('Content-Type', 'application/octet-stream');
  request.upload.onprogress = (told) => {
    if (!input.isConnected) return request.abort();
    shown.value = Math.floor(100 * told.loaded / Math.max(1, told.total));
    words.textContent = shown.value < 100 ? shown.value + '%%' : waits;
  };
  request.onloadend = () => {
    shown.hidden = true;
    words.textContent = '';
    done([request.status, request.responseText]);
  };
  shown.value = 0;
  shown.hidden = false;
  request.send(file);
})"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file that lies in the browser.

    Attributes:
        name: what it is called there.
        size: its bytes.
        box: the id of its field on the page.
    """

    name: str
    size: int
    box: str

    async def send(self, v: Visit, key: str, query: Mapping[str, str | int]) -> dict[str, Any]:
        """Send its bytes to be kept among the members; return what the API answers.

        Args:
            v: the visit.
            key: the act's Idempotency-Key.
            query: how it is to be kept, as the API's route takes it.

        Raises:
            Error: as the API names it; Unavailable `client.unreachable`, it was cut off.
        """
        to = f"{v.file('/object')}?{urlencode(query)}"
        waits = v.t("各成员正在收好它", "The members are storing it")
        given = (self.box, f"{self.box}-bar", f"{self.box}-said", to, key, waits)
        found = await ui.run_javascript(_SEND % json.dumps(given), timeout=SEND_S)
        if not found or not found[0]:
            raise unreachable()
        return read_told(found[0], found[1])


class Picked:
    """A field of a form that takes one file of any size.

    Attributes:
        value: the file that is chosen; None without one.

    Args:
        v: the visit.
        name: the field's.
    """

    def __init__(self, v: Visit, name: str) -> None:
        self.value: Chosen | None = None
        self._v = v
        self._box = f"field-{name}"
        with ui.element("div").classes("attach sent"):
            box = (
                ui.element("input").props(f"type=file id={self._box} tabindex=-1").classes("heard")
            )
            pick = button(v.t("选文件", "Choose a file"), None, "upload", "short")
            # The browser opens its own dialog only at the very press.
            pick.on("click", js_handler=f"() => document.getElementById('{self._box}').click()")
            self._told = show(fill(""))
            show(_draw_bar(v, self._box))
        box.on("change", self._take, js_handler=_CHANGED)

    def _take(self, event: events.GenericEventArguments) -> None:
        if not event.args:
            self.value = None
            self._told.set_content("")
            return
        name, size = str(event.args[0]), int(event.args[1])
        self.value = Chosen(name, size, self._box)
        words = self._v.t(f"{name}，{say_bytes(size)}", f"{name}, {say_bytes(size)}")
        self._told.set_content(item("file-check", words, "ok"))


def _draw_bar(v: Visit, box: str) -> Markup:
    return fill(
        '<div class="sending"><progress id="{}-bar" max="100" value="0" hidden aria-label="{}">'
        '</progress><span id="{}-said" class="note12 dim" role="status"></span></div>',
        box,
        v.t("已送出", "Sent so far"),
        box,
    )
