"""What the bench of the four ways counts, against counting by hand on few members."""

from __future__ import annotations

import itertools
import json
import statistics
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bench_modules import load_bench
from tallystick.kernel.store.zigzag.layout import Layout
from tallystick.kernel.store.zigzag.profile import find_profile

ways: Any = load_bench("bizi_ways")
members: Any = load_bench("bizi_members")
costs: Any = load_bench("bizi_costs")
scale: Any = load_bench("bizi_scale")
report: Any = load_bench("bizi_report")
bench: Any = load_bench("bizi")

SIZE = 100_000
COST = costs.Costs(**{name: 2.0**-place for place, name in enumerate(costs.Costs.__slots__)})


@pytest.mark.parametrize("name", ["ledger", "ipfs", "zigzag", "together"])
@pytest.mark.parametrize("members_count", [1, 3, 6, 8])
@pytest.mark.parametrize("code", ["zz-4+2", "rs-2+1"])
def test_a_counted_share_is_that_of_all_sets_of_lost_members(
    name: str, members_count: int, code: str
) -> None:
    way = ways.make_way(name, members_count, code)
    if way is None:
        assert members_count < find_profile(code).n
        return
    everybody = range(members_count)
    for lost in range(members_count + 1):
        sets = list(itertools.combinations(everybody, lost))
        left = [len({*everybody} - {*gone} - {*everybody[way.width :]}) for gone in sets]
        good = sum(each >= way.needed for each in left)
        assert ways.count_share(way, lost) == Fraction(good, len(sets))
        assert (good == len(sets)) == (lost <= way.sure)


def test_few_members_cannot_hold_a_codes_shards_and_all_others_are_told_by_width() -> None:
    assert ways.make_way("zigzag", 5, "zz-4+2") is None
    found = {name: ways.make_way(name, 12, "zz-6+3") for name in ways.WAYS}
    assert {name: (way.width, way.needed, way.sure) for name, way in found.items()} == {
        "ledger": (12, 1, 11),
        "ipfs": (4, 1, 3),
        "zigzag": (9, 6, 3),
        "together": (9, 6, 3),
    }


def test_a_sample_by_the_products_placement_holds_the_counted_share_in_its_interval() -> None:
    way = ways.make_way("zigzag", 9, "zz-4+2")
    for lost in range(10):
        sample = ways.sample_share(way, lost, 400, 1)
        low, high = sample.interval
        assert low - 1e-9 <= ways.count_share(way, lost) <= high + 1e-9
        assert sample == ways.sample_share(way, lost, 400, 1)
    low, high = ways.Sample(50, 100).interval
    assert 0.3 < low < 0.5 < high < 0.7
    assert low + high == pytest.approx(1)


def test_a_load_is_what_each_message_and_work_of_its_puts_costs_added_by_hand() -> None:
    names = [ways.draw_name(number) for number in range(7)]
    way = ways.make_way("zigzag", 7, "zz-4+2")
    layout = Layout(find_profile("zz-4+2"), SIZE)
    manifest = 130 + 6 * 8 * 32
    spent = dict.fromkeys(names, 0.0)
    passed = dict.fromkeys(names, 0.0)
    for number in range(3):
        identifier = scale.identify(number)
        putter = names[number]
        held = [layout.shard_bytes(shard) for shard in range(6)]
        spent[putter] += SIZE * COST.encode_byte + sum(held) * COST.hash_byte
        for name, size in zip(way.holders(names, identifier), held, strict=True):
            spent[name] += COST.keep_call + size * COST.keep_byte
            if name != putter:
                sent = size + manifest
                spent[putter] += 2 * COST.ask_call + sent * COST.ask_byte
                spent[name] += 2 * COST.answer_call + sent * COST.answer_byte
                for end in (putter, name):
                    passed[end] += sent + 2 * COST.head_bytes
    load = scale.load_members(way, "zz-4+2", COST, SIZE, 3)
    put = 3 * SIZE
    assert load.rate == pytest.approx(put / max(spent.values()))
    assert load.limit == "processor"
    assert load.spent_ns == pytest.approx(_told([1e9 * each / put for each in spent.values()]))
    assert load.passed == pytest.approx(_told([each / put for each in passed.values()]))


def _told(each: list[float]) -> tuple[float, float]:
    return statistics.fmean(each), max(each)


def test_on_a_chain_who_orders_sends_every_byte_to_each_other_and_all_keep_it() -> None:
    way = ways.make_way("ledger", 5, "zz-4+2")
    load = scale.load_members(way, "zz-4+2", COST, SIZE, 5)
    content = COST.chain_share
    heads = COST.head_bytes / members.PART_BYTES / members.BUNDLE
    # Four of five puts come to it, each goes to four others; calls weigh a little more.
    assert load.passed[1] == pytest.approx(4.8 * content + heads * (0.8 + 4 / members.BLOCK))
    assert load.kept == pytest.approx((COST.chain_kept, COST.chain_kept))


