"""Tools that others wrote accept our proofs and checkpoints, ours accept theirs; ours are stricter.

pymerkle, metamorphic-log (Rust), rekor-verifier and sigstore are independent implementations of the
RFC 6962 tree and of C2SP notes. Where they let a form pass that ours refuses, a test names it.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pymerkle
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from chains import NAME, SmallChain
from tallystick.base.errors import Error, Invalid
from tallystick.chain.checkpoint import (
    cosign,
    cosigned_message,
    key_id,
    read_body,
    verify_checkpoint,
)
from tallystick.chain.merkle import (
    EMPTY_ROOT,
    consistency_path,
    extends,
    includes,
    inclusion_path,
    leaf_hash,
    root_of,
)

metamorphic = pytest.importorskip("metamorphic_log")
rekor = pytest.importorskip("rekor_verifier.merkle_proof")
sigstore_merkle = pytest.importorskip("sigstore._internal.merkle")
sigstore_note = pytest.importorskip("sigstore._internal.rekor.checkpoint")

ITEMS = st.lists(st.binary(max_size=40), min_size=1, max_size=40)
ED25519 = 0x01


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    found = SmallChain()
    for amount in range(1, 6):
        found.cut(("operator", [found.record("fund.allocated", {"amount": amount})]))
    return found


def refused(check: Any, *given: Any) -> bool:
    """Tell whether another library's check raises, of whatever kind its errors are."""
    try:
        check(*given)
    except Exception:  # noqa: BLE001 - each library has its own, some none that has a name
        return True
    return False


