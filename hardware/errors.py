"""What can go wrong on a serial line. The type says whose fault it is and whether asking again helps.

HardwareError
├── PortError            the port itself: missing, in use, unplugged
├── LineError            one exchange failed; the line must be drained, reading again is safe
│   ├── NoReply          nothing came in time
│   ├── Truncated        the reply stopped early
│   ├── Corrupted        checksum, length, echo or address is wrong
│   └── Implausible      intact bytes that cannot be true: torn block, frozen sequence, wrong block id
├── Refused              the controller understood and said no; asking again does not help
└── StoppedByEmergency   the line holds back every request that lets energy flow
"""

from __future__ import annotations


class HardwareError(Exception):
    """Base of everything that `hardware` raises; its text is one sentence for a technician."""


class PortError(HardwareError):
    """The serial port is missing, in use by another program, or was unplugged."""


class LineError(HardwareError):
    """One exchange on the line failed; the line was drained and the next exchange starts clean."""


class NoReply(LineError):
    """The controller did not answer in time."""


class Truncated(LineError):
    """The reply stopped before it was complete."""


class Corrupted(LineError):
    """The reply is damaged: checksum, length, function or unit address is wrong."""


class Implausible(LineError):
    """The reply is intact but cannot be true: torn block, frozen sequence or wrong block id."""


class Refused(HardwareError):
    """The controller understood the request and refused it.

    `code` is the Modbus exception code (native_map.Refusal) or the command result.
    """

    def __init__(self, sentence: str, code: int = 0) -> None:
        super().__init__(sentence)
        self.code = code


class StoppedByEmergency(HardwareError):
    """The emergency stop is active and the request would have let energy flow; nothing was sent."""
