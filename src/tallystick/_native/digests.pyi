# SHA-256 of many short byte strings, Merkle trees over them and rows of pairs, in C; digests.c
# states every law. TypeError for what is no bytes, ValueError for a length out of range.

from collections.abc import Sequence

# Return the first `size` bytes, 1 to 32, of SHA-256(prefix || item) of each. Prefix: at most 64.
def sha256_each(prefix: bytes, items: Sequence[bytes], size: int = ..., /) -> list[bytes]: ...

# Return the root of RFC 6962 over the items' bytes, 32 bytes.
def merkle_root(items: Sequence[bytes], /) -> bytes: ...

# Return the peaks, largest first, of a tree of `size` leaves with these peaks after more leaves'
# hashes of 32 bytes; and the roots of all perfect subtrees that they close: of each leaf the leaf
# itself, then upwards.
def merkle_extend(
    peaks: Sequence[bytes], size: int, leaves: Sequence[bytes], /
) -> tuple[list[bytes], list[bytes]]: ...

# Return the rows of pairs, the first at a position, one column after another, of the types that
# SQLite's library takes as they are: position, key, value, and the first 8 bytes of SHA-256(the
# key's length in 4 bytes, most significant first || key || value); and the first 8 bytes of
# SHA-256(key) of each. TypeError for what is no tuple of two bytes.
def pair_rows(
    first: int, pairs: Sequence[tuple[bytes, bytes]], /
) -> tuple[list[int | bytearray], bytes]: ...