def rekor_includes(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> None:
    steps = [step.hex() for step in path]
    rekor.verify_inclusion(rekor.Hasher(), index, size, leaf.hex(), steps, root.hex())


def rekor_extends(old: int, new: int, path: list[bytes], one: bytes, other: bytes) -> None:
    steps = [step.hex() for step in path]
    rekor.verify_consistency(rekor.Hasher(), old, new, steps, one.hex(), other.hex())


def sigstore_includes(index: int, size: int, item: bytes, path: list[bytes], root: bytes) -> None:
    proof = SimpleNamespace(log_index=index, tree_size=size, hashes=path, root_hash=root)
    inner = SimpleNamespace(inclusion_proof=proof, canonicalized_body=item)
    sigstore_merkle.verify_merkle_inclusion(SimpleNamespace(_inner=inner))


# ---- the tree


@given(ITEMS, st.data())
def test_every_other_verifier_accepts_our_inclusion_proofs(
    items: list[bytes], data: st.DataObject
) -> None:
    index, size = data.draw(st.integers(0, len(items) - 1)), len(items)
    hashes = [leaf_hash(item) for item in items]
    path, root = inclusion_path(hashes, index), root_of(items)
    metamorphic.verify_inclusion(index, size, hashes[index], path, root)
    rekor_includes(index, size, hashes[index], path, root)
    sigstore_includes(index, size, items[index], path, root)
    assert includes(leaf=hashes[index], index=index, size=size, path=path, root=root)


@given(ITEMS, st.data())
def test_every_other_verifier_accepts_our_consistency_proofs(
    items: list[bytes], data: st.DataObject
) -> None:
    old, new = data.draw(st.integers(1, len(items))), len(items)
    hashes = [leaf_hash(item) for item in items]
    path, one, other = consistency_path(hashes, old), root_of(items[:old]), root_of(items)
    metamorphic.verify_consistency(old, new, path, one, other)
    rekor_extends(old, new, path, one, other)
    assert extends(old=old, old_root=one, new=new, new_root=other, path=path)


@given(ITEMS, st.data())
def test_ours_accepts_the_proofs_that_pymerkle_makes(
    items: list[bytes], data: st.DataObject
) -> None:
    index, size = data.draw(st.integers(0, len(items) - 1)), len(items)
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for item in items:
        tree.append_entry(item)
    # Its paths begin with the leaf itself.
    leaf, *path = tree.prove_inclusion(index + 1, size).path
    assert includes(leaf=leaf, index=index, size=size, path=path, root=tree.get_root())


@given(ITEMS, st.data())
def test_whatever_ours_accepts_of_a_mutated_proof_the_others_accept_too(
    items: list[bytes], data: st.DataObject
) -> None:
    """No form passes here that an outsider's tool would refuse."""
    size = data.draw(st.integers(0, len(items) + 2))
    index = data.draw(st.integers(0, len(items) + 2))
    hashes = [leaf_hash(item) for item in items]
    made = data.draw(st.integers(0, len(items) - 1))
    path = data.draw(st.permutations(inclusion_path(hashes, made)))
    path = path[: data.draw(st.integers(0, len(path)))] if data.draw(st.booleans()) else path
    root = root_of(items)
    for leaf in {hashes[made], root}:
        if includes(leaf=leaf, index=index, size=size, path=path, root=root):
            metamorphic.verify_inclusion(index, size, leaf, path, root)
            rekor_includes(index, size, leaf, path, root)


@given(ITEMS, st.data())
def test_whatever_ours_accepts_of_a_mutated_consistency_the_others_accept_too(
    items: list[bytes], data: st.DataObject
) -> None:
    old, new = (data.draw(st.integers(0, len(items) + 1)) for _ in "ab")
    made = data.draw(st.integers(1, len(items)))
    path = consistency_path([leaf_hash(item) for item in items], made)
    path = path[: data.draw(st.integers(0, len(path)))] if data.draw(st.booleans()) else path
    one = data.draw(st.sampled_from([root_of(items[:made]), EMPTY_ROOT, root_of(items)]))
    if extends(old=old, old_root=one, new=new, new_root=root_of(items), path=path):
        metamorphic.verify_consistency(old, new, path, one, root_of(items))
        rekor_extends(old, new, path, one, root_of(items))


# ---- edges, where others let more pass


def test_from_size_zero_others_prove_any_root_and_ours_none() -> None:
    root = root_of([b"a"])
    for claimed in (EMPTY_ROOT, bytes(32), root):
        rekor_extends(0, 1, [], claimed, root)
        assert not extends(old=0, old_root=claimed, new=1, new_root=root, path=[])
    assert not extends(old=0, old_root=EMPTY_ROOT, new=0, new_root=EMPTY_ROOT, path=[])


def test_equal_sizes_need_equal_roots_and_no_path_everywhere() -> None:
    root, other = root_of([b"a"]), root_of([b"b"])
    assert extends(old=1, old_root=root, new=1, new_root=root, path=[])
    for one, path in ((other, []), (root, [other])):
        assert not extends(old=1, old_root=one, new=1, new_root=root, path=path)
        assert refused(metamorphic.verify_consistency, 1, 1, path, one, root)
        assert refused(rekor_extends, 1, 1, path, one, root)


def test_a_shrinking_log_is_refused_everywhere() -> None:
    items = [b"a", b"b"]
    path = consistency_path([leaf_hash(item) for item in items], 1)
    one, other = root_of(items[:1]), root_of(items)
    assert not extends(old=2, old_root=other, new=1, new_root=one, path=path)
    assert refused(metamorphic.verify_consistency, 2, 1, path, other, one)
    assert refused(rekor_extends, 2, 1, path, other, one)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (2, 1), (-1, 1)])
def test_a_leaf_beyond_the_log_is_refused_here(index: int, size: int) -> None:
    leaf = leaf_hash(b"a")
    assert not includes(leaf=leaf, index=index, size=size, path=[], root=leaf)
    assert not includes(leaf=leaf, index=index, size=size, path=[], root=EMPTY_ROOT)
    if index >= 0:
        assert refused(metamorphic.verify_inclusion, index, size, leaf, [], leaf)
        assert refused(rekor_includes, index, size, leaf, [], leaf)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_step_of_another_length_is_refused_even_where_the_hash_would_come_out(
    length: int,
) -> None:
    """Sigstore hashes whatever length it is given; a split byte then moves between the siblings."""
    item, step = b"a", b"s" * length
    leaf = leaf_hash(item)
    root = sha256(b"\x01" + leaf + step).digest()
    sigstore_includes(0, 2, item, [step], root)
    assert not includes(leaf=leaf, index=0, size=2, path=[step], root=root)
    assert refused(metamorphic.verify_inclusion, 0, 2, leaf, [step], root)


