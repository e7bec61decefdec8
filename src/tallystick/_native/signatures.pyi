# Many signatures checked at once, in C; signatures.c states every law.

from collections.abc import Sequence

# Return a byte for each row (public key of 32 bytes, message, signature of 64): 1 where libsodium's
# crypto_sign_open, which stands at the address, opens it, else 0. Other threads run meanwhile.
# ValueError for a row of another form, before any is checked.
def check_many(address: int, rows: Sequence[tuple[bytes, bytes, bytes]], /) -> bytes: ...
