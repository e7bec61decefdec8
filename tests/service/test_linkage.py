"""A member that is no party to any case tries to tell which two cases are one party's.

It holds its copy of the ledger and the village's notice list, and knows for some parties which
cases are theirs; it learns from those and is asked about pairs of others. Pairs of two parties are
drawn from the cases of one custodian: who took a case in is public, so chance means that.
The county is drawn so that what parties ask and when is independent from case to case: what the
attack then finds is told by the system, not by the habits of people. Limits: what habits tell (the
same season every year, the same kind of request, an offer each time) stands in public fields and is
not closed here.
"""

from __future__ import annotations

import itertools
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tallystick.base.clock import DAY_MS, ManualClock, SeededEntropy
from tallystick.base.codec import decode, read_admitted
from tallystick.chain import schema
from tallystick.chain.transaction import Transaction
from tallystick.charter import CHARTER
from tallystick.county.county import draw_county
from tallystick.county.founding import found_county
from tallystick.county.house import House, open_house
from tallystick.county.member import MEMBERS
from tallystick.kernel.ledger.replica import Replica
from tallystick.services.positioning.catalogue import catalogue_from_toml

CATALOGUE = Path(__file__).resolve().parents[2] / "examples" / "products.toml"
START_MS = 1_790_000_000_000
PARTIES = 120
CASES_EACH = 5
DAYS = 60
CUSTODIANS = ("village", "credit-union")
NAMES = ("finance", "village", "credit-union", "regulator")
BETTER_MAX = 0.02
"""Two points better than chance, as the product promises."""
FOLDS = 5
NOTICE_DAYS = 15


@dataclass
class Played:
    """What was acted out: who the cases are of, which only the test knows, and what was posted."""

    folder: Path
    party_of: dict[bytes, int] = field(default_factory=dict)
    parties: dict[int, tuple[str, str]] = field(default_factory=dict)
    notices: list[tuple[int, str, int]] = field(default_factory=list)


@dataclass
class Plan:
    """One request to come: of which party, with or without public money."""

    party: int
    programme: str
    application: dict[str, Any]


def draw_plans(rng: random.Random) -> list[list[Plan]]:
    """Return each day's requests in the order in which people come in."""
    county = draw_county(SeededEntropy("strangers"), households=900, months=12)
    drawn = [request.application for request in county.requests]
    files = rng.sample([each["profile"] for each in drawn], PARTIES)
    demands = [(each["demand"], each["features"]) for each in drawn]
    days: list[list[Plan]] = [[] for _ in range(DAYS)]
    for party in range(PARTIES):
        for _ in range(CASES_EACH):
            demand, features = rng.choice(demands)
            application = {"profile": files[party], "demand": demand, "features": features}
            programme = "poverty_microcredit" if rng.random() < 0.04 else ""
            days[rng.randrange(DAYS)].append(Plan(party, programme, application))
    for day in days:
        rng.shuffle(day)
    return days


