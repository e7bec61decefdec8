"""Take the pictures of these pages: a demonstration county, served, and Debian's Chromium.

`.venv/bin/python docs/console/pictures.py` makes a county by `tally demo` (two minutes), acts in it
as its officers would, and writes `pictures/*.png`. `--county FOLDER` copies one made before;
`--only NAME` takes one picture again. Names, sums and cases follow from the county's seed; ids of
what is done here, and times, are drawn anew at each run.

Law: no picture is larger than `BYTES_MAX`: it is cut to what matters and kept in 256 colours.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import struct
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from console.intake import CASES, Hand, type_case  # noqa: E402 - of the folder just named
from console.screens import settle  # noqa: E402
from console.served import Served, run_tally, serve  # noqa: E402
from tallystick.base.clock import SystemClock  # noqa: E402
from tallystick.county.house import open_house  # noqa: E402
from tallystick.county.tamper import flip_byte  # noqa: E402

TO: Final = Path(__file__).with_name("pictures")
BYTES_MAX: Final = 120_000
COLOURS: Final = 256
DEMO_S: Final = 900
SIZES: Final = {1440: 900, 390: 844}
BANK: Final = "credit-union"
TYPED: Final = CASES["seed and fertiliser for maize"]
_PIXELS: Final = """async (data) => {
  const blob = await (await fetch('data:image/png;base64,' + data)).blob();
  const image = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d').drawImage(image, 0, 0);
  const pixels = canvas.getContext('2d').getImageData(0, 0, image.width, image.height).data;
  let text = '';
  for (let at = 0; at < pixels.length; at += 32768)
    text += String.fromCharCode(...pixels.subarray(at, at + 32768));
  return [image.width, image.height, btoa(text)];
}"""


# ---- a picture as a small file


def shrink(page: Page, shot: bytes) -> bytes:
    """Return a screenshot as a PNG of at most 256 colours; a blank page unpacks it."""
    width, height, text = page.evaluate(_PIXELS, base64.b64encode(shot).decode())
    pixels = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[..., :3]
    packed = pixels.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    colours, places, counts = np.unique(packed, return_inverse=True, return_counts=True)
    kept = _choose(_unpack(colours), counts)
    nearest = _nearest(_unpack(colours), kept)
    rows = nearest[places].reshape(height, width).astype(np.uint8)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = kept.astype(np.uint8).tobytes()
    parts = (
        (b"IHDR", head),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _unpack(packed: Any) -> Any:  # noqa: ANN401 - numpy
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.int64)


def _choose(colours: Any, counts: Any) -> Any:  # noqa: ANN401 - numpy
    """Return the palette: half of it the commonest, half those that would be missed most."""
    kept = list(np.argsort(counts, kind="stable")[::-1][: COLOURS // 2])
    apart = np.min([((colours - colours[each]) ** 2).sum(axis=1) for each in kept], axis=0)
    for _ in range(COLOURS - len(kept)):
        missed = int((apart * np.sqrt(counts)).argmax())
        kept.append(missed)
        apart = np.minimum(apart, ((colours - colours[missed]) ** 2).sum(axis=1))
    return colours[kept]


def _nearest(colours: Any, kept: Any) -> Any:  # noqa: ANN401 - numpy
    """Return for each colour the place of the nearest of those that are kept."""
    found = np.empty(len(colours), np.int64)
    for at in range(0, len(colours), 4_096):
        apart = colours[at : at + 4_096, None, :] - kept[None, :, :]
        found[at : at + 4_096] = (apart**2).sum(axis=2).argmin(axis=1)
    return found


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# ---- somebody at a browser


@dataclass(frozen=True, slots=True)
class Camera:
    """Opens pages of a served county as its officers, and keeps pictures.

    Attributes:
        browser: Chromium.
        served: the county.
        only: the one picture wanted; empty for all.
    """

    browser: Browser
    served: Served
    only: str

    @contextmanager
    def visit(
        self, who: str, place: str, *, language: str = "en", width: int = 1440, dark: bool = False
    ) -> Iterator[Page]:
        """Open a place of the console as an officer, `member/log-in name`."""
        member, _, name = who.partition("/")
        with self.window(language=language, width=width, dark=dark) as page:
            token = self.served.choose(member, name)
            url = f"{self.served.address}/{member}"
            page.context.add_cookies([{"name": f"tally_{member}", "value": token, "url": url}])
            page.goto(f"{self.served.address}/{member}/{language}{place}")
            page.locator("main h1").wait_for()
            page.locator(".k-verify").wait_for()
            settle(page)
            yield page

    @contextmanager
    def window(
        self, *, language: str = "en", width: int = 1440, dark: bool = False
    ) -> Iterator[Page]:
        """Open an empty window."""
        context = self.browser.new_context(
            viewport={"width": width, "height": SIZES[width]},
            color_scheme="dark" if dark else "light",
            locale="zh-CN" if language == "zh" else "en-US",
        )
        yield context.new_page()
        context.close()

    def keep(self, page: Page, name: str, *, height: int = 0, left: int = 0) -> None:
        """Write what the window shows, its lower end and its left edge cut off."""
        if self.only not in {"", name}:
            return
        size = page.viewport_size
        assert size is not None
        page.mouse.move(0, 0)
        page.wait_for_timeout(400)
        shot = page.screenshot(
            animations="disabled",
            caret="hide",
            clip={
                "x": left,
                "y": 0,
                "width": size["width"] - left,
                "height": height or size["height"],
            },
        )
        with self.window() as blank:
            small = shrink(blank, shot)
        assert len(small) <= BYTES_MAX, f"{name}: {len(small)} bytes"
        TO.mkdir(exist_ok=True)
        (TO / f"{name}.png").write_bytes(small)
        print(f"{name:16} {len(small):7,}")


# ---- the pictures


def take_door(camera: Camera) -> None:
    """Show the choice of an officer behind the demonstration's link."""
    with camera.window() as page:
        link, url = camera.served.open_link(), camera.served.address
        page.context.add_cookies([{"name": "tally-demonstration", "value": link, "url": url}])
        page.goto(f"{camera.served.address}/choose/en")
        settle(page)
        camera.keep(page, "door", height=720)


