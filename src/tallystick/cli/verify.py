"""`tally verify`: whole chains, what is new since a checkpoint, one record, an archive.

Law: verifying writes nothing into a member's folder and needs no running county; what it is asked
to keep goes where it is told to.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.base.errors import Corrupt, Invalid, NotFound, Unavailable
from tallystick.cli.place import Place, at_county
from tallystick.cli.showing import progress, show
from tallystick.cli.spoken import Verb, Words, find_language, lang_option, option
from tallystick.cli.target import writing
from tallystick.cli.verify_notes import NOTE, check_against, keep_handovers, no_handover

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tallystick.chain.pin import Pin
    from tallystick.kernel.ledger.finding import Report
    from tallystick.kernel.ledger.kept import Kept, KeptState
    from tallystick.text.wording import Language

__all__ = ["read_pin", "show_report", "unsound", "verify"]

STATE: Final = ".state"
_SOUND: Final = Words("完好", "ok")
_FAULT: Final = Words("有错", "FAULT")
_LEFT: Final = Words("已退出", "left")
_BEGUN: Final = Words("从第 {} 块起重跑", "run from block {} on")
_UNRUN: Final = Words(
    "一块也没有重跑，只核对了所存内容", "no block was run again, what is held was checked"
)
_CURE: Final = Words("办法：", "cure: ")
_COUNTY: Final = Words("县", "county")
_VALUE_MAX: Final = 160
CURES_MAX: Final = 3
"""More are not said again behind the error: each stands with what it cures."""


@click.command(
    "verify",
    cls=Verb,
    words=Words(
        "用每个成员自己的文件从创世块起重跑全链，指出每处差错",
        "Run each member's chain again from genesis, from its own files, and name every fault.",
    ),
)
@option("--member", "members", multiple=True, metavar="NAME", zh="只验某成员", en="Only this one.")
@option(
    "--keep",
    metavar="DIR",
    zh="把验过的见证点和状态存到这里，下次可从这里接着验；此前每次名单变更处的见证点也存下",
    en="Keep the newest checkpoint and its state here, for a later --since, and the checkpoint of"
    " each change of the list of members before it.",
)
@option(
    "--since",
    metavar="NOTE",
    zh="从上次保存的见证点起，只重跑其后的块；与 --car 一起用时，归档必须含有这个见证点",
    en="Begin at a kept checkpoint (its .state beside it): later blocks alone are run again. With"
    " --car: the archive must hold this checkpoint; all of it is run.",
)
@option(
    "--record",
    metavar="ID",
    zh="只验一条记录：对着最新见证点给出入账证明",
    en="One record alone: its proof under the newest checkpoint of authority.",
)
@option("--out", "-o", metavar="CAR", zh="把该记录的证明写成文件", en="Write that proof here.")
@option("--car", metavar="FILE", zh="验证一个链归档，不需要县", en="An archive; no county needed.")
@option(
    "--trust",
    metavar="JSON",
    zh="您信任的成员名单；验记录时默认用县的",
    en="Whom you trust: members.json; of a record, the county's by default.",
)
@at_county
@lang_option
def verify(place: Place, **given: Any) -> dict[str, Any] | None:  # noqa: ANN401 - click's own
    """Verify; a fault is a failure."""
    wanted = [name for name in ("since", "record", "car") if given[name]]
    if len(wanted) > 1 and wanted != ["since", "car"]:
        raise Invalid(
            "verify.options",
            f"{' and '.join(wanted)} ask for two different checks",
            cure="Run them one after the other.",
        )
    if given["car"]:
        return _verify_archive(place, given["car"], read_pin(given["trust"]), given["since"])
    if given["record"]:
        return _verify_record(place, **given)
    since = _read_kept(place, given["since"]) if given["since"] else None
    _verify_copies(place, given["members"], since, given["keep"])
    return None


def read_pin(path: str | None) -> Pin | None:
    """Return the pin of a members.json; None for no path."""
    from tallystick.chain.pin import Pin

    return None if path is None else Pin.read(_read(Path(path)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(
            "cli.file", f"{path} cannot be read", cure="Name an existing file."
        ) from error


def _verify_copies(
    place: Place, members: tuple[str, ...], since: KeptState | None, keep: str | None
) -> None:
    from tallystick.county.upkeep import cures_of, verify_county

    names = _name_copies(place.county, members)
    faulty: dict[str, list[str]] = {}
    kept, files = None, list[Path]()
    with progress("verify") as tell:

        def count(name: str, done: int, last: int) -> None:
            tell(names.index(name) * last + done, len(names) * last)

        reports = verify_county(
            place.county, names, since=since, keep=keep is not None, progress=count
        )
        for report in reports:
            show_report(report, is_json=place.is_json)
            kept = kept or report.kept
            if report.kept is not None:
                files.append(place.county / report.member / "ledger.db")
            if not report.is_sound:
                faulty[report.member] = cures_of(report)
    if faulty:
        raise unsound(_say_faulty([name for name in faulty if name], len(names), faulty), faulty)
    if keep is not None:
        found = _keep(Path(keep), kept)
        notes, missing = keep_handovers(Path(keep), files, found["height"])
        found["notes"] = [*notes, found["file"]]
        show(found, is_json=place.is_json, language=find_language())
        if missing:
            raise no_handover(missing)


def _say_faulty(chains: Sequence[str], count: int, faulty: Mapping[str, object]) -> str:
    """Return whose files are faulty; the county's own stand under no name."""
    language, names = find_language(), ", ".join(chains)
    said = Words(
        f"{count} 个成员中有 {len(chains)} 个的文件与当初写下的不同：{names}",
        f"{len(chains)} of {count} members' files are not what was written: {names}",
    )
    county = Words(
        "县自己的文件与当初写下的不同", "the county's own files are not what was written"
    )
    parts = [said.in_(language)] if chains else []
    parts += [county.in_(language)] if "" in faulty else []
    return ("；" if language == "zh" else "; ").join(parts)