def play(house: House, clock: ManualClock, played: Played) -> None:
    """Register, mandate and take in, as a county's days go."""
    rng = random.Random(11)
    known: dict[int, dict[str, str]] = {}
    own_key = {party: rng.random() < 0.5 for party in range(PARTIES)}
    early = {party: rng.randrange(DAYS) for party in range(PARTIES)}
    for day, plans in enumerate(draw_plans(rng)):
        coming = {plan.party for plan in plans} | {p for p, on in early.items() if on == day}
        for party in sorted(coming - known.keys()):
            custodian = CUSTODIANS[party % 2]
            office = house.office(custodian)
            file = {"party": office.add_party("household", {"name": f"户主{party}"})}
            played.parties[party] = (custodian, file["party"])
            if not own_key[party]:
                file["mandate"] = office.add_mandate(
                    file["party"], witness="regulator", days=700, text="代办"
                )
            known[party] = file
        for custodian in CUSTODIANS:
            ours = [plan for plan in plans if CUSTODIANS[plan.party % 2] == custodian]
            take_in(house, custodian, ours, known, played)
        for plan in plans:
            if plan.programme:
                played.notices.append((day // NOTICE_DAYS, plan.programme, plan.party))
        end_day(house, clock)


def take_in(
    house: House,
    custodian: str,
    plans: Sequence[Plan],
    known: dict[int, dict[str, str]],
    played: Played,
) -> None:
    requests = [
        {
            "application": plan.application,
            "defaults": [],
            **known[plan.party],
            **({"programme": plan.programme} if plan.programme else {}),
        }
        for plan in plans
    ]
    answers = house.office(custodian).open_cases(requests) if requests else []
    for plan, answer in zip(plans, answers, strict=True):
        played.party_of[bytes.fromhex(answer["case"])] = plan.party


def end_day(house: House, clock: ManualClock) -> None:
    for node in house.nodes():
        node.catch_up()
        node.desk.record_pending()
    clock.advance(DAY_MS)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("strangers") / "county"
    clock = ManualClock(START_MS)
    members = [each for each in MEMBERS if each.name in NAMES]
    found_county(folder, seed="strangers", clock=clock, members=members)
    found = Played(folder)
    with open_house(folder, clock) as house:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        house.node("finance").positions.publish_catalogue(tree)
        play(house, clock, found)
        house.spread()
    return found


# ---- what the attacker sees


@dataclass
class Seen:
    """All that a ledger copy shows of one case, and what stands around it.

    Attributes:
        numbers: figures that may be near each other in two cases of one party.
        marks: what may be equal in two cases of one party.
        listed: whom the notice list allows for it; empty where no public money is in it.
    """

    case: bytes
    member: str
    numbers: list[float] = field(default_factory=list)
    marks: list[Any] = field(default_factory=list)
    listed: frozenset[int] = frozenset()
    objects: frozenset[bytes] = frozenset()


@dataclass
class Line:
    """One admitted record as it stands in the ledger."""

    record: dict[str, Any]
    member: str
    height: int
    time: int
    seq: int
    place: int
    count: int
    size: int


def read_ledger(path: Path) -> list[Line]:
    """Return every record of a ledger copy; it has been verified, so codes are not looked at."""
    replica, lines = Replica.open(path, CHARTER), []
    try:
        for height in range(1, replica.tip.height + 1):
            header = decode(replica.header(height), schema.HEADER)
            for row in decode(replica.block(height), schema.BLOCK)[1]:
                found = Transaction.read(row)
                for place, data in enumerate(found.records):
                    record = read_admitted(data)
                    where = (found.member, height, header["time"], found.seq, place)
                    lines.append(Line(record, *where, len(found.records), len(data)))
    finally:
        replica.close()
    return lines


def look(lines: Sequence[Line], notices: Iterable[tuple[int, str, int]]) -> list[Seen]:
    """Return all cases as the attacker sees them."""
    by_case: defaultdict[bytes, list[Line]] = defaultdict(list)
    for line in lines:
        case = line.record.get("case") or line.record["id"]
        by_case[case].append(line)
    around = {
        (t, member): np.array([x.seq for x in lines if x.record["t"] == t and x.member == member])
        for t in ("mandate.given", "party.registered", "party.erased")
        for member in CUSTODIANS
    }
    listed: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    for period, programme, party in notices:
        listed[period, programme].add(party)
    return [
        see(case, group, around, listed)
        for case, group in by_case.items()
        if group[0].record["t"] == "case.applied"
    ]


def see(case: bytes, group: list[Line], around: Any, listed: Any) -> Seen:
    first, last = group[0], group[-1]
    pub, seals = first.record["pub"], [each.record.get("seals", {}) for each in group]
    stated = [seal for each in seals for _, seal in sorted(each.items())]
    day = (first.time - START_MS) // DAY_MS
    seen = Seen(case, first.member, objects=frozenset(seal["obj"].raw for seal in stated))
    seen.numbers = [
        *(day, first.time % DAY_MS, first.height, first.seq, first.place, first.count),
        *(last.height, last.seq, last.place, last.count, last.time - first.time, len(group)),
        *(sum(each.size for each in group), sum(seal["size"] for seal in stated)),
        *(int.from_bytes(part[:6], "big") for part in (case, stated[0]["com"])),
        int.from_bytes(stated[0]["obj"].raw[4:10], "big"),
        group[-1].record["pub"].get("not_after", 0) - last.time,
        *(gap(around[t, first.member], first.seq) for t in ("mandate.given", "party.registered")),
        gap(around["party.erased", first.member], first.seq),
        day % 7,
    ]
    outcome = next((x.record["t"] for x in group if x.record["t"] == "case.reported"), "")
    seen.marks = [
        *(pub["kind"], pub.get("programme", ""), outcome, tuple(s["size"] for s in stated)),
        *(first.size, day, first.height, first.record.get("officer"), first.place % 2),
        *(gap(around["mandate.given", first.member], first.seq) <= 2, len(first.record)),
    ]
    if pub.get("programme"):
        seen.listed = frozenset(listed[int(day) // NOTICE_DAYS, pub["programme"]])
    return seen


def gap(seqs: Any, at: int) -> int:
    """Return how far the nearest of some numbers lies."""
    return int(np.abs(seqs - at).min()) if len(seqs) else 10**6


def compare(a: Seen, b: Seen, dropped: Sequence[frozenset[bytes]]) -> list[float]:
    """Return what tells whether two cases are one party's."""
    near = [np.log1p(abs(x - y)) for x, y in zip(a.numbers, b.numbers, strict=True)]
    same = [float(x == y) for x, y in zip(a.marks, b.marks, strict=True)]
    union = a.listed | b.listed
    listed = len(a.listed & b.listed) / len(union) if union else 0.0
    together = any(a.objects & group and b.objects & group for group in dropped)
    # Both beside a fresh mandate: then they are two parties', each with its first case.
    both = float(a.marks[9] and b.marks[9])
    return [*near, *same, listed, float(together), both]


def draw_pairs(
    seen: Sequence[Seen], party_of: dict[bytes, int], dropped: Sequence[frozenset[bytes]] = ()
) -> tuple[Any, Any, Any]:
    """Return features, truth and a party to hold out by, of true pairs and as many false ones."""
    rng = random.Random(5)
    of_party: defaultdict[int, list[Seen]] = defaultdict(list)
    of_member: defaultdict[str, list[Seen]] = defaultdict(list)
    for each in seen:
        of_party[party_of[each.case]].append(each)
        of_member[each.member].append(each)
    rows, truth, groups = [], [], []
    for party, cases in sorted(of_party.items()):
        for a, b in itertools.combinations(cases, 2):
            # Either end: were it the earlier one, its date would tell which pairs are drawn.
            for one in (a, b, a, b):
                other = rng.choice(of_member[one.member])
                while party_of[other.case] == party:
                    other = rng.choice(of_member[one.member])
                rows.append(compare(one, other, dropped))
                truth.append(0)
                groups.append(party)
            rows += [compare(a, b, dropped)] * 4
            truth += [1] * 4
            groups += [party] * 4
    return np.array(rows), np.array(truth), np.array(groups)


# ---- what the attacker does with it


def learn_logistic(rows: Any, truth: Any) -> Callable[[Any], Any]:
    """Return a logistic classifier of pairs, fitted by Newton's method with a little ridge."""
    weights = np.zeros(rows.shape[1] + 1)
    wide = np.column_stack([np.ones(len(rows)), rows])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-np.clip(wide @ weights, -30, 30)))
        slope = wide.T @ (truth - chance) - weights
        curve = (wide * (chance * (1 - chance))[:, None]).T @ wide + np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, slope)
    return lambda other: np.column_stack([np.ones(len(other)), other]) @ weights > 0


def learn_nearest(rows: Any, truth: Any) -> Callable[[Any], Any]:
    """Return the best threshold of one feature, or of all together, either way round."""
    best: tuple[float, int, float, int] = (0.0, 0, 0.0, 1)
    wide = np.column_stack([rows, rows.sum(axis=1)])
    for column in range(wide.shape[1]):
        for cut in np.unique(np.quantile(wide[:, column], np.linspace(0.05, 0.95, 19))):
            right = float(((wide[:, column] <= cut) == truth).mean())
            best = max(best, (right, column, float(cut), 1), (1 - right, column, float(cut), 0))
    _, column, cut, way = best

    def judge(other: Any) -> Any:
        return (np.column_stack([other, other.sum(axis=1)])[:, column] <= cut) == bool(way)

    return judge


def attack(pairs: tuple[Any, Any, Any]) -> dict[str, float]:
    """Return each classifier's share of right answers on pairs of parties it has not learned."""
    rows, truth, groups = pairs
    spread = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1)
    found = {}
    for name, learn in (("logistic", learn_logistic), ("nearest", learn_nearest)):
        right = 0
        for fold in range(FOLDS):
            held = groups % FOLDS == fold
            right += int((learn(rows[~held], truth[~held])(rows[held]) == truth[held]).sum())
        found[name] = right / len(truth)
    return found