@pytest.mark.parametrize("change", [lambda path: path[:-1], lambda path: [*path, bytes(32)]])
def test_a_path_of_another_length_is_refused_everywhere(change: Any) -> None:
    items = [bytes([at]) for at in range(7)]
    hashes = [leaf_hash(item) for item in items]
    root = root_of(items)
    path = change(inclusion_path(hashes, 3))
    assert not includes(leaf=hashes[3], index=3, size=7, path=path, root=root)
    assert refused(metamorphic.verify_inclusion, 3, 7, hashes[3], path, root)
    assert refused(rekor_includes, 3, 7, hashes[3], path, root)
    assert refused(sigstore_includes, 3, 7, items[3], path, root)
    path = change(consistency_path(hashes, 3))
    one = root_of(items[:3])
    assert not extends(old=3, old_root=one, new=7, new_root=root, path=path)
    assert refused(metamorphic.verify_consistency, 3, 7, path, one, root)
    assert refused(rekor_extends, 3, 7, path, one, root)


# ---- checkpoints


def vkey(name: str, public: bytes) -> str:
    """Return a C2SP verifier key of the type that others verify: a plain Ed25519 signature."""
    blob = bytes([ED25519]) + public
    hint = sha256(name.encode() + b"\n" + blob).digest()[:4]
    return f"{name}+{hint.hex()}+{base64.b64encode(blob).decode()}"


def plain_line(name: str, key: Ed25519PrivateKey, body: str) -> str:
    public = key.public_key().public_bytes_raw()
    hint = sha256(name.encode() + b"\n" + bytes([ED25519]) + public).digest()[:4]
    return f"\u2014 {name} {base64.b64encode(hint + key.sign(body.encode())).decode()}\n"


def test_other_tools_read_our_checkpoints_as_we_wrote_them(chain: SmallChain) -> None:
    note = chain.note(3).decode()
    body = chain.body(3)
    head = metamorphic.checkpoint_parse(body.text())
    assert (head.origin, head.size, head.root) == (body.origin, body.size, body.root)
    assert head.extensions == ["height 3", f"header {body.header}"]
    parsed = sigstore_note.SignedCheckpoint.from_text(note)
    assert parsed.signed_note.note == body.text()
    found = parsed.checkpoint
    assert (found.origin, found.log_size, found.log_hash) == (
        body.origin,
        body.size,
        body.root.hex(),
    )
    names = [each.name for each in parsed.signed_note.signatures]
    assert names == [f"{NAME}/{member}" for member in chain.lists[2].by_name]


def test_a_log_signature_beside_our_cosignatures_satisfies_both(chain: SmallChain) -> None:
    """Ours ignores a line of a key it does not know, others the cosignatures they do not read."""
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    body, name = chain.body(3), chain.body(3).origin
    note = chain.note(3).decode() + plain_line(name, key, body.text())
    ours = verify_checkpoint(note.encode(), name=NAME, chain=chain.chain, members=chain.lists[2])
    assert (ours.body, len(ours.signers)) == (body, 4)
    keys = [vkey(name, key.public_key().public_bytes_raw())]
    head = metamorphic.checkpoint_verify(note, keys)
    assert (head.size, head.root) == (body.size, body.root)
    hashes = [leaf_hash(leaf) for leaf in chain.leaves[: body.size]]
    metamorphic.checkpoint_verify_inclusion(note, keys, 1, hashes[1], inclusion_path(hashes, 1))
    older = chain.body(2)
    first = f"{older.text()}\n" + plain_line(name, key, older.text())
    metamorphic.checkpoint_verify_consistency(
        first, note, keys, consistency_path(hashes, older.size)
    )
    assert refused(metamorphic.checkpoint_verify, note.replace("\n3\n", "\n4\n", 1), keys)