def show_report(report: Report, *, is_json: bool) -> None:
    """Tell what was found in one member's files, or in those that are nobody's, with each cure.

    Programs read it in English, people in their language.
    """
    from tallystick.county.upkeep import cures_of

    language = find_language()
    row = {**_row(report), "cures": cures_of(report, "en" if is_json else language)}
    if not report.member:
        row["file"] = "county" if is_json else _COUNTY.in_(language)
    show(row if is_json else _flat(row), is_json=is_json, language=language)


def unsound(message: str, faulty: Mapping[str, Sequence[str]]) -> Corrupt:
    """Return the error of files that are not what was written.

    Args:
        message: which they are.
        faulty: what to do, each in a sentence, by member.
    """
    cures = dict.fromkeys(cure for found in faulty.values() for cure in found)
    if len(cures) > CURES_MAX:
        return Corrupt("ledger.unsound", message, cure="Do what the lines above name as cure.")
    return Corrupt("ledger.unsound", message, cure=" ".join(cures))


def _name_copies(county: Path, members: tuple[str, ...]) -> list[str]:
    """Return the members named, or all whose copies a folder should hold.

    Raises:
        NotFound: `member.elsewhere`.
    """
    from tallystick.county.founding import read_county
    from tallystick.county.single import find_single
    from tallystick.node import check_here

    for name in members:
        if not (county / name).is_dir():
            check_here(county / name)
    found = read_county(county)
    single = find_single(county, found)
    return list(members) or ([single] if single else [each.name for each in found.members])


def _keep(folder: Path, kept: Kept | None) -> dict[str, Any]:
    """Write a checkpoint and its state; return where."""
    if kept is None:
        raise NotFound(
            "verify.no_checkpoint",
            "no checkpoint of the last heights has the signatures of two thirds of the members",
            cure="Try again when the members have followed.",
        )
    place = folder / f"{kept.height}{NOTE}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The note last: where there is a note, there is its state.
        place.with_suffix(STATE).write_bytes(kept.state)
        place.write_bytes(kept.note)
    except OSError as error:
        raise Unavailable(
            "archive.write",
            f"{place} cannot be written: {error.strerror}",
            cure="Check the folder and the disk.",
        ) from error
    return {"file": str(place), "height": kept.height, "bytes": len(kept.state)}


def _read_kept(place: Place, note: str) -> KeptState:
    from tallystick.county.papers import find_genesis
    from tallystick.kernel.ledger.kept import read_state

    path = Path(note)
    beside = path.with_suffix(STATE)
    if not beside.is_file():
        raise NotFound(
            "verify.no_state",
            f"{path.name} has no state {beside.name} beside it",
            cure="Name a checkpoint that `tally verify --keep` wrote, or verify the whole chain.",
        )
    return read_state(_read(beside), _read(path), find_genesis(place.county))


def _row(report: Report) -> dict[str, Any]:
    return {
        "member": report.member,
        "file": f"{report.member}/ledger.db",
        "from": report.first,
        "height": report.height,
        "head": str(report.header or ""),
        "sound": int(report.is_sound),
        "findings": [asdict(each) for each in report.findings],
    }


