"""The CIDs that Kubo and Helia give to generated files and directories.

Content is the ChaCha20 keystream of key SHA-256(seed) and nonce zero. The 17 of Kubo are those of
its test of CID profiles; Helia's were made with ipfs-unixfs-importer 17.1.1, and boxo's with 0.39.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
from typing import Final

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from tallystick.kernel.store.unixfs.importer import (
    Blocks,
    Made,
    Readable,
    import_directory,
    import_file,
    import_symlink,
)
from tallystick.kernel.store.unixfs.profile import RAW_2018, V0_2015, V1_2025, Profile

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz01234567890-_"
V0, V1, MIX = V0_2015, V1_2025, RAW_2018


class Keystream:
    """The first bytes of a seed's keystream, as a file."""

    def __init__(self, size: int, seed: str) -> None:
        key = hashlib.sha256(seed.encode()).digest()
        self._encryptor = Cipher(algorithms.ChaCha20(key, bytes(16)), None).encryptor()
        self._left = size

    def read(self, size: int) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return self._encryptor.update(bytes(size))


def draw_names(count: int, length: int, last: int, seed: str) -> list[str]:
    """Return names of one length, the last of another."""
    stream = Keystream(MIB, seed)
    lengths = [length] * (count - 1) + [last]
    return ["".join(LETTERS[byte % len(LETTERS)] for byte in stream.read(n)) for n in lengths]


def run(blocks: Blocks) -> Made:
    """Return what an import made; its blocks are dropped."""
    while True:
        try:
            next(blocks)
        except StopIteration as end:
            made = end.value
            assert isinstance(made, Made)
            return made


def file_cid(source: Readable, profile: Profile) -> str:
    return str(run(import_file(source, profile)).cid)


def directory_of(names: list[str], profile: Profile) -> Made:
    """Return a directory of files that each hold an x."""
    leaf = run(import_file(io.BytesIO(b"x"), profile))
    return run(import_directory([leaf.entry(name) for name in names], profile))


# ---- Kubo


