# Sums of rows in the field of 256 elements, in C; zigzag.c states every law.
#
# A program is uint16 words: number of buffers read, of buffers written, of sums between; for each
# buffer its span (the most rows it holds), a count, and the position of each row named; for each
# sum between, then for each row written, a count and as many pairs of a row (rows read first, then
# the sums before it) and the byte it is multiplied by. ValueError is raised for what does not fit,
# before anything is written.

from typing import final

from typing_extensions import Buffer

@final
class Block:
    def __buffer__(self, flags: int, /) -> memoryview: ...

class _Program: ...

# The loops for whole shapes, by name; and the widest level that this processor has: 2 with AVX-512
# and GFNI, 1 with AVX2, else 0.
kernels: dict[str, int]
level: int

# Return `size` writable bytes, not cleared, at a multiple of 64, or as far behind one as `like` is.
def block(size: int, like: Buffer = ..., /) -> Block: ...

# Check a program; `kernel` is a loop of its shape, or -1; `constants` are its own, a byte each.
def program(words: Buffer, kernel: int, constants: bytes, /) -> _Program: ...

# Carry out a program on rows of `size` bytes, a multiple of 64. A buffer may end early: what it
# lacks is read as zeros, or not written. Level 0 to `level`. Way 0 writes
# into the cache, 1 past it, 2 also fetches ahead what is read.
def run(
    program: _Program,
    inputs: tuple[Buffer, ...],
    outputs: tuple[Buffer, ...],
    size: int,
    level: int,
    way: int,
    /,
) -> None: ...
