"""Passwords: how they are judged, kept and drawn.

Laws: only an argon2id hash is ever stored, with its parameters, so that a hash of other parameters
is seen and made anew; a text is NFKC-normalised first, so that one keyboard's signs are another's;
no error repeats a password. At most two hashes are worked on at once, so that log-ins cannot take
the machine's memory.
Source: RFC 9106 (second recommended option), NIST SP 800-63B section 5.1.1.
"""

from __future__ import annotations

import threading
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tallystick.base.clock import Entropy
from tallystick.base.errors import Corrupt, Invalid

__all__ = ["Hashing", "check_password", "draw_password"]

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 128
DISTINCT_MIN: Final = 4
DRAWN_SIGNS: Final = 20
_GROUP: Final = 5
_TOGETHER: Final = 2
# 32 signs, none of which looks like another on paper: 5 bits each, 100 in all.
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_COMMON_TEXT: Final = """
    0123456789 1234567890 0987654321 9876543210 12345678910 1234567890a 123456789a a123456789
    123456789abc abc123456789 abcd123456 abcdefghij abcdef123456 aa123456789 woaini1314
    woaini1314520 woaini123456 5201314520 1314520520 5201314woaini qwertyuiop
    qwertyuiop123 qwerty12345 qwerty123456 qwerty1234 1qaz2wsx3edc 1q2w3e4r5t 1q2w3e4r5t6y
    q1w2e3r4t5 asdfghjkl123 zxcvbnm123 asdfghjkl; administrator admin12345 admin123456
    password12 password123 password1234 password12345 passw0rd123 p@ssw0rd123 p@ssword123
    changeme123 welcome123 letmein123 iloveyou123 tallystick tallystick1 tallystick123
    woaizhongguo zhongguo123 mima123456 xinyongshe nongcunxinyongshe 1122334455 1212121212
    1231231234 1357924680 2468013579 147258369a 1472583690 7894561230 7758521521 yinhang123
"""
_COMMON: Final = frozenset(_COMMON_TEXT.split())


class Hashing:
    """Makes and checks argon2id hashes; safe to share between threads.

    Args:
        time_cost: passes over the memory, >= 1.
        memory_kib: memory of one hash in KiB, >= 8 a lane.
        lanes: threads of one hash, >= 1.
    """

    __slots__ = ("_hasher", "_turn")

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes
        )
        self._turn = threading.BoundedSemaphore(_TOGETHER)

    def make(self, password: str) -> str:
        """Return the hash of a password with its parameters and a fresh 16-byte salt."""
        with self._turn:
            return self._hasher.hash(_normal(password))

    def matches(self, stored: str, password: str) -> bool:
        """Tell whether a password is the one of a stored hash.

        Raises:
            Corrupt: `access.hash`, what is stored is no hash.
        """
        try:
            with self._turn:
                return self._hasher.verify(stored, _normal(password))
        except InvalidHashError as error:
            raise Corrupt(
                "access.hash",
                "an account's password hash is not one of argon2id",
                cure="Reset the account: tally user reset.",
            ) from error
        except VerificationError:
            return False

    def is_old(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than these."""
        return self._hasher.check_needs_rehash(stored)


def _normal(password: str) -> str:
    # A lone surrogate has no bytes: it is read as the sign for what cannot be read.
    sound = password[: LENGTH_MAX + 1].encode(errors="replace").decode()
    return unicodedata.normalize("NFKC", sound)


def check_password(password: str, name: str) -> None:
    """Refuse a password that is short, long, the log-in name, or among the common ones.

    Args:
        password: as typed.
        name: the account's log-in name.

    Raises:
        Invalid: `access.password`; the message says which rule, never the password.
    """
    normal = _normal(password)
    folded = normal.casefold()
    rules = (
        (not LENGTH_MIN <= len(normal) <= LENGTH_MAX, "has not between 10 and 128 signs"),
        (name.casefold() in folded, "contains the log-in name"),
        (folded in _COMMON, "is among the commonest"),
        (len(set(folded)) < DISTINCT_MIN, "has fewer than 4 different signs"),
    )
    for is_broken, fact in rules:
        if is_broken:
            raise Invalid(
                "access.password", f"the password {fact}", cure="Choose a sentence of your own."
            )


def draw_password(entropy: Entropy) -> str:
    """Return a fresh one-time password of 100 bits in groups of five signs."""
    drawn = entropy.draw("password", DRAWN_SIGNS)
    signs = "".join(_ALPHABET[each % len(_ALPHABET)] for each in drawn)
    return "-".join(signs[at : at + _GROUP] for at in range(0, DRAWN_SIGNS, _GROUP))