@pytest.mark.parametrize(
    ("profile", "cid"),
    [
        (V0, "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"),
        (V1, "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
    ],
)
def test_a_small_file_has_the_cid_that_kubo_gives_it(profile: Profile, cid: str) -> None:
    assert file_cid(io.BytesIO(b"hello world"), profile) == cid


@pytest.mark.parametrize(
    ("profile", "seed", "size", "cid"),
    [
        (V0, "chunk-v0-seed", 256 * KIB, "QmWmRj3dFDZdb6ABvbmKhEL6TmPbAfBZ1t5BxsEyJrcZhE"),
        (V0, "chunk-v0-seed", 256 * KIB + 1, "QmYyLxtzZyW22zpoVAtKANLRHpDjZtNeDjQdJrcQNWoRkJ"),
        (V0, "v0-seed", 44_544 * KIB, "QmUbBALi174SnogsUzLpYbD4xPiBSFANF4iztWCsHbMKh2"),
        (V0, "v0-seed", 44_544 * KIB + 1, "QmV81WL765sC8DXsRhE5fJv2rwhS4icHRaf3J9Zk5FdRnW"),
        (V0, "v0-seed", 44_800 * KIB, "QmepeWtdmS1hHXx1oZXsPUv6bMrfRRKfZcoPPU4eEfjnbf"),
        (
            *(V1, "chunk-v1-seed", MIB),
            "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta",
        ),
        (
            *(V1, "chunk-v1-seed", MIB + 1),
            "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64",
        ),
        pytest.param(
            *(V1, "v1-2025-seed", GIB),
            "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *(V1, "v1-2025-seed", GIB + 1),
            "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_file_of_many_chunks_has_the_cid_that_kubo_gives_it(
    profile: Profile, seed: str, size: int, cid: str
) -> None:
    assert file_cid(Keystream(size, seed), profile) == cid


@pytest.mark.parametrize(
    ("profile", "cid"),
    [
        (V0, "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"),
        (V1, "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"),
    ],
)
def test_an_empty_directory_has_the_cid_that_kubo_gives_it(profile: Profile, cid: str) -> None:
    assert str(directory_of([], profile).cid) == cid


@pytest.mark.parametrize(
    ("profile", "drawn", "cid"),
    [
        (V0, (4_096, 30, 30), "QmX5GtRk3TSSEHtdrykgqm4eqMEn3n2XhfkFAis5fjyZmN"),
        (V1, (4_766, 11, 21), "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4"),
    ],
)
def test_a_directory_at_the_threshold_stays_one_block_as_in_kubo(
    profile: Profile, drawn: tuple[int, int, int], cid: str
) -> None:
    assert str(directory_of(draw_names(*drawn, f"hamt-{profile.name}"), profile).cid) == cid


@pytest.mark.parametrize(
    ("profile", "drawn", "cid"),
    [
        (V0, (4_033, 31, 31), "QmeMiJzmhpJAUgynAcxTQYek5PPKgdv3qEvFsdV3XpVnvP"),
        (V1, (4_766, 11, 22), "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu"),
    ],
)
def test_a_directory_one_byte_over_the_threshold_is_sharded_as_in_kubo(
    profile: Profile, drawn: tuple[int, int, int], cid: str
) -> None:
    assert str(directory_of(draw_names(*drawn, f"hamt-{profile.name}"), profile).cid) == cid


# ---- Helia


@pytest.mark.parametrize(
    ("profile", "size", "cid", "tsize"),
    [
        (V0, 0, "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", 6),
        (V1, 0, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", 0),
        (V0, 1, "QmeFD9LBCrkTceFUxF5CdseS6rWtSWmknW57Vy6dnwBEPT", 9),
        (V1, 1, "bafkreigenfhs5e6vytt5kh44lxvxlzwmrps6cekbpddkiw3pylcwnifkrq", 1),
        (MIX, 1, "bafkreigenfhs5e6vytt5kh44lxvxlzwmrps6cekbpddkiw3pylcwnifkrq", 1),
        (
            *(MIX, 256 * KIB),
            *("bafkreigor3rsjpephi7t7qtfderiyx4qhhnwshocozfy6b5cr3labpjyvq", 262_144),
        ),
        (
            *(MIX, 256 * KIB + 1),
            *("bafybeiagvbt6armm6scpjtounqinknmzegh2ke45ujvgn35frgbhze5m5a", 262_249),
        ),
        (
            *(MIX, 44_544 * KIB),
            *("bafybeidajp2ewrtxcagm2u3qstbk2kw5srzbu7g7oraqepajpgumviz3z4", 45_621_766),
        ),
        (
            *(MIX, 44_544 * KIB + 1),
            *("bafybeifr472xiwfk53w5s7bayijk3lq2go6ocqqcfch6ygy5qwza5hkdl4", 45_621_926),
        ),
        (
            *(MIX, 44_800 * KIB),
            *("bafybeidtq4lyvr2ockeogk6vp77d4wz56welunq3g6xrd3f73njndy2dlq", 45_884_079),
        ),
        (
            *(V1, 44_800 * KIB),
            *("bafybeigtwh42doy7m2fxudqepg665imm7uk4dbowdwasnanquryuvizepu", 45_877_410),
        ),
    ],
)
def test_a_file_has_the_cid_and_size_that_helia_gives_it(
    profile: Profile, size: int, cid: str, tsize: int
) -> None:
    made = run(import_file(Keystream(size, "v0-seed"), profile))
    assert (str(made.cid), made.size, made.tsize) == (cid, size, tsize)


@pytest.mark.parametrize(
    ("profile", "cid", "tsize"),
    [
        (V0, "Qmc5UKdFaEMtju86dLkTxqULnjNvwHBdZDZsGQinbiHza6", 2_263_311),
        (V1, "bafybeifeewbso4srb7swoobbqik6fz3ze5edccsgukuloqnm6icnxwlbb4", 2_093_741),
        (MIX, "bafybeifeewbso4srb7swoobbqik6fz3ze5edccsgukuloqnm6icnxwlbb4", 2_093_741),
    ],
)
def test_a_directory_of_shards_in_shards_is_as_helia_makes_it(
    profile: Profile, cid: str, tsize: int
) -> None:
    made = directory_of([f"{number}.txt" for number in range(30_000)], profile)
    assert (str(made.cid), made.tsize) == (cid, tsize)


# ---- boxo


@pytest.mark.parametrize(
    ("fanout", "cid", "tsize"),
    [
        (8, "bafybeifhuyphwrnj3ho4zbrfeurrbmfslajealonbfvtfw7ccw25o7m5oy", 253_977),
        (64, "bafybeidvwciiojxscnkrchd2suosabnaqndlptw6a5iezka4rbb2bgngcy", 226_133),
        (256, "bafybeic7f2q5csp77uft5n5x5ufkqrgmwvwo7fkpy5etv4eht4mocj7equ", 206_712),
        (1_024, "bafybeic3gi23tedvioutpnl6gatbwdpgduh7ip6dwtm4hooorcwfwhneuq", 305_043),
    ],
)
def test_shards_of_every_fanout_are_as_boxo_makes_them(fanout: int, cid: str, tsize: int) -> None:
    profile = dataclasses.replace(V1, fanout=fanout, shard_bytes=0)
    made = directory_of([f"case-{number}.txt" for number in range(3_000)], profile)
    assert (str(made.cid), made.tsize) == (cid, tsize)


@pytest.mark.parametrize(
    ("profile", "cid"),
    [
        (V0, "QmWwJzHv9HGn1fjzdn76DRoEbQxskoKtfedumw3hMcnYNr"),
        (V1, "bafybeid7x2dhgvwcxg6ogws3fatojksolf3xi2nput2asysx3fv6vl3ma4"),
    ],
)
def test_a_symbolic_link_has_the_cid_that_boxo_gives_it(profile: Profile, cid: str) -> None:
    assert str(run(import_symlink(b"../ledger/2025.csv", profile)).cid) == cid
