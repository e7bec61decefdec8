"""Names in a member's store: published, renewed, imported, withdrawn; no sequence comes back."""

from __future__ import annotations

import contextlib
import io
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodes import open_files_at
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.county.inventory import kind_of
from tallystick.kernel.store.blocks import Blocks
from tallystick.kernel.store.ipns.keys import check_key_file, draw_key, find_key
from tallystick.kernel.store.ipns.name import IpnsName, read_key
from tallystick.kernel.store.ipns.names import (
    KeptName,
    Names,
    audit_names,
    open_names,
    read_names,
)
from tallystick.kernel.store.ipns.publishing import (
    LIFETIME_MS,
    Publishing,
    publish_name,
    renew_names,
    value_of,
)
from tallystick.kernel.store.ipns.record import NUMBER_MAX, Pointer, Record, sign_record
from tallystick.kernel.store.keeping import Note, add_blocks, pin_root
from tallystick.kernel.store.unixfs.cid import RAW, name_block
from tallystick.kernel.store.unixfs.folder import import_path
from tallystick.kernel.store.unixfs.importer import import_file
from tallystick.kernel.store.unixfs.profile import V1_2025

NOW_MS = 1_800_000_000_000
ENTROPY = SeededEntropy("names")
HELLO = name_block(b"hello", RAW)
FOREIGN = SigningKey.from_seed(b"f" * 32)


class Home:
    """A member's folder with a public directory, a private file, and its names."""

    def __init__(self, folder: Path, blocks: Blocks, names: Names) -> None:
        source = folder / "songs"
        (source / "deep").mkdir(parents=True)
        (source / "deep" / "hello").write_bytes(b"hello")
        self.folder, self.blocks, self.names = folder, blocks, names
        self.shown = add_blocks(blocks, import_path(source, V1_2025), Note(public=True)).cid
        self.hidden = add_blocks(blocks, import_file(io.BytesIO(b"own"), V1_2025), Note()).cid

    def publish(self, text: object, now_ms: int = NOW_MS, label: str = "news") -> KeptName:
        value = value_of(self.blocks, str(text))
        how = Publishing(now_ms=now_ms)
        return publish_name(self.folder, self.names, value, how, label=label, entropy=ENTROPY)

    def renew(self, now_ms: int) -> int:
        return renew_names(self.folder, self.blocks.store, now_ms)

    def kept(self, name: IpnsName) -> Pointer:
        found = self.names.find(name)
        assert found is not None
        return found.record.said


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with open_files_at(tmp_path) as blocks:
        names = open_names(tmp_path / "store.db")
        try:
            yield Home(tmp_path, blocks, names)
        finally:
            names.database.close()


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Error) as caught:
        act()
    return caught.value.code


def foreign(sequence: int, value: bytes = b"/ipfs/bafkqaaa", ends_ns: int = 2**62) -> Record:
    said = Pointer(value=value, sequence=sequence, ends_ns=ends_ns, ttl_ns=0)
    return sign_record(FOREIGN, said)


def test_a_name_stays_while_what_it_points_to_changes(home: Home) -> None:
    first = home.publish(home.shown)
    second = home.publish(f"/ipfs/{home.shown}/deep/hello")
    assert first.record.name == second.record.name
    assert second.record.said.value == f"/ipfs/{HELLO}".encode()
    assert second.record.is_newer(first.record)
    assert home.names.find(first.record.name) == second
    assert second.record.said.ends_ns == (NOW_MS + LIFETIME_MS) * 1_000_000
    other = home.publish(home.shown, label="more")
    assert other.record.name != first.record.name
    assert home.names.known() == [other.record.name, first.record.name]


def test_only_what_anybody_may_read_is_pointed_to(home: Home) -> None:
    assert code(lambda: home.publish(home.hidden)) == "ipns.private"
    assert (
        code(lambda: home.publish("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"))
        == "store.no_root"
    )
    assert code(lambda: home.publish(f"{home.shown}/none")) == "unixfs.no_entry"
    assert code(lambda: home.publish("foo")) == "unixfs.cid"
    pin_root(home.blocks, home.shown, Note(), private=True)
    assert code(lambda: home.publish(home.shown)) == "ipns.private"
    assert home.names.known() == []
    assert list(home.folder.glob("name-*")) == []


