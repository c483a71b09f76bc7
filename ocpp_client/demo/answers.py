"""What does this central system answer? Yes to everything, unless its page says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

HEARTBEAT_INTERVAL_S: Final = 60
BOOTS: Final = ("Accepted", "Pending", "Rejected")
CARDS: Final = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")


@dataclass(slots=True)
class Answers:
    """What a person on the page has chosen for every station."""

    boot: str = BOOTS[0]
    cards: str = CARDS[0]

    def choose(self, boot: object, cards: object) -> None:
        """Take what is known, leave the rest as it was."""
        self.boot = boot if isinstance(boot, str) and boot in BOOTS else self.boot
        self.cards = cards if isinstance(cards, str) and cards in CARDS else self.cards

    def to(self, action: str, payload: dict[str, Any], transaction_id: int) -> dict[str, Any]:
        """The answer to a valid CALL; `transaction_id` is that of a StartTransaction."""
        id_tag_info = {"status": self.cards}
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        match action:
            case "BootNotification":
                return {"status": self.boot, "currentTime": now, "interval": HEARTBEAT_INTERVAL_S}
            case "Heartbeat":
                return {"currentTime": now}
            case "Authorize":
                return {"idTagInfo": id_tag_info}
            case "StartTransaction":
                return {"transactionId": transaction_id, "idTagInfo": id_tag_info}
            case "StopTransaction":
                return {"idTagInfo": id_tag_info} if "idTag" in payload else {}
            case "DataTransfer":
                return {"status": "UnknownVendorId"}
            case "SignCertificate":
                return {"status": "Rejected"}  # there is no certificate authority here
            case _:
                return {}
