# A state's pairs and the sums of their lanes, in C; lanes.c states every law.

from collections.abc import Sequence

# The widest level that this processor has: 2 with AVX-512, 1 with AVX2, else 0.
level: int

# Return 2,048 bytes: 1,024 words of 16 bits, little-endian, each the sum modulo 2^16 of that word
# of SHAKE128(prefix || pair) over all pairs. Prefix: at most 64 bytes. Level 0 to `level`.
def sum_pairs(prefix: bytes, pairs: Sequence[bytes], level: int = ..., /) -> bytes: ...

# Return where the first byte is that was not read, and each of at most `most` pairs before it as it
# stands there, its key and its value. A pair is m([key, value]) in its one canonical form; it ends
# before `data` does, and key and value are of at most so many bytes: the first that is not so ends
# it. Every byte string of less than 2^32 bytes is read.
def split_pairs(
    data: bytes, at: int, most: int, key_max: int, value_max: int, /
) -> tuple[int, list[bytes], list[bytes], list[bytes]]: ...