@pytest.mark.parametrize("label", ["", "A", "a.b", "a/b", "..", "名", "x" * 33, "a\n"])
def test_a_name_is_called_by_plain_signs(home: Home, label: str) -> None:
    assert code(lambda: home.publish(home.shown, label=label)) == "ipns.label"


def test_a_key_is_its_owner_s_alone_and_in_the_form_that_other_tools_take(home: Home) -> None:
    name = home.publish(home.shown).record.name
    path = home.folder / "name-news.key"
    assert path.stat().st_mode & 0o777 == 0o600
    key = read_key(path.read_bytes())
    assert key is not None
    assert IpnsName(key.public) == name
    assert find_key(home.folder, "news") == key
    assert kind_of(path.name) is not None
    assert check_key_file(path) == key
    path.write_bytes(path.read_bytes()[:-1])
    assert code(lambda: check_key_file(path)) == "ipns.key"
    assert code(lambda: home.publish(home.shown)) == "ipns.key"


def test_a_key_that_was_cut_off_while_it_was_written_is_drawn_anew(home: Home) -> None:
    (home.folder / "name-news.key.part").write_bytes(b"cut")
    assert find_key(home.folder, "news") is None
    key = draw_key(home.folder, "news", ENTROPY)
    assert find_key(home.folder, "news") == key
    assert not (home.folder / "name-news.key.part").exists()


def test_no_sequence_comes_back_with_an_old_copy_of_the_store(home: Home) -> None:
    # Between the copy and its return: two records, a second apart.
    home.publish(home.shown, NOW_MS)
    (row,) = home.names.database.rows("SELECT * FROM ipns_name")
    told = [home.publish(home.shown, NOW_MS + each).record.said.sequence for each in (0, 1_000)]
    home.names.database.run("DELETE FROM ipns_name")
    home.names.database.put_many("INSERT INTO ipns_name", [row])
    again = home.publish(home.shown, NOW_MS + 2_000).record.said.sequence
    assert again not in told
    assert again > max(told)


def test_each_record_has_a_greater_sequence_though_the_clock_stands_or_goes_back(
    home: Home,
) -> None:
    moments = (NOW_MS, NOW_MS, NOW_MS - 10**9, NOW_MS + 10**6)
    told = [home.publish(home.shown, each).record.said.sequence for each in moments]
    assert told == sorted(set(told))


