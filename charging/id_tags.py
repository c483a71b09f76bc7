"""One canonical form for a card's number, however a reader, a label or a spreadsheet writes it."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

UID_LENGTHS: Final = {8: 4, 14: 7, 20: 10}  # hexadecimal digits -> bytes, ISO/IEC 14443-3 section 6.5.4
RANDOM_UID: Final = "08"  # first byte of a 4-byte UID that is drawn anew at every tap, ISO/IEC 14443-3
_SEPARATORS: Final = re.compile(r"[\s:.\-_]+")
_HEXADECIMAL: Final = re.compile(r"[0-9A-F]+\Z")


def canonical_id_tag(text: str) -> str:
    """Upper case; the separators of a UID ("04:a2:b3:c4") are left out, those of other idTags are kept."""
    upper = text.strip().upper()
    bare = _SEPARATORS.sub("", upper)
    return bare if is_uid(bare) else upper


def is_uid(id_tag: str) -> bool:
    """Whether *id_tag* has the form of a card's UID of 4, 7 or 10 bytes."""
    return len(id_tag) in UID_LENGTHS and bool(_HEXADECIMAL.match(id_tag))


def reversed_uid(id_tag: str) -> str:
    """The same UID in the other byte order; "" when *id_tag* is no UID."""
    return bytes.fromhex(id_tag)[::-1].hex().upper() if is_uid(id_tag) else ""


def kind_of_uid(id_tag: str) -> str:
    """What the length says about the number, in words."""
    if not is_uid(id_tag):
        return _("an idTag that is no card number")
    return _("card number of %(count)d bytes") % {"count": UID_LENGTHS[len(id_tag)]}


def is_random(id_tag: str) -> bool:
    """Whether the number is one that a telephone draws anew at every tap: it cannot name a person."""
    return is_uid(id_tag) and UID_LENGTHS[len(id_tag)] == 4 and id_tag.startswith(RANDOM_UID)  # noqa: PLR2004 - bytes


def refusal_of_uid(id_tag: str) -> str:
    """Why this number cannot be a card of the list, or ""."""
    if is_random(id_tag):
        return _("A phone or a passport draws this number anew at every tap: use a card or a key fob.")
    return ""
