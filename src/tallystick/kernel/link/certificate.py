"""A member's own certificate for TLS on the link: it hides what passes, and proves nobody.

Who speaks is proven by signatures (`trust`); so a certificate is signed by itself, pinned by
whoever has it in the address book, and changed by handing out another.
Source: RFC 5280, RFC 8410.
"""

from __future__ import annotations

import contextlib
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tallystick.base.clock import DAY_MS, Clock, Entropy
from tallystick.base.errors import Corrupt

__all__ = [
    "CERTIFICATE_FILE",
    "KEY_FILE",
    "answering_context",
    "asking_context",
    "ensure_certificate",
    "is_certificate",
    "is_same_certificate",
    "read_certificate",
]

CERTIFICATE_FILE: Final = "link.pem"
KEY_FILE: Final = "link.key"
LIFE_DAYS: Final = 3_650
PEM_CHARS_MAX: Final = 16_384


def ensure_certificate(folder: Path, member: str, *, clock: Clock, entropy: Entropy) -> str:
    """Return a member's certificate as PEM, making one for ten years where no pair loads.

    Half of a pair, or two halves that do not belong together, answer nobody: both are made anew.

    Args:
        folder: the member's own; the key stands in `link.key`, mode 0600.
        member: its name.
        clock: tells from when it holds: a day earlier, for clocks that are behind.
        entropy: draws key and number, labels `tls` and `serial`.
    """
    with contextlib.suppress(Corrupt):
        return read_certificate(folder)
    key = Ed25519PrivateKey.from_private_bytes(entropy.draw("tls", 32))
    pem = _certify(key, member, clock.now_ms(), entropy.draw("serial", 16))
    _write_key(folder / KEY_FILE, key)
    (folder / CERTIFICATE_FILE).write_text(pem, encoding="ascii")
    return pem


def _certify(key: Ed25519PrivateKey, member: str, now_ms: int, serial: bytes) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, member)])
    start = datetime.fromtimestamp((now_ms - DAY_MS) // 1_000, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(serial, "big") >> 1 or 1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=LIFE_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(member)]), critical=False)
        .sign(key, None)
    )
    return made.public_bytes(Encoding.PEM).decode("ascii")


def _write_key(path: Path, key: Ed25519PrivateKey) -> None:
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def is_certificate(pem: str) -> bool:
    """Tell whether a text is one certificate in PEM, which TLS takes too."""
    if len(pem) > PEM_CHARS_MAX or not pem.isascii():
        return False
    try:
        if len(x509.load_pem_x509_certificates(pem.encode("ascii"))) != 1:
            return False
        # A damaged one may have a reading here, and none where a line is to be opened with it.
        asking_context(pem)
    except (ValueError, x509.InvalidVersion, ssl.SSLError):
        return False
    return True


def is_same_certificate(one: str, other: str) -> bool:
    """Tell whether two texts are one certificate, however their lines end."""
    if not (is_certificate(one) and is_certificate(other)):
        return False
    found = [x509.load_pem_x509_certificate(each.encode("ascii")) for each in (one, other)]
    return found[0] == found[1]


def read_certificate(folder: Path) -> str:
    """Return the certificate of a member's folder as PEM, its key having been tried beside it.

    Raises:
        Corrupt: `link.certificate`, a half is missing or has no reading, or the key is another's.
    """
    return _load_pair(folder)[0]


def answering_context(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a member that answers, with the certificate of its folder.

    Raises:
        Corrupt: `link.certificate`, as `read_certificate`.
    """
    return _load_pair(folder)[1]


def _load_pair(folder: Path) -> tuple[str, ssl.SSLContext]:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.minimum_version = ssl.TLSVersion.TLSv1_3
    for name in (CERTIFICATE_FILE, KEY_FILE):
        if not (folder / name).is_file():
            raise _broken(folder, f"{name} is missing")
    try:
        pem = (folder / CERTIFICATE_FILE).read_text(encoding="ascii")
        # A key under a password is none of ours: without one OpenSSL would ask the terminal.
        found.load_cert_chain(folder / CERTIFICATE_FILE, folder / KEY_FILE, password="")
    except ssl.SSLError as error:
        raise _broken(folder, f"{CERTIFICATE_FILE} and {KEY_FILE} are no pair") from error
    except (OSError, ValueError) as error:
        raise _broken(folder, f"{CERTIFICATE_FILE} or {KEY_FILE} has no reading") from error
    if not is_certificate(pem):
        raise _broken(folder, f"{CERTIFICATE_FILE} is not one certificate")
    return pem, found


def _broken(folder: Path, reason: str) -> Corrupt:
    return Corrupt(
        "link.certificate",
        f"{folder.name}: {reason}",
        cure="Remove link.pem and link.key, then tally member address NAME URL; give the new"
        " link.pem to all others: tally member address NAME URL --certificate link.pem.",
    )


def asking_context(certificate: str) -> ssl.SSLContext:
    """Return the TLS of a member that asks another: that certificate and no other will do.

    The name in it is not compared: the certificate itself is pinned, wherever it is shown.
    """
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.minimum_version = ssl.TLSVersion.TLSv1_3
    found.check_hostname = False
    found.verify_mode = ssl.CERT_REQUIRED
    # The pinned certificate is its own root, though it may sign no other.
    found.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    found.load_verify_locations(cadata=certificate)
    return found
