"""What every engine of the views port keeps, and what a county's own views look like in it.

A plain dictionary of rows is the oracle: after any operations an engine answers as it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counties import FITTING, START_MS, UNFITTING, found, open_town, take_in
from tallystick.base.clock import ManualClock
from tallystick.base.errors import Corrupt, NotFound, Unavailable
from tallystick.charter import TABLES
from tallystick.kernel.views.base import PAGE_MAX, Row, Views
from tallystick.kernel.views.engines.sqlite import SqliteViews
from tallystick.records.view import Delete, Op, Put, Table

ITEM: Final = Table(
    "item",
    {"owner": "text", "number": "integer", "data": "blob", "size": "integer", "order": "text"},
    ("owner", "number"),
    ("size",),
)
PLAIN: Final = Table("plain", {"id": "blob", "note": "text"}, ("id",))

ENGINES: Final[dict[str, Callable[[Path], Views]]] = {
    "sqlite": lambda folder: SqliteViews(folder / "views.db", (ITEM, PLAIN))
}


@pytest.fixture(params=sorted(ENGINES))
def make(request: pytest.FixtureRequest) -> Callable[[Path], Views]:
    return ENGINES[request.param]


@pytest.fixture
def views(make: Callable[[Path], Views], tmp_path: Path) -> Iterator[Views]:
    opened = make(tmp_path)
    yield opened
    opened.close()


def _item(number: int, owner: str = "a", **more: object) -> Put:
    return Put("item", {"owner": owner, "number": number, **more})


# ---- against an oracle

_KEYS: Final = st.tuples(st.sampled_from(["a", "b", "省"]), st.integers(-3, 3))
_CELLS: Final = st.fixed_dictionaries(
    {},
    optional={
        "data": st.binary(max_size=4),
        "size": st.none() | st.integers(-(2**53) + 1, 2**53 - 1) | st.integers(0, 2),
        "order": st.text(max_size=4),
    },
)
_OPS: Final = st.lists(
    st.builds(lambda key, cells: _item(key[1], key[0], **cells), _KEYS, _CELLS)
    | st.builds(lambda key: Delete("item", {"owner": key[0], "number": key[1]}), _KEYS)
    | st.builds(lambda at: Put("plain", {"id": bytes([at])}), st.integers(0, 3)),
    max_size=8,
)
_BLOCKS: Final = st.lists(_OPS, max_size=5)


def _oracle(blocks: list[list[Op]]) -> dict[tuple[str, int], Row]:
    rows: dict[tuple[str, int], Row] = {}
    for op in (op for ops in blocks for op in ops if op.table == "item"):
        about: Mapping[str, Any] = op.row if isinstance(op, Put) else op.key
        key = (about["owner"], about["number"])
        if isinstance(op, Put):
            rows[key] = {**rows.get(key, dict.fromkeys(ITEM.columns)), **op.row}
        else:
            rows.pop(key, None)
    return rows


def _before(row: Row, name: str) -> tuple[object, ...]:
    cell = row[name]
    value = b"" if cell is None else cell.encode() if isinstance(cell, str) else cell
    if name == "size":
        value = 0 if cell is None else cell
    return (cell is not None, value)


@given(_BLOCKS, st.sampled_from(["", "size", "order", "data", "owner"]), st.booleans())
def test_rows_counts_and_orders_are_those_of_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[list[Op]], name: str, descends: bool
) -> None:
    expected = sorted(
        _oracle(blocks).values(), key=lambda row: (row["owner"].encode(), row["number"])
    )
    if name:
        # `reverse` keeps equals in their order, as the port does.
        expected = sorted(expected, key=lambda row: _before(row, name), reverse=descends)
    order = f"-{name}" if name and descends else name
    for make in ENGINES.values():
        views = make(tmp_path_factory.mktemp("views"))
        for height, ops in enumerate(blocks, start=1):
            views.apply(height, ops)
        assert views.height() == len(blocks)
        assert views.rows("item", order=order) == expected
        assert views.count("item") == len(expected)
        for cell in {row["size"] for row in expected} | {None, 5}:
            chosen = [row for row in expected if row["size"] == cell]
            assert views.rows("item", {"size": cell}, order=order) == chosen
            assert views.count("item", {"size": cell}) == len(chosen)
        # Page by page, the same rows: by offset and by the last row seen.
        for way in ("offset", "after"):
            pages: list[Row] = []
            while True:
                step: dict[str, Any] = {"offset": len(pages)}
                if way == "after":
                    step = {"after": pages[-1]} if pages else {}
                page = views.rows("item", order=order, limit=2, **step)
                pages += page
                if len(page) < 2:
                    break
            assert pages == expected, way
        views.close()


@given(_BLOCKS)
def test_equal_blocks_give_equal_digests_however_they_came(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[list[Op]]
) -> None:
    for make in ENGINES.values():
        folder = tmp_path_factory.mktemp("views")
        views = make(folder)
        for height, ops in enumerate(blocks, start=1):
            views.apply(height, ops)
            views.close()
            views = make(folder)
        digests = {table: views.digest(table) for table in ("item", "plain")}
        views.clear()
        assert (views.height(), views.count("item"), views.count("plain")) == (0, 0, 0)
        for height, ops in enumerate(blocks, start=1):
            views.apply(height, ops)
        assert {table: views.digest(table) for table in digests} == digests
        # As rows put whole in another order, by one block.
        other = make(tmp_path_factory.mktemp("views"))
        rows = [Put("item", row) for row in reversed(list(_oracle(blocks).values()))]
        other.apply(1, rows)
        assert other.digest("item") == digests["item"]
        views.close()
        other.close()


# ---- one by one


def test_one_cell_more_or_less_changes_the_digest(views: Views) -> None:
    views.apply(1, [_item(1, size=0)])
    first = views.digest("item")
    views.apply(2, [_item(1, data=b"")])
    assert views.digest("item") != first
    views.apply(3, [Put("item", {"owner": "a", "number": 1, "data": None})])
    assert views.digest("item") == first


def test_a_block_that_fails_leaves_nothing(views: Views) -> None:
    views.apply(1, [_item(1)])
    digest = views.digest("item")
    with pytest.raises((AssertionError, Unavailable, Corrupt, KeyError)):
        views.apply(2, [_item(2), Put("nowhere", {"id": b""})])
    assert (views.height(), views.digest("item")) == (1, digest)
    views.apply(2, [_item(3)])
    assert views.count("item") == 2


@pytest.mark.parametrize("height", [0, 1, 3])
def test_heights_follow_one_another(views: Views, height: int) -> None:
    views.apply(1, [])
    with pytest.raises(AssertionError):
        views.apply(height, [])
    assert views.height() == 1


def test_a_page_that_follows_a_row_skips_and_repeats_nothing_while_blocks_come(
    views: Views,
) -> None:
    views.apply(1, [_item(number, size=number) for number in range(0, 40, 2)])
    page = views.rows("item", order="-size", limit=5)
    seen = list(page)
    for height in range(2, 9):
        # New rows before and after the place of the reader, which offsets would feel.
        views.apply(height, [_item(100 + height, size=100 + height), _item(-height, size=-height)])
        page = views.rows("item", order="-size", limit=5, after=seen[-1])
        seen += page
    numbers = [row["number"] for row in seen if 0 <= row["number"] < 40]
    assert numbers == list(range(38, -1, -2))


def test_a_page_is_never_larger_than_the_port_allows(views: Views) -> None:
    views.apply(1, [_item(number) for number in range(PAGE_MAX + 5)])
    assert len(views.rows("item", limit=10 * PAGE_MAX)) == PAGE_MAX
    last = views.rows("item", offset=PAGE_MAX)
    assert [row["number"] for row in last] == list(range(PAGE_MAX, PAGE_MAX + 5))


def test_unknown_tables_and_columns_are_not_found(views: Views) -> None:
    for ask in (
        lambda: views.rows("nowhere"),
        lambda: views.count("nowhere"),
        lambda: views.digest("nowhere"),
    ):
        with pytest.raises(NotFound, match=r"views\.table"):
            ask()
    for ask in (
        lambda: views.rows("item", {"weight": 1}),
        lambda: views.rows("item", order="-weight"),
        lambda: views.count("item", {'size" OR "1': 1}),
    ):
        with pytest.raises(NotFound, match=r"views\.column"):
            ask()


# ---- the file


@pytest.mark.parametrize("damage", ["garbage", "older", "bare"])
def test_a_file_that_cannot_be_read_is_said_to_be_corrupt(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "views.db"
    if damage == "garbage":
        path.write_bytes(b"not a database, whatever its name says" * 200)
    else:
        tables = (PLAIN,) if damage == "older" else (Table("item", {"id": "blob"}, ("id",)),)
        SqliteViews(path, tables).close()
    with pytest.raises(Corrupt):
        SqliteViews(path, (ITEM, PLAIN))


def test_a_flipped_text_is_corrupt_and_not_another_text(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    views = SqliteViews(path, (PLAIN,))
    views.apply(1, [Put("plain", {"id": b"1", "note": "marked-text"})])
    views.close()
    data = path.read_bytes()
    assert data.count(b"marked-text") == 1
    path.write_bytes(data.replace(b"marked-text", b"\xffarked-text"))
    views = SqliteViews(path, (PLAIN,))
    with pytest.raises(Corrupt, match=r"views\.corrupt"):
        views.rows("plain")
    views.close()


# ---- a county's own views


def test_all_members_views_are_equal_and_equal_again_when_made_anew(tmp_path: Path) -> None:
    clock = ManualClock(START_MS)
    county = found(tmp_path, clock)
    with open_town(county, clock) as town:
        fitting, unfitting = take_in(town["credit-union"], FITTING, UNFITTING)
        town["credit-union"].approve(fitting["case"], notes="seen")
        town["credit-union"].answer_offer(fitting["case"], accepted=True)
        town["credit-union"].refuse(unfitting["case"], code="purpose", words="not for a house")
        town["village"].open_appeal(unfitting["case"], code="disagree", words="why")
        town["finance"].allocate_fund(fund="f", to="postal-bank", programme="p", amount_minor=5)
        digests = []
        for node in town.house.nodes():
            node.catch_up()
            before = {table.name: node.views.digest(table.name) for table in TABLES}
            node.rebuild()
            assert {table.name: node.views.digest(table.name) for table in TABLES} == before
            digests.append((node.views.height(), before))
        assert digests.count(digests[0]) == len(digests) == 12
        counted = {
            table.name: town.house.node("finance").views.count(table.name) for table in TABLES
        }
    assert counted["case"] == 2
    assert counted["appeal"] == counted["allocation"] == 1
    # A lost and a damaged file are folded again at the next opening.
    (county / "village" / "views.db").write_bytes(b"\x00" * 9_000)
    (county / "regulator" / "views.db").unlink()
    with open_town(county, clock) as town:
        for member in ("village", "regulator", "finance"):
            node = town.house.node(member)
            node.catch_up()
            found_again = {table.name: node.views.digest(table.name) for table in TABLES}
            assert (node.views.height(), found_again) == digests[0]


def test_every_column_of_the_charter_is_of_a_kind_the_port_knows(tmp_path: Path) -> None:
    views = SqliteViews(tmp_path / "views.db", TABLES)
    for table in TABLES:
        assert set(table.key) | set(table.indexed) <= set(table.columns)
        assert views.rows(table.name) == []
    views.close()