def test_a_name_is_renewed_when_half_of_its_time_has_passed(home: Home) -> None:
    name = home.publish(home.shown).record.name
    before = home.kept(name)
    assert home.renew(NOW_MS + LIFETIME_MS // 2 - 1) == 0
    assert home.kept(name) == before
    later_ms = NOW_MS + LIFETIME_MS // 2
    assert home.renew(later_ms) == 1
    after = home.kept(name)
    assert after.value == before.value
    assert after.sequence > before.sequence
    assert after.ends_ns == (later_ms + LIFETIME_MS) * 1_000_000
    assert home.renew(later_ms) == 0
    # A server that was away for long takes up what has run out.
    assert home.renew(NOW_MS + 9 * LIFETIME_MS) == 1


def test_what_is_withdrawn_or_not_public_any_more_is_not_renewed(home: Home) -> None:
    name = home.publish(home.shown).record.name
    late_ms = NOW_MS + 9 * LIFETIME_MS
    home.names.withdraw(name)
    assert home.renew(late_ms) == 0
    assert home.names.find_given(name) is None
    home.publish(home.shown)
    assert home.names.find_given(name) is not None
    pin_root(home.blocks, home.shown, Note(), private=True)
    assert home.renew(late_ms) == 0
    assert code(lambda: home.names.withdraw(IpnsName(FOREIGN.public))) == "ipns.absent"


def test_one_name_that_cannot_be_renewed_keeps_no_other_from_it(home: Home) -> None:
    home.publish(home.shown, label="a")
    name = home.publish(home.shown, label="b").record.name
    home.publish(home.shown, label="c")
    (home.folder / "name-a.key").write_bytes(b"damaged")
    query = "UPDATE ipns_name SET record = x'00' WHERE label = 'c'"
    assert home.names.database.run(query) == 1
    assert home.renew(NOW_MS + LIFETIME_MS) == 1
    assert home.kept(name).ends_ns == (NOW_MS + 2 * LIFETIME_MS) * 1_000_000


def test_what_was_signed_elsewhere_by_an_own_key_is_left_as_it_is(home: Home) -> None:
    kept = home.publish(home.shown)
    key = find_key(home.folder, "news")
    assert key is not None
    for sequence, value in enumerate((b"\xff", b"", b"/ipns/x", b"/ipfs/x"), NOW_MS * 2):
        said = Pointer(value=value, sequence=sequence, ends_ns=1, ttl_ns=0)
        home.names.keep(sign_record(key, said))
        assert home.renew(NOW_MS + LIFETIME_MS) == 0
    last = Pointer(value=b"/ipfs/bafkqaaa", sequence=NUMBER_MAX, ends_ns=1, ttl_ns=0)
    home.names.keep(sign_record(key, last))
    assert home.renew(NOW_MS + LIFETIME_MS) == 0
    assert code(lambda: home.publish(home.shown)) == "ipns.record"
    assert home.kept(kept.record.name) == last


def test_a_member_without_names_is_left_as_it_is(tmp_path: Path) -> None:
    with open_files_at(tmp_path) as blocks:
        assert renew_names(tmp_path, blocks.store, NOW_MS) == 0
        with read_names(tmp_path / "store.db") as names:
            assert names is None


def test_another_s_record_is_kept_until_a_newer_one_comes(home: Home) -> None:
    name = IpnsName(FOREIGN.public)
    home.names.keep(foreign(5))
    home.names.keep(foreign(5))
    assert code(lambda: home.names.keep(foreign(4))) == "ipns.older"
    assert code(lambda: home.names.keep(foreign(5, ends_ns=2**61))) == "ipns.older"
    home.names.keep(foreign(5, ends_ns=2**62 + 1))
    home.names.keep(foreign(6, b"/ipfs/bafkqaaa/x"))
    assert home.kept(name).value == b"/ipfs/bafkqaaa/x"
    assert home.renew(NOW_MS + 9 * LIFETIME_MS) == 0


def test_a_name_of_one_s_own_stays_so_when_its_record_comes_back_from_elsewhere(
    home: Home,
) -> None:
    kept = home.publish(home.shown)
    home.names.keep(kept.record)
    assert home.names.find(kept.record.name) == kept
    assert home.renew(NOW_MS + LIFETIME_MS) == 1


def test_a_flipped_bit_in_the_file_is_told_and_never_given(home: Home) -> None:
    record = home.publish(home.shown).record
    path = home.folder / "store.db"
    assert audit_names(path) == []
    bad = bytearray(record.raw)
    bad[-3] ^= 1
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE ipns_name SET record = ?", (bytes(bad),))
    assert code(lambda: home.names.find(record.name)) == "ipns.damaged"
    assert code(lambda: home.names.find_given(record.name)) == "ipns.damaged"
    (told,) = audit_names(path)
    assert str(record.name) in told
    again = home.publish(home.shown)
    assert again.record.said.sequence > record.said.sequence
    assert audit_names(path) == []


@pytest.mark.parametrize(
    "change",
    [
        "sequence = sequence - 1",
        "record = 'text'",
        "record = x''",
        "lifetime_ms = 'x'",
        "public = x'00'",
        "label = 7",
    ],
)
def test_a_row_that_says_something_else_is_damaged(home: Home, change: str) -> None:
    home.publish(home.shown)
    home.names.database.run(f"UPDATE ipns_name SET {change}")
    expected = 0 if change == "label = 7" else 1
    assert len(audit_names(home.folder / "store.db")) == expected


def test_a_folder_that_cannot_be_listed_is_an_error_of_ours(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def glob(*_: object) -> Iterator[Path]:
        raise OSError(24, "Too many open files")

    home.publish(home.shown)
    monkeypatch.setattr(Path, "glob", glob)
    assert code(lambda: home.renew(NOW_MS)) == "database.io"
