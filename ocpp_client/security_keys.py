"""The configuration keys of the security whitepaper, edition 3, section 7: rows of the table in configuration.py."""

from __future__ import annotations

from typing import Final

from ocpp_client.keys import Key, Kind

MOST_CERTIFICATES: Final = 50

ROWS: Final = (
    Key(
        name="AdditionalRootCertificateCheck",
        kind=Kind.BOOLEAN,
        section="whitepaper 7.1",
        default="false",
        preset=True,
        effect="There is one root of the central system, and only one that it has signed takes its place.",
    ),
    Key(
        name="CertificateStoreMaxLength",
        kind=Kind.INTEGER,
        section="whitepaper 7.4",
        default="20",
        preset=True,
        least=1,
        most=MOST_CERTIFICATES,
        effect="One more root, whatever its use, is rejected.",
    ),
)