def take_day(camera: Camera) -> None:
    """Show the first screen of a lender's manager."""
    with camera.visit(f"{BANK}/manager", "") as page:
        camera.keep(page, "today")


def take_case(camera: Camera) -> None:
    """Type a case as a clerk, and show it as it is typed, when it stands, and its approval."""
    with camera.visit(f"{BANK}/clerk", "/new") as page:
        page.locator("button.kind").nth(TYPED.kind).press("Enter")
        hand = Hand(page, 0)
        for number, step in enumerate(TYPED.steps[:3]):
            page.locator(f".steps li:nth-child({number + 1})[aria-current=step]").wait_for()
            page.locator("#step").focus()
            for entry in step:
                hand.answer(entry)
            if number < 2:  # noqa: PLR2004 - the last of the three stays open
                hand.press(".form-foot .first")
        page.wait_for_timeout(1_500)
        page.evaluate("scrollTo(0, 0)")
        camera.keep(page, "new-case")
    with camera.visit(f"{BANK}/clerk", "/new") as page:
        case = type_case(page, TYPED)
    with camera.visit(f"{BANK}/manager", f"/cases/{case}") as page:
        camera.keep(page, "case")
        page.get_by_role("button", name="Approve the offer").click()
        page.locator(".q-dialog .form-foot").wait_for()
        camera.keep(page, "approve", height=620)


def take_misfit(camera: Camera) -> None:
    """Show what does not fit, and who would fit better."""
    # Two cases: whoever looked at one is told to the next who does, and would be in the picture.
    case, other, *_ = _waiting(camera, "misfit")
    with camera.visit(f"{BANK}/loan_officer", f"/cases/{case}") as page:
        camera.keep(page, "misfit")
    with camera.visit(f"{BANK}/reviewer", f"/cases/{other}", language="zh", dark=True) as page:
        camera.keep(page, "misfit-dark-zh", height=760)


def _waiting(camera: Camera, why: str) -> list[str]:
    """Return the cases that wait for a reason, the one that has waited longest first."""
    found = _ask(camera, BANK, "today", role="reviewer", limit=200)["items"]
    return [str(each["case"]) for each in found if each["why"] == why]


