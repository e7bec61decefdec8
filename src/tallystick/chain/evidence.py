"""What an evidence file proves to someone who trusts nothing but a pin.

The last checkpoint must have authority and be tied to the pin; records are proven under it. The
first checkpoint is read under the pinned list, each next under the list that its predecessor's
header names: a newer list counts because a quorum of the one before signed that header. *proven*
means as of that checkpoint and is silent on later records; *false*, that what is supplied
contradicts; *not checkable*, that something or a version is missing. A fault of form is `Invalid`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import refuse
from tallystick.chain import schema
from tallystick.chain.checkpoint import Body, Checkpoint, read_stated, verify_checkpoint
from tallystick.chain.decided import Replay, check_decided
from tallystick.chain.disclosure import Disclosed, verify_disclosure
from tallystick.chain.evidence_file import EvidenceFile, Kind, read_evidence
from tallystick.chain.member import Members
from tallystick.chain.merkle import extends
from tallystick.chain.pin import Pin
from tallystick.chain.proof import ProvenRecord, verify_record
from tallystick.chain.record import Charter, RecordType
from tallystick.chain.verdict import Contradicted, Missing, Status

__all__ = ["Finding", "Verdict", "verify_evidence"]

_ADMITTED: Final = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one statement of a file.

    Attributes:
        claim: `admitted`, `decided` or `disclosed`.
        record: index of the record in the file.
        status: the verdict.
        reason: why, in a word; of a proven statement, the log size it is proven as of.
        code: the reason's stable code; empty if proven.
        field: of a disclosure, the field; else empty.
        value: of a proven disclosure, the field's value, None if it is absent; else None.
    """

    claim: str
    record: int
    status: Status
    reason: str
    code: str = ""
    field: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a file.

    Attributes:
        status: the worst of all statements'.
        reason: of the first statement that has it.
        kind: what the file is about.
        findings: one for each claim and each disclosure.
        checkpoint: what the members signed that records are proven under; None if nothing was.
        records: by index, the records that stand in the log.
    """

    status: Status
    reason: str
    kind: Kind
    findings: tuple[Finding, ...]
    checkpoint: Checkpoint | None
    records: Mapping[int, ProvenRecord]


def verify_evidence(
    data: bytes, pin: Pin, charter: Charter, replay: Replay | None = None
) -> Verdict:
    """Return the verdict on an evidence file.

    Args:
        data: the file.
        pin: what the verifier trusts.
        charter: the record types the verifier carries; disclosures of others are not checkable.
        replay: runs decisions again; without it no claim `decided` is checkable.

    Raises:
        Invalid: the file has a fault of form and is refused as a whole.
    """
    file = read_evidence(data)
    kind = Kind(file.root["kind"])
    try:
        checkpoint = _checkpoint(file, pin)
    except (Contradicted, Missing) as error:
        findings = [_finding(entry, error) for entry in _statements(file)]
        return _verdict(kind, findings, None, {})
    run = _Run(file, checkpoint.body, charter, replay)
    return _verdict(kind, run.findings(), checkpoint, run.records)


def _verdict(
    kind: Kind,
    findings: Iterable[Finding],
    checkpoint: Checkpoint | None,
    records: Mapping[int, ProvenRecord],
) -> Verdict:
    found = tuple(findings)
    order = list(Status)
    worst = max(found, key=lambda each: order.index(each.status))
    return Verdict(worst.status, worst.reason, kind, found, checkpoint, records)


def _statements(file: EvidenceFile) -> list[Mapping[str, Any]]:
    return [*file.root["claims"], *file.root["disclosures"]]


def _finding(entry: Mapping[str, Any], error: Contradicted | Missing) -> Finding:
    status = Status.FALSE if isinstance(error, Contradicted) else Status.NOT_CHECKABLE
    claim, field = _named(entry)
    return Finding(claim, entry["record"], status, error.message, error.code, field)


def _named(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return claim and field of a claim or a disclosure."""
    return ("disclosed", entry["row"][0]) if "row" in entry else (entry["claim"], "")


def _no(code: str, reason: str) -> Contradicted:
    return Contradicted(code, reason, cure="Ask the member who exported the file.")


def _missing(code: str, reason: str) -> Missing:
    return Missing(code, reason, cure="Ask for a file that carries it.")


def _checkpoint(file: EvidenceFile, pin: Pin) -> Checkpoint:
    """Return the last checkpoint: of authority by way of those before it, and tied to the pin."""
    if file.root["chain"] != pin.chain:
        raise _no("evidence.chain", "chain")
    members, ties = pin.members, [(pin.size, pin.root)]
    found: Checkpoint | None = None
    for note in _after_pin(file.root["checkpoints"], pin.size):
        if found is not None:
            members = _list_after(file, found.body, members)
        before, found = (
            found,
            verify_checkpoint(note, name=pin.name, chain=pin.chain, members=members),
        )
        _check_order(before, found)
        if _is_tied(file.root["paths"], ties, found.body):
            ties.append((found.body.size, found.body.root))
    if found is None:
        raise _missing("evidence.checkpoint", "checkpoint")
    if ties[-1] != (found.body.size, found.body.root):
        raise _untied(file, pin, found.body)
    return found


