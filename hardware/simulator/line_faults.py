"""What is wrong with the cable? Flipped bits, late, lost, truncated and doubled replies, repeatable by a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class LineFaults:
    """Shares are probabilities of one reply, the bit error rate one of each bit on the line."""

    bit_error_rate: float = 0.0
    late_ms: float = 0.0
    late_share: float = 0.0
    drop_share: float = 0.0
    truncate_share: float = 0.0
    double_share: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def damaged(self, content: bytes) -> bytes:
        """*content* after its way over the line."""
        if self.bit_error_rate <= 0:
            return content
        bits = (1 << bit if self.chance.random() < self.bit_error_rate else 0 for _ in content for bit in range(8))
        masks = [sum(next(bits) for _ in range(8)) for _ in content]
        return bytes(byte ^ mask for byte, mask in zip(content, masks, strict=True))

    def delay_s(self) -> float:
        """How much later than usual this reply starts."""
        return self.late_ms / 1000 if self._happens(self.late_share) else 0.0

    def altered(self, reply: bytes) -> bytes:
        """The bytes that this reply becomes; b"" when it is lost."""
        if self._happens(self.drop_share):
            return b""
        if self._happens(self.truncate_share):
            reply = reply[: self.chance.randrange(1, len(reply))]
        if self._happens(self.double_share):
            reply += reply
        return self.damaged(reply)

    def _happens(self, share: float) -> bool:
        return share > 0 and self.chance.random() < share