def seen_by_regulator(played: Played, folder: Path | None = None) -> list[Seen]:
    return look(read_ledger((folder or played.folder) / "regulator" / "ledger.db"), played.notices)


@pytest.mark.long
def test_the_attacker_is_no_party_to_any_case(played: Played) -> None:
    lines = read_ledger(played.folder / "regulator" / "ledger.db")
    assert not [line for line in lines if line.member == "regulator"]
    assert len(played.party_of) == PARTIES * CASES_EACH
    assert {line.record["t"] for line in lines} >= {"party.registered", "mandate.given"}


@pytest.mark.long
def test_no_two_cases_are_linked_better_than_by_chance(played: Played) -> None:
    found = attack(draw_pairs(seen_by_regulator(played), played.party_of))
    assert max(found.values()) <= 0.5 + BETTER_MAX, found


@pytest.fixture(scope="module")
def erased(
    played: Played, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, set[bytes], list[frozenset[bytes]]]:
    """Erase twenty parties on one day; return the folder, their cases, and what would be listed."""
    folder = Path(shutil.copytree(played.folder, tmp_path_factory.mktemp("gone") / "county"))
    clock = ManualClock(START_MS + (DAYS + 1) * DAY_MS)
    dropped: list[bytes] = []
    with open_house(folder, clock) as house:
        for party in range(0, 40, 2):
            custodian, identifier = played.parties[party]
            node = house.node(custodian)
            dropped += [cid.raw for cid in node.consent.erase(bytes.fromhex(identifier))]
        end_day(house, clock)
        house.spread()
    cases = {case for case, party in played.party_of.items() if party in range(0, 40, 2)}
    return folder, cases, [frozenset(dropped)]


