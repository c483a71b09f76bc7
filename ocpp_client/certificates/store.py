"""The certificates that are installed, by their use. There is no way to install one yet."""

from __future__ import annotations


def installed(use: str) -> list[str]:  # noqa: ARG001 - by it once there are some
    """PEM of every certificate of this *use*, such as ManufacturerRootCertificate."""
    return []
