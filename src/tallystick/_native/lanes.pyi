# Sums of the lanes of a state's pairs, in C; lanes.c states every law.

from collections.abc import Sequence

# The widest level that this processor has: 2 with AVX-512, 1 with AVX2, else 0.
level: int

# Return 2,048 bytes: 1,024 words of 16 bits, little-endian, each the sum modulo 2^16 of that word
# of SHAKE128(prefix || pair) over all pairs. Prefix: at most 64 bytes. Level 0 to `level`.
def sum_pairs(prefix: bytes, pairs: Sequence[bytes], level: int = ..., /) -> bytes: ...