def test_a_foreign_body_of_our_form_is_read_and_of_three_lines_refused(chain: SmallChain) -> None:
    text = chain.body(3).text()
    assert read_body(text).text() == text
    three = "\n".join(text.split("\n")[:3]) + "\n"
    assert metamorphic.checkpoint_parse(three).size == 3
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_body(three)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n3\n", "\n+3\n", 1),
        lambda text: text.replace("\n3\n", "\n 3\n", 1),
        lambda text: text.replace("\n3\n", "\n3_0\n", 1),
        lambda text: text.replace("\n3\n", "\n\u0663\n", 1),
        lambda text: text.replace("\n3\n", "\n-3\n", 1),
    ],
)
def test_a_size_in_another_spelling_is_refused_where_sigstore_reads_it(
    chain: SmallChain, change: Any
) -> None:
    text = change(chain.body(3).text())
    assert sigstore_note.LogCheckpoint.from_text(text).log_size in (3, 30, -3)
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_body(text)


def test_size_zero_is_no_checkpoint_here_and_one_elsewhere(chain: SmallChain) -> None:
    text = chain.body(3).text().replace("\n3\n", "\n0\n", 1)
    assert sigstore_note.LogCheckpoint.from_text(text).log_size == 0
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_body(text)


def test_another_spelling_of_the_root_is_refused_here(chain: SmallChain) -> None:
    body = chain.body(3)
    spelled = base64.b64encode(body.root).decode()
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = spelled[:-2] + digits[digits.index(spelled[-2]) + 1] + "="
    text = body.text().replace(spelled, other)
    assert sigstore_note.LogCheckpoint.from_text(text).log_hash == body.root.hex()
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_body(text)


def test_a_roots_length_is_held_here_and_not_by_sigstore(chain: SmallChain) -> None:
    body = chain.body(3)
    short = base64.b64encode(body.root[:31]).decode()
    text = body.text().replace(base64.b64encode(body.root).decode(), short)
    assert sigstore_note.LogCheckpoint.from_text(text).log_hash == body.root[:31].hex()
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_body(text)


# ---- cosignatures, by the specification and another library's Ed25519


def test_openssl_verifies_our_cosignatures_from_the_specification_alone(chain: SmallChain) -> None:
    body = chain.body(3)
    line = cosign(body, chain.keys["operator", "note"], member="operator", time_s=1_790_000_000)
    dash, name, blob = line.rstrip("\n").split(" ")
    raw = base64.b64decode(blob)
    public = chain.keys["operator", "note"].public
    hint = sha256(f"{NAME}/operator".encode() + b"\n\x04" + public).digest()[:4]
    assert (dash, name, raw[:4]) == ("\u2014", f"{NAME}/operator", hint)
    time_s = int.from_bytes(raw[4:12], "big")
    message = f"cosignature/v1\ntime {time_s}\n{body.text()}".encode()
    key = Ed25519PublicKey.from_public_bytes(public)
    key.verify(raw[12:], message)
    with pytest.raises(InvalidSignature):
        key.verify(raw[12:], message.replace(b"height 3", b"height 4"))


def test_ours_accepts_a_cosignature_that_another_library_made(chain: SmallChain) -> None:
    body, member, time_s = chain.body(3), "bank-a", 1_790_000_123
    secret = Ed25519PrivateKey.from_private_bytes(chain.keys[member, "note"].seed)
    public = secret.public_key().public_bytes_raw()
    blob = sha256(f"{NAME}/{member}\n".encode() + b"\x04" + public).digest()[:4]
    blob += time_s.to_bytes(8, "big")
    blob += secret.sign(f"cosignature/v1\ntime {time_s}\n{body.text()}".encode())
    line = f"\u2014 {NAME}/{member} {base64.b64encode(blob).decode()}\n"
    note = chain.note(3, ["bank-b", "operator"]).decode() + line
    found = verify_checkpoint(note.encode(), name=NAME, chain=chain.chain, members=chain.lists[2])
    assert found.signers[member] == (time_s,)
    assert key_id(f"{NAME}/{member}", public) == blob[:4]
    assert cosigned_message(body.text(), time_s).startswith(b"cosignature/v1\n")
    altered = base64.b64encode(blob[:-1] + bytes([blob[-1] ^ 1])).decode()
    forged = note.replace(base64.b64encode(blob).decode(), altered)
    with pytest.raises(Error, match=r"checkpoint\.cosignature"):
        verify_checkpoint(forged.encode(), name=NAME, chain=chain.chain, members=chain.lists[2])