def _ask(camera: Camera, member: str, path: str, **query: Any) -> dict[str, Any]:  # noqa: ANN401
    with camera.served.api(member) as client:
        found: dict[str, Any] = client.get(path, params=query).raise_for_status().json()
        return found


def take_loan(camera: Camera) -> None:
    """Show a loan that is being paid back: the oldest that its lender still has."""
    rows = _ask(camera, BANK, "loans", limit=500)["items"]
    loan = [each["loan"] for each in rows if each["lender"] == BANK][-1]
    with camera.visit(f"{BANK}/loan_officer", f"/loans/{loan}") as page:
        camera.keep(page, "loan", height=760)


def take_village(camera: Camera) -> None:
    """Show whom the ledger has drawn this office to ask."""
    due = {
        f"{member}/{name}": _ask(camera, member, "today", role=name)["counts"]["feedback"]
        for member, names in camera.served.officers().items()
        for name in names
        if name in {"village_officer", "clerk"}
    }
    who = max(due, key=lambda each: due[each])
    with camera.visit(who, "/feedback", language="zh", width=390) as page:
        camera.keep(page, "feedback-phone", height=640)


def take_appeals(camera: Camera) -> None:
    """Show the appeals that the regulator answers."""
    with camera.visit("regulator/reviewer", "/appeals") as page:
        camera.keep(page, "appeals", height=720)


def take_model(camera: Camera) -> None:
    """Show what a model is worth."""
    model = _ask(camera, BANK, "models")["items"][0]["model"]
    with camera.visit(f"{BANK}/risk", f"/models/{model}") as page:
        page.locator("main svg").first.wait_for()
        page.wait_for_timeout(1_000)
        camera.keep(page, "model")


def take_accounts(camera: Camera) -> None:
    """Show who may log in."""
    with camera.visit(f"{BANK}/manager", "/users") as page:
        camera.keep(page, "accounts", height=640)


def take_ledger(camera: Camera) -> None:
    """Show a ledger on which all agree."""
    with camera.visit(f"{BANK}/auditor", "/ledger") as page:
        camera.keep(page, "ledger")


def take_flipped(camera: Camera) -> None:
    """Show a copy in which one byte was flipped: found by others, and by its own member."""
    for who in ("finance/clerk", "village/manager", "regulator/auditor"):
        with camera.visit(who, "/ledger") as page:
            _verify(page)
            if who != "regulator/auditor":
                continue
            page.evaluate("scrollTo(0, 0)")
            camera.keep(page, "alarm", height=700)


def _verify(page: Page) -> None:
    """Let the member check its own copy and the others, until it has found what is wrong."""
    button = page.get_by_role("button", name="Verify now")
    button.click()
    page.locator(".alarm-box").wait_for(timeout=120_000)
    expect(button).to_be_enabled(timeout=120_000)
    settle(page)


BEFORE: Final[tuple[Callable[[Camera], None], ...]] = (
    take_door,
    take_day,
    take_misfit,
    take_loan,
    take_village,
    take_appeals,
    take_model,
    take_accounts,
    take_ledger,
    take_case,
)


def flip(folder: Path) -> None:
    """Flip one byte of a block in the village's file; no server runs."""
    with open_house(folder, SystemClock()) as house:
        replica = house.node("village").replica
        header = replica.header(replica.tip.height // 2)
    flip_byte(folder / "village" / "ledger.db", header)


def main() -> None:
    """Make or copy a county, and take the pictures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--county", type=Path, help="a demonstration's folder; it is copied")
    parser.add_argument("--only", default="", help="one picture")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "county"
        if wanted.county:
            shutil.copytree(wanted.county, folder)
        else:
            run_tally("demo", "--dir", str(folder), "--once", limit_s=DEMO_S)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "", args=["--no-sandbox"]
        )
        with serve(folder) as served:
            for take in BEFORE:
                take(Camera(browser, served, wanted.only))
        flip(folder)
        with serve(folder) as served:
            take_flipped(Camera(browser, served, wanted.only))
        browser.close()


if __name__ == "__main__":
    main()