def test_an_erasure_links_no_two_cases_better_than_by_chance(
    played: Played, erased: tuple[Path, set[bytes], list[frozenset[bytes]]]
) -> None:
    folder, _, _ = erased
    lines = read_ledger(folder / "regulator" / "ledger.db")
    assert sum(line.record["t"] == "party.erased" for line in lines) == 20
    found = attack(draw_pairs(seen_by_regulator(played, folder), played.party_of))
    assert max(found.values()) <= 0.5 + BETTER_MAX, found


def test_a_list_of_dropped_objects_would_link_them(
    played: Played, erased: tuple[Path, set[bytes], list[frozenset[bytes]]]
) -> None:
    """Why an erasure names no objects on the chain: of twenty parties, the attack gains much."""
    folder, cases, dropped = erased
    seen = seen_by_regulator(played, folder)
    rows, truth, groups = draw_pairs(seen, played.party_of, dropped)
    assert attack((np.delete(rows, -2, axis=1), truth, groups))["nearest"] < 0.5 + 5 * BETTER_MAX
    gone = np.isin(groups, sorted({played.party_of[case] for case in cases}))
    found = attack((rows[gone], truth[gone], groups[gone] // 2))
    assert max(found.values()) > 0.5 + 10 * BETTER_MAX, found


@pytest.mark.parametrize("leak", ["place", "size"])
def test_the_attack_finds_a_leak_that_is_there(played: Played, leak: str) -> None:
    """Were the order of a bundle, or the size of a record, the party's, the attack would tell."""
    seen = seen_by_regulator(played)
    for each in seen:
        if leak == "place":
            each.numbers[4] = played.party_of[each.case] / 10
        else:
            each.marks[4] = played.party_of[each.case] % 3
    found = attack(draw_pairs(seen, played.party_of))
    assert max(found.values()) > 0.5 + 2 * BETTER_MAX, found
