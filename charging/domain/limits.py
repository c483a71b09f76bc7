"""Limits are leases: whoever limits a connector says until when, and what holds when it goes silent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor
from typing import Final

from .capability import Capability

ROUNDING: Final = 1e-6  # 8.2 A * 10 is 81.99..., and must not become 8.1 A


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A limit that one source grants. None = this source does not limit this quantity.

    On expiry the fallback holds for ever, until the source grants again. Where a fallback was not stated the
    limit stays as it is: silence never lifts a limit.
    """

    source: str  # "site", "technician", "profile", ...
    limit_a: float | None = None
    limit_w: int | None = None
    expires_s: float | None = None  # monotonic; None = does not expire
    fallback_a: float | None = None
    fallback_w: int | None = None

    def at(self, now_s: float) -> Lease:
        """Return the lease as it holds at *now_s*: itself, or its fallback after expiry."""
        if self.expires_s is None or now_s < self.expires_s:
            return self
        return replace(
            self,
            limit_a=self.limit_a if self.fallback_a is None else self.fallback_a,
            limit_w=self.limit_w if self.fallback_w is None else self.fallback_w,
            expires_s=None,
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """What may flow now, and who says so."""

    current_a: float
    power_w: int
    source: str


def limit_of(capability: Capability, leases: tuple[Lease, ...]) -> Limit:
    """The lowest of the hardware and every lease; below the connector's minimum it is 0 (pause)."""
    hardware = _in_both_units(capability, Lease(source="hardware"))
    lowest = hardware
    for lease in leases:
        lowest = _lowest(capability, lowest, _in_both_units(capability, lease))
    if _below_minimum(capability, lowest):
        return Limit(0.0, 0, lowest.source)
    return Limit(capability.maximum_a, capability.maximum_w, "hardware") if lowest is hardware else lowest


def _in_both_units(capability: Capability, lease: Lease) -> Limit:
    """A lease never gives more than the hardware: a missing quantity is the hardware's own, NaN counts as 0."""
    power_w = _clamped(lease.limit_w, capability.maximum_w)
    current_a = _clamped(lease.limit_a, capability.maximum_a)
    if not capability.direct_current:
        current_a = min(current_a, capability.amperes_of(power_w))
        power_w = min(power_w, capability.watts_of(current_a))
    return Limit(floor(current_a * 10 + ROUNDING) / 10, int(power_w), lease.source)


def _clamped(value: float | None, maximum: float) -> float:
    if value is None:
        return maximum
    return min(value, maximum) if value > 0 else 0.0


def _lowest(capability: Capability, one: Limit, other: Limit) -> Limit:
    """AC limits are the same in both units. With DC one source may limit the current and another one the power."""
    if not capability.direct_current:
        return other if other.current_a < one.current_a else one
    current_a, power_w = min(one.current_a, other.current_a), min(one.power_w, other.power_w)
    if (current_a, power_w) == (one.current_a, one.power_w):
        return one
    return Limit(current_a, power_w, other.source)


def _below_minimum(capability: Capability, limit: Limit) -> bool:
    if capability.direct_current:
        return limit.power_w < max(capability.minimum_w, 1) or limit.current_a <= 0
    return limit.current_a < capability.minimum_a


def with_lease(leases: tuple[Lease, ...], lease: Lease) -> tuple[Lease, ...]:
    """*leases* with this source's lease replaced."""
    others = tuple(each for each in leases if each.source != lease.source)
    return tuple(sorted((*others, lease), key=lambda each: each.source))


def without_lease(leases: tuple[Lease, ...], source: str) -> tuple[Lease, ...]:
    """*leases* without this source's."""
    return tuple(each for each in leases if each.source != source)