def _flat(row: dict[str, Any]) -> str:
    """Return a report in one line, and a line more for each finding."""
    from tallystick.text.findings import say_finding

    language = find_language()
    told = _SOUND if row["sound"] else _FAULT
    if row["sound"] and row["height"] < 0:
        # Nothing was run: a member that was voted out, and took its folder along.
        told = _LEFT
    height = row["height"] if row["height"] >= 0 else "-"
    lines = [f"{row['member'] or row['file']}\t{height}\t{told.in_(language)}\t{row['head']}"]
    if row["from"] > 1:
        # Below, bodies are not here, or a kept state stands for them.
        begun = _BEGUN if row["from"] <= row["height"] else _UNRUN
        lines[0] += f"\t{begun.in_(language).format(row['from'])}"
    for each in row["findings"]:
        # A fault of a block names as its field what of a transaction was refused.
        field = say_finding(each["field"], "", language)
        detail = say_finding(each["detail"], each["got"], language)
        place = " ".join(
            str(part) for part in (each["height"], field, detail) if part not in {"", -1}
        )
        lines.append(f"  {place}{_facts(each, language)}")
    lines += [f"  {_CURE.in_(language)}{each}" for each in row.get("cures", ())]
    return "\n".join(lines)


def _facts(found: Mapping[str, str], language: Language) -> str:
    """Return what should stand at a finding's place, and what stands there."""
    from tallystick.text.findings import say_value

    if not (found["expected"] or found["got"]):
        return ""
    both = (say_value(found[side], found["field"], language) for side in ("expected", "got"))
    return ": " + " / ".join(_cut(each) or "-" for each in both)


def _cut(value: str) -> str:
    """Return a value that fits a line; programs read all of it."""
    return value if len(value) <= _VALUE_MAX else f"{value[: _VALUE_MAX - 1]}…"


def _verify_archive(
    place: Place, file: str, pin: Pin | None, since: str | None
) -> dict[str, Any] | None:
    from tallystick.charter import CHARTER
    from tallystick.kernel.ledger.archive import verify_archive

    with progress("verify") as tell:
        report = verify_archive(Path(file), CHARTER, pin=pin, progress=tell)
    row = {**_row(report), "member": "", "file": file, "chain": report.chain.hex()}
    if report.is_sound and since is not None:
        found = check_against(Path(file), report, Path(since))
        return {**row, "checkpoint": found.body.height, "signers": sorted(found.signers)}
    if report.is_sound:
        return row
    show(row if place.is_json else _flat(row), is_json=place.is_json, language=find_language())
    said = Words(
        f"归档在高度 {report.height + 1} 的块不能成立",
        f"the archive holds a block that may not stand at height {report.height + 1}",
    )
    raise Corrupt(
        "verify.archive",
        said.in_(find_language()),
        cure="Ask the member who gave it for another; take nothing in from this one.",
    )


def _verify_record(
    place: Place,
    record: str,
    out: str | None,
    **given: Any,  # noqa: ANN401 - click's own
) -> dict[str, Any]:
    if out is None:
        return _prove_record(place, record, **given)[1]
    with writing(Path(out)) as write:
        data, found = _prove_record(place, record, **given)
        write(data)
    return {**found, "file": out}


def _prove_record(
    place: Place, record: str, members: tuple[str, ...], trust: str | None, **_: object
) -> tuple[bytes, dict[str, Any]]:
    """Return the file that proves a record, and what it says."""
    from tallystick.chain.evidence import verify_evidence
    from tallystick.charter import CHARTER
    from tallystick.county.local import read_id
    from tallystick.county.single import find_reader
    from tallystick.kernel.ledger.holding import prove_held

    member = members[0] if members else find_reader(place.county)
    data = prove_held(place.county / member / "ledger.db", read_id(record))
    pin = read_pin(trust or str(place.county / "members.json"))
    assert pin is not None
    verdict = verify_evidence(data, pin, CHARTER)
    if verdict.status.value != "proven" or verdict.checkpoint is None:
        raise Corrupt(
            "verify.record",
            f"{member}'s file does not prove the record: {verdict.status}, {verdict.reason}",
            cure="tally verify --member NAME, then tally repair --member NAME.",
        )
    (found,) = verdict.records.values()
    assert found.fields is not None
    return data, {
        "record": found.fields["t"],
        "status": verdict.status.value,
        "member": found.member,
        "height": found.height,
        "time": found.time_ms,
        "checkpoint": verdict.checkpoint.body.height,
        "signers": sorted(verdict.checkpoint.signers),
        "bytes": len(data),
        "file": "",
    }
