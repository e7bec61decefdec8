"""`tally evidence`: a case as a file that proves it, and the check that needs no county."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.base.errors import Invalid, NotFound
from tallystick.cli.place import Place, at_member
from tallystick.cli.showing import show
from tallystick.cli.spoken import Group, Words, argument, find_language, option
from tallystick.cli.target import writing

if TYPE_CHECKING:
    from tallystick.chain.evidence import Verdict
    from tallystick.chain.pin import Pin

__all__ = ["evidence"]


@click.group(
    "evidence",
    cls=Group,
    words=Words("导出、验证证据文件", "Export and verify evidence files."),
)
def evidence() -> None:
    """Let a verb follow."""


@evidence.verb("export", zh="把一案导出为证据文件", en="Write a case's evidence to a file.")
@argument("case", zh="案件编号", en="The case's id.")
@option("--out", "-o", required=True, metavar="CAR", zh="写到哪里", en="Where it goes.")
@option(
    "--redact",
    multiple=True,
    metavar="FIELD",
    zh="不披露的字段（可多次），如 profile、reasons",
    en="A sealed field to leave out (repeatable), such as profile or reasons.",
)
@option("--county", default="county", show_default=True, metavar="DIR", zh="县文件夹", en="County.")
@option("--member", default="", metavar="NAME", zh="由哪个成员导出", en="Which member exports.")
@option("--json", "is_json", is_flag=True, zh="输出 JSON", en="Tell it as JSON.")
def export(
    *,
    case: str,
    out: str,
    redact: tuple[str, ...],
    county: str,
    member: str,
    is_json: bool,
) -> None:
    """Export a case."""
    from tallystick.county.local import read_id

    identifier = read_id(case).hex()
    folder = Path(county)
    exporter = member or _find_opener(folder, identifier)
    # What is sealed is opened for a file that can be written, and for no other.
    with (
        writing(Path(out)) as write,
        Place(county=folder, member=exporter).office() as office,
    ):
        data = office.export_evidence(identifier, redact=redact)
        write(data)
    found = {"case": case, "file": out, "bytes": len(data), "trust": str(folder / "members.json")}
    show(found, is_json=is_json, language=find_language())


def _find_opener(folder: Path, case: str) -> str:
    """Return who took a case in, if that member is here; else the one whose copy is read.

    Raises:
        NotFound: `case.unknown`.
    """
    from tallystick.county.present import is_here
    from tallystick.county.single import find_reader

    reader = find_reader(folder)
    with Place(county=folder, member=reader).office() as office:
        rows = office.find_cases(q=case)["items"]
    if not rows:
        raise NotFound("case.unknown", "the chain holds no such case", cure="tally case list.")
    opener: str = rows[0]["opener"]
    return opener if is_here(folder, opener) else reader


@evidence.verb(
    "verify",
    zh="验证证据文件：成员签名、入账证明、决定重放；不需要县",
    en="Check a file: signatures, proofs, the decision run again; no county needed.",
)
@argument("file", zh="证据文件", en="The evidence file.")
@option("--trust", required=True, metavar="JSON", zh="您信任的成员名单", en="Whom you trust.")
@option("--json", "is_json", is_flag=True, zh="输出 JSON", en="Tell it as JSON.")
@click.pass_context
def verify(ctx: click.Context, file: str, trust: str, is_json: bool) -> None:  # noqa: FBT001 - click's own
    """Verify a file; exit status 0 only if all of it is proven."""
    from tallystick.chain.equivocation import is_equivocation
    from tallystick.chain.pin import Pin
    from tallystick.kernel.store.spread.wrong_answer import is_wrong_answer

    data, pin = _read(file), Pin.read(_read(trust))
    if is_wrong_answer(data):
        found = _judge_answer(data, pin)
    else:
        found = _judge_members(data, pin) if is_equivocation(data) else _judge(data, pin)
    show(found, is_json=is_json, language=find_language())
    ctx.exit(0 if found["status"] == "proven" else 1)


@evidence.verb(
    "equivocation",
    zh="把同一成员签过的两份互相矛盾的检查点变成证据，并告诉全体成员",
    en="Make evidence of two checkpoints that one member signed and that exclude each other.",
)
@argument("one", zh="一份检查点", en="A checkpoint, as somebody was shown it.")
@argument("other", zh="另一份", en="Another, of the same size or height.")
@option("--out", "-o", default=".", metavar="DIR", zh="写到哪个文件夹", en="Folder to write to.")
@option(
    "--trust",
    metavar="JSON",
    zh="不在本县时：您信任的成员名单；只写文件，不告诉谁",
    en="Outside the county: whom you trust; writes the file and tells nobody.",
)
@at_member()
def equivocation(
    place: Place, *, one: str, other: str, out: str, trust: str | None
) -> list[dict[str, Any]]:
    """Prove an equivocation; one file for each member that signed both."""
    notes = [_read_note(one), _read_note(other)]
    if trust is not None:
        from tallystick.chain.pin import Pin

        found = _prove(notes, Pin.read(_read(trust)))
    else:
        texts = [note.decode() for note in notes]
        with place.office(any_member=True) as office:
            rows = office.prove_equivocation(*texts)
            found = {row["member"]: office.read_equivocation(row["digest"]) for row in rows}
    return [_write(Path(out) / f"equivocation-{name}.cbor", name, found[name]) for name in found]


def _read_note(path: str) -> bytes:
    """Return the bytes of a checkpoint; whoever signed it is looked at later.

    Raises:
        Invalid: `cli.file`; `codec.form`, it is no checkpoint: the file is named.
    """
    from tallystick.chain.checkpoint import check_form

    data = _read(path)
    try:
        check_form(data)
    except Invalid as error:
        raise Invalid(
            "codec.form",
            f"{path} is no checkpoint: {error.message}",
            cure="Give the note as it was shown, as docs/spec/checkpoint.md has it.",
        ) from error
    return data


def _prove(notes: list[bytes], pin: Pin) -> dict[str, bytes]:
    """Return the files of what two notes prove under a pinned list, by member."""
    from tallystick.chain.equivocation import find_equivocations

    found = find_equivocations(
        notes[0], notes[1], name=pin.name, chain=pin.chain, members=lambda _: pin.members
    )
    return {each.member: each.data for each in found}


def _write(path: Path, member: str, data: bytes) -> dict[str, Any]:
    with writing(path) as write:
        write(data)
    return {"member": member, "file": str(path), "bytes": len(data)}


def _judge(data: bytes, pin: Pin) -> dict[str, Any]:
    from tallystick.chain.evidence import verify_evidence
    from tallystick.charter import CHARTER, replay

    return _told(verify_evidence(data, pin, CHARTER, replay))


def _judge_members(data: bytes, pin: Pin) -> dict[str, Any]:
    """Return whether a file proves that a member signed two bodies that exclude each other."""
    from tallystick.chain.equivocation import verify_equivocation
    from tallystick.chain.verdict import Contradicted, Missing, Status

    found: dict[str, Any] = {"kind": "equivocation"}
    try:
        proof = verify_equivocation(
            data, name=pin.name, chain=pin.chain, members=lambda _: pin.members
        )
    except Contradicted as error:
        return {**found, "status": str(Status.FALSE), "reason": error.message}
    except Missing as error:
        return {**found, "status": str(Status.NOT_CHECKABLE), "reason": error.message}
    bodies = [
        {"height": each.height, "size": each.size, "root": each.root.hex(), "signed_s": time_s}
        for each, time_s in ((proof.first, proof.first_s), (proof.second, proof.second_s))
    ]
    return {
        **found,
        "status": str(Status.PROVEN),
        "reason": "",
        "member": proof.member,
        "bodies": bodies,
    }


def _judge_answer(data: bytes, pin: Pin) -> dict[str, Any]:
    """Return whether a file proves that a member answered other bytes than were put."""
    from tallystick.chain.verdict import Contradicted, Missing, Status
    from tallystick.kernel.store.spread.wrong_answer import verify_wrong_answer

    found: dict[str, Any] = {"kind": "wrong answer"}
    try:
        proof = verify_wrong_answer(data, chain=pin.chain, members=pin.members)
    except Contradicted as error:
        return {**found, "status": str(Status.FALSE), "reason": error.message}
    except Missing as error:
        return {**found, "status": str(Status.NOT_CHECKABLE), "reason": error.message}
    return {
        **found,
        "status": str(Status.PROVEN),
        "reason": "",
        "member": proof.member,
        "caller": proof.caller,
        "cid": str(proof.cid),
        "shard": proof.shard,
        "segment": proof.segment,
        "sub_chunk": proof.sub_chunk,
        "asked_s": proof.asked_s,
        "answered_s": proof.answered_s,
    }


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Invalid(
            "cli.file", f"{path} cannot be read", cure="Name an existing file."
        ) from error


def _told(verdict: Verdict) -> dict[str, Any]:
    claims = [each for each in verdict.findings if each.claim != "disclosed"]
    shown = Counter(each.status.value for each in verdict.findings if each.claim == "disclosed")
    checkpoint = verdict.checkpoint
    return {
        "status": verdict.status.value,
        "reason": verdict.reason,
        "kind": str(verdict.kind),
        "claims": [
            {
                "claim": each.claim,
                "record": _type(verdict, each.record),
                "status": each.status.value,
                "reason": each.reason,
            }
            for each in claims
        ],
        "disclosed": dict(shown),
        "height": checkpoint.body.height if checkpoint else None,
        "signers": sorted(checkpoint.signers) if checkpoint else [],
    }


def _type(verdict: Verdict, index: int) -> str:
    found = verdict.records.get(index)
    return found.fields["t"] if found is not None and found.fields else str(index)
