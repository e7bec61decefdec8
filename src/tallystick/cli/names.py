"""`tally store publish` and `tally store name`: names that point to public content.

Verbs of the group `store`, on the member's folder while it is at rest; the server renews the names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.base.errors import NotFound
from tallystick.cli.place import Place, at_member
from tallystick.cli.spoken import Group, Words, argument, option

if TYPE_CHECKING:
    from tallystick.kernel.store.blocks import Blocks
    from tallystick.kernel.store.ipns.name import IpnsName
    from tallystick.kernel.store.ipns.names import KeptName, Names

__all__ = ["add_name_verbs"]

HOURS_MAX: Final = 24 * 366 * 100
SECONDS_MAX: Final = 366 * 86_400
_HOUR_MS: Final = 3_600_000
_MS_NS: Final = 1_000_000
Files = Callable[[Place], AbstractContextManager["Blocks"]]
"""Opens a member's files, its folder at rest."""


def add_name_verbs(store: Group, files: Files) -> None:
    """Add the verbs to the group `store`."""
    _add_publish(store, files)
    name = Group(
        "name",
        words=Words("指向公开内容的名字", "Names that point to public content."),
    )
    store.add_command(name)
    _add_import(name, files)
    _add_list(name, files)


def _add_publish(store: Group, files: Files) -> None:
    @store.verb(
        "publish",
        zh="让一个名字指向公开的内容：内容换了，名字不变",
        en="Point a name to public content: the content changes, the name stays.",
    )
    @argument("cid", metavar="CID[/PATH]", zh="编号，可带路径", en="Its CID, and a path below it.")
    @option(
        "--name",
        "label",
        default="self",
        show_default=True,
        metavar="TEXT",
        zh="这个名字在本成员这里叫什么；新的就生成密钥",
        en="What the name is called here; a key is drawn for a new one.",
    )
    @option(
        "--lifetime",
        type=click.IntRange(1, HOURS_MAX),
        default=48,
        show_default=True,
        metavar="HOURS",
        zh="签一次管几小时；服务运行时会自己续签",
        en="How many hours a signature counts; a server renews it.",
    )
    @option(
        "--ttl",
        type=click.IntRange(0, SECONDS_MAX),
        default=300,
        show_default=True,
        metavar="SECONDS",
        zh="别人可以几秒不再来问",
        en="For how many seconds others need not ask again.",
    )
    @at_member()
    def publish(place: Place, *, cid: str, label: str, lifetime: int, ttl: int) -> dict[str, Any]:
        """Publish a name."""
        from tallystick.kernel.store.ipns.publishing import Publishing, publish_name, value_of

        with files(place) as blocks, _names(place) as names:
            how = Publishing(
                lifetime_ms=lifetime * _HOUR_MS, ttl_s=ttl, now_ms=SystemClock().now_ms()
            )
            home, value = place.county / place.need_member(), value_of(blocks, cid)
            kept = publish_name(home, names, value, how, label=label, entropy=SystemEntropy())
            return _told(kept)


def _add_import(name: Group, files: Files) -> None:
    @name.verb(
        "import",
        zh="收下别人签的名字记录：核对签名，只换上更新的",
        en="Take a name's record that somebody else signed: checked, and only if newer.",
    )
    @argument("name", zh="名字", en="The name.")
    @argument("file", zh="记录文件", en="The file of its record.")
    @at_member()
    def import_(place: Place, *, name: str, file: str) -> dict[str, Any]:
        """Import a record."""
        from tallystick.kernel.store.ipns.record import check_current, read_record

        found = _parse(name)
        record = check_current(read_record(found, _read(Path(file))), SystemClock().now_ms())
        with files(place), _names(place) as names:
            names.keep(record)
            kept = names.find(found)
            assert kept is not None
            return _told(kept)

    @name.verb(
        "withdraw",
        zh="不再对外提供一个名字，也不再续签；重新发布就又有了",
        en="Give a name to nobody and renew it no more, until it is published again.",
    )
    @argument("name", zh="名字", en="The name.")
    @at_member()
    def withdraw(place: Place, *, name: str) -> dict[str, Any]:
        """Withdraw a name."""
        found = _parse(name)
        with files(place), _names(place) as names:
            names.withdraw(found)
            kept = names.find(found)
            assert kept is not None
            return _told(kept)


def _add_list(name: Group, files: Files) -> None:
    @name.verb(
        "list",
        zh="列出名字：自己的，和替别人保存的",
        en="List names: one's own, and those kept for others.",
    )
    @at_member()
    def list_(place: Place) -> list[dict[str, Any]]:
        """List names."""
        with files(place), _names(place) as names:
            return [_told(kept) for each in names.known() if (kept := names.find(each))]


@contextmanager
def _names(place: Place) -> Iterator[Names]:
    from tallystick.kernel.store.ipns.names import open_names

    names = open_names(place.county / place.need_member() / "store.db")
    try:
        yield names
    finally:
        names.database.close()


def _parse(text: str) -> IpnsName:
    from tallystick.kernel.store.ipns.name import IpnsName

    return IpnsName.parse(text.removeprefix("/ipns/"))


def _read(path: Path) -> bytes:
    """Return a record's file; of one that is too large, as much as shows that it is."""
    from tallystick.kernel.store.ipns.record import RECORD_BYTES_MAX

    try:
        with path.open("rb") as file:
            return file.read(RECORD_BYTES_MAX + 1)
    except OSError as error:
        raise NotFound(
            "cli.file", f"{path.name}: {error.strerror}", cure="Check the path."
        ) from error


def _told(kept: KeptName) -> dict[str, Any]:
    said = kept.record.said
    return {
        "name": str(kept.record.name),
        "label": kept.label,
        "points_to": said.value.decode(errors="replace"),
        "sequence": said.sequence,
        "until_at": said.ends_ns // _MS_NS,
        "given": int(kept.given),
    }
