"""What the configuration document is made of: its sections, and one difference in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

STATION: Final = "station"
CENTRAL_SYSTEM: Final = "central_system"
OCPP_KEYS: Final = "ocpp_keys"
FACE: Final = "face"
OBJECTS: Final = (STATION, FACE, CENTRAL_SYSTEM, OCPP_KEYS)  # sections of named values; the others are lists
LISTS: Final = {"card_groups": "parent_id_tag", "cards": "id_tag"}
STATION_COLUMNS: Final = (
    "name",
    "support_phone",
    "messenger_url",
    "authorization_mode",
    "free_id_tag",
    "site_limit_w",
    "connection_timeout_s",
    "resume_within_s",
    "sample_interval_s",
    "has_screen",
    "has_reader",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. *section* and *key* name it (`cards`, `04A2B3C4`); None: absent before, or removed.

    A password is told as set or not set only; what it becomes is *secret*, which nobody but its writer reads.
    """

    section: str
    key: str
    now: Any
    then: Any
    secret: str | None = field(default=None, repr=False)

    @property
    def path(self) -> str:
        """Where it is, as problems are told: `station.name`, `cards[04A2B3C4]`."""
        return f"{self.section}.{self.key}" if self.section in OBJECTS else f"{self.section}[{self.key}]"

    def told(self) -> dict[str, Any]:
        """As the journal keeps it: without the secret."""
        return {"section": self.section, "key": self.key, "now": self.now, "then": self.then}