def test_of_real_members_objects_are_given_back_as_long_as_the_definition_says(
    tmp_path: Path,
) -> None:
    found = {}
    with members.open_circle(6, tmp_path, "zz-4+2") as circle:
        kept = [
            circle.client.put(ways.make_way(name, 6, "zz-4+2"), bytes([place]) * 16, b"x" * SIZE)
            for place, name in enumerate(ways.WAYS)
        ]
        alive = circle.names
        for lost in range(4):
            found[lost] = [circle.client.reads(each) for each in kept]
            assert found[lost] == [each.is_left(circle.names, alive) for each in kept]
            gone = alive.pop()
            circle.lose(gone)
            assert not (tmp_path / gone).exists()
    assert found[0] == found[2] == [True] * 4
    assert [row[2:] for row in (found[2], found[3])] == [[True, True], [False, False]]


def test_lost_one_after_another_objects_in_shards_last_as_long_as_k_members_are_left(
    tmp_path: Path,
) -> None:
    found = {name: ways.make_way(name, 8, "zz-4+2") for name in ways.WAYS}
    told = {"ledger": 7, "ipfs": 2, "zigzag": 4, "together": 4}
    assert {name: way.mended for name, way in found.items()} == told
    with members.open_circle(8, tmp_path, "zz-4+2") as circle:
        kept = circle.client.put(found["zigzag"], bytes(16), b"x" * SIZE)
        for lost in range(1, 6):
            circle.lose(circle.names[8 - lost])
            circle.client.mend(kept)
            assert circle.client.reads(kept) == (lost <= found["zigzag"].mended)


def test_a_member_holds_what_the_ways_say_of_it(tmp_path: Path) -> None:
    with members.open_circle(6, tmp_path, "zz-4+2") as circle:
        data = bytes(range(256)) * 1_024
        way = ways.make_way("zigzag", 6, "zz-4+2")
        circle.client.put(way, bytes(16), data)
        names = circle.names
    held = [members.bytes_held(tmp_path / name)["shards"] for name in names]
    assert 1.5 * len(data) < sum(held) < 1.56 * len(data)


def test_storage_is_compared_where_ways_are_equally_sure_and_growth_with_an_even_load() -> None:
    rows = [
        {"way": way, "code": code, "members": 12, "size": 2**20, "stored": stored}
        for code, most in zip(bench.CODES, (3, 3, 4), strict=True)
        for way, stored in (("ipfs", most), ("together", 1.5))
    ]
    rows.append({**rows[0], "way": "ledger", "stored": 12})
    found = {row["name"]: row["ratio"] for row in bench.summarise_storage(rows)}
    assert found == {
        "bizi.storage_4+2": 2.0,
        "bizi.storage_8+2": 2.0,
        "bizi.storage_6+3": 2.667,
        "bizi.storage_ledger": 8.0,
    }
    load = {"spent_ns": (10, 90), "passed": (1.25, 60)}
    loads = [
        {"way": way, "members": count, "rate": rate, **load}
        for way, count, rate in (("together", 8, 2e8), ("together", 64, 1e9), ("ledger", 64, 2e6))
    ]
    grown, replicated = bench.summarise_scale(loads, COST)
    # Ten nanoseconds a byte let a hundred megabytes pass a second, the line two hundred.
    assert (grown["ratio"], replicated["ratio"]) == (5.0, 10.0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_tables_say_every_way_in_both_languages_and_json_holds_their_rows(
    language: str, tmp_path: Path
) -> None:
    rows = _rows()
    text = report.tell(rows, language)
    for name in ways.WAYS:
        assert text.count(f"| {report.WORDS_OF_WAYS[language][name]} |") >= 2
    assert ("复现" in text) == (language == "zh")
    assert "{" not in text
    report.write_report(rows, tmp_path)
    assert (tmp_path / f"bizi.{language}.md").read_text("utf-8") == text
    told = json.loads((tmp_path / "bizi.json").read_text("utf-8"))
    assert [row["name"] for row in told["rows"]] == [row["name"] for row in rows]


def _rows() -> list[dict[str, Any]]:
    fault, stored, loads = [], [], []
    for name in ways.WAYS:
        way = ways.make_way(name, 6, "zz-4+2")
        common = {"code": "zz-4+2", "way": name, "sure": way.sure, "mended": way.mended}
        fault += [{**common, "lost": lost, "share": 0.5} for lost in range(7)]
        stored.append({**common, "members": 6, "size": 2**20, "stored": 1.5})
        for count in (3, 6):
            load = {"way": name, "members": count, "rate": 1e6, "limit": "line"}
            loads.append({**load, "spent_ns": (1, 2), "passed": (1, 2), "kept": (1, 2)})
    return [
        {"name": "bizi.fault_sampled", "rows": fault},
        {"name": "bizi.fault_members", "value": 3, "rows": [{"put": 4, "agreed": 3}]},
        {"name": "bizi.storage_4+2", "rows": stored},
        {"name": "bizi.scale", "rows": loads, "costs": {"ask_call": 1e-3}},
    ]
