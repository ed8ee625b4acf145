"""`~/.mylogin.cnf`: the option file that `mysql_config_editor` writes, and hides from a glance.

The format, by client/mysql_config_editor.cc and mysys/my_default.cc of MySQL: 4 bytes unused; 20 bytes, folded
by XOR into the 16 of an AES-128 key; then for each line its ciphertext's length (4 bytes, little-endian) and
the ciphertext (ECB, PKCS#7). The key lies beside the text: this is obfuscation, and not a secret kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _

_UNUSED, _KEY, _LENGTH, _BLOCK = 4, 20, 4, 16
Decryption = Callable[[bytes], bytes]
LONGEST = 4096
"""Bytes of ciphertext in a line, the most MySQL reads."""


def deciphered(data: bytes, name: str) -> str:
    """The option file inside; empty for an empty file.

    Raises SettingsError, with `name`, for what `mysql_config_editor` did not write.
    """
    if not data:
        return ""
    try:
        return b"".join(_lines(data)).decode("utf-8", "surrogateescape")
    except ValueError as error:
        raise SettingsError(
            _("{file} is damaged: {why}", file=name, why=error),
            _("write it anew with mysql_config_editor, or leave it out with --no-login-paths"),
        ) from None


def _lines(data: bytes) -> Iterator[bytes]:
    at = _UNUSED + _KEY
    if len(data) < at:
        raise ValueError(_("it ends before its key does"))
    decrypt = _decryption(data[_UNUSED:at])
    while at < len(data):
        length = int.from_bytes(data[at : at + _LENGTH], "little")
        at += _LENGTH
        cipher = data[at : at + length]
        if not 0 < length <= LONGEST or length % _BLOCK or len(cipher) < length:
            raise ValueError(_("no line of it ends where byte {number} says", number=at))
        yield _unpadded(decrypt(cipher))
        at += length


def _unpadded(text: bytes) -> bytes:
    padding = text[-1]
    if not 1 <= padding <= _BLOCK or text[-padding:] != bytes([padding]) * padding:
        raise ValueError(_("its key does not open it"))
    return text[:-padding]


def _decryption(material: bytes) -> Decryption:
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError:
        raise SettingsError(
            _("what opens login paths is not installed"), _("install the Python package cryptography")
        ) from None

    key = bytearray(_BLOCK)
    for position, each in enumerate(material):
        key[position % _BLOCK] ^= each
    cipher = Cipher(algorithms.AES(bytes(key)), modes.ECB())  # noqa: S305 - the format's choice, not ours

    def decrypt(text: bytes) -> bytes:
        decryptor = cipher.decryptor()
        return decryptor.update(text) + decryptor.finalize()

    return decrypt
