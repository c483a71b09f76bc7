"""What is hidden before anything is shown or kept for people: passwords in addresses."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "******"
_USER: Final = re.compile(r"(?<=://)[^/?#]*@")


def without_user(location: str) -> str:
    """An address without the name and the password that it may hold (OCPP 1.6 section 8.1)."""
    return _USER.sub(f"{MASK}@", location)