def _after_pin(notes: list[bytes], size: int) -> list[bytes]:
    """Return the checkpoints that a pin of `size` needs: those beyond it, and always the last.

    Earlier ones lead from lists that the pin has left behind.
    """
    return [note for note in notes[:-1] if read_stated(note).size > size] + notes[-1:]


def _check_order(before: Checkpoint | None, found: Checkpoint) -> None:
    if before is None:
        return
    if found.body.size <= before.body.size or found.body.height <= before.body.height:
        raise refuse("checkpoint order")


def _is_tied(paths: Iterable[list[bytes]], ties: list[tuple[int, bytes]], found: Body) -> bool:
    """Tell whether the log is shown to extend the pinned one, or the last that was shown to."""
    for size, root in {ties[0], ties[-1]}:
        if size == 0 or (size, root) == (found.size, found.root):
            return True
        for path in paths:
            if extends(old=size, old_root=root, new=found.size, new_root=found.root, path=path):
                return True
    return False


def _untied(file: EvidenceFile, pin: Pin, found: Body) -> Contradicted | Missing:
    if found.size < pin.size or not file.root["paths"]:
        return _missing("evidence.consistency", "consistency")
    return _no("evidence.consistency", "consistency")


def _list_after(file: EvidenceFile, body: Body, members: Members) -> Members:
    """Return the list that the header of a checkpoint names."""
    header = file.headers.get(body.header)
    if header is None:
        raise _missing("evidence.header", "header of the checkpoint")
    fields = codec.decode(header, schema.HEADER)
    stated = (fields["height"], fields["log_size"], fields["log_root"])
    if stated != (body.height, body.size, body.root):
        raise _no("evidence.header", "header of the checkpoint")
    if fields["members"] == members.cid:
        return members
    found = file.lists.get(fields["members"])
    if found is None:
        raise _missing("evidence.members", "members list")
    return found


class _Run:
    """One file being checked under a checkpoint; records are proven once, whoever claims them."""

    def __init__(
        self, file: EvidenceFile, body: Body, charter: Charter, replay: Replay | None
    ) -> None:
        self._file = file
        self._body = body
        self._charter = charter
        self._replay = replay
        self._faults: dict[int, Contradicted | Missing] = {}
        self.records: dict[int, ProvenRecord] = {}

    def findings(self) -> list[Finding]:
        """Return the verdict on each claim, then on each disclosure."""
        return [self._finding(entry) for entry in _statements(self._file)]

    def _finding(self, entry: Mapping[str, Any]) -> Finding:
        index = entry["record"]
        claim, field = _named(entry)
        value = None
        try:
            record = self._admitted(index)
            if claim == "decided":
                self._decided(index, record)
            elif claim == "disclosed":
                value = self._disclosed(entry, record).value
        except (Contradicted, Missing) as error:
            return _finding(entry, error)
        reason = f"as of size {self._body.size}"
        return Finding(claim, index, Status.PROVEN, reason, "", field, value)

    def _admitted(self, index: int) -> dict[str, Any]:
        """Return the decoded record; raise if it is not shown to be admitted."""
        if index in self._faults:
            raise self._faults[index]
        try:
            record = self.records.get(index) or self._proven(index)
        except (Contradicted, Missing) as error:
            self._faults[index] = error
            raise
        self.records[index] = record
        if record.code != _ADMITTED:
            raise _no("evidence.refused", "refused record")
        assert record.fields is not None
        if self._file.root["kind"] == Kind.CASE:
            self._check_case(index, record.fields)
        return record.fields

    def _proven(self, index: int) -> ProvenRecord:
        return verify_record(
            self._file.root["records"][index],
            chain=self._file.root["chain"],
            size=self._body.size,
            root=self._body.root,
            headers=self._file.headers,
            lists=self._file.lists,
        )

    def _check_case(self, index: int, record: Mapping[str, Any]) -> None:
        """Refuse a record of another case: the first record opened it, all others name it."""
        if index == 0:
            belongs = "case" not in record
        else:
            belongs = record.get("case") == self._admitted(0)["id"]
        if not belongs:
            raise _no("evidence.case", "case")

    def _kind(self, record: Mapping[str, Any]) -> RecordType:
        found = self._charter.get((record["t"], record["rv"]))
        if found is None:
            raise _missing("evidence.version", "version")
        return found

    def _disclosed(self, entry: Mapping[str, Any], record: Mapping[str, Any]) -> Disclosed:
        sealed = entry["class"]
        stated = record.get("seals", {}).get(sealed)
        if stated is None:
            raise _no("disclosure.class", "class")
        return verify_disclosure(
            entry["row"],
            record=record["id"],
            sealed=sealed,
            fields=self._kind(record).fields(sealed),
            com=stated["com"],
        )

    def _decided(self, index: int, record: Mapping[str, Any]) -> None:
        entries = [each for each in self._file.root["disclosures"] if each["record"] == index]
        shown = [self._disclosed(entry, record) for entry in entries]
        check_decided(
            record,
            kind=self._kind(record),
            disclosed={each.name: each for each in shown},
            objects=self._file.objects,
            replay=self._replay,
        )
