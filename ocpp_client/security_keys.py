"""The configuration keys of the security whitepaper, edition 3, section 7: rows of the table in configuration.py."""

from __future__ import annotations

from typing import Final

from ocpp_client import credentials
from ocpp_client.keys import Key, Kind
from ocpp_client.models import CentralSystem

MOST_CERTIFICATES: Final = 50
LONGEST_CHAIN: Final = 10_000  # characters, whitepaper section 7.3


def _profile() -> str:
    return str(CentralSystem.objects.filter(pk=1).values_list("security_profile", flat=True).first() or 0)


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
        name="AuthorizationKey",
        kind=Kind.TEXT,
        section="whitepaper 7.2",
        order=credentials.order_key,
        secret=True,
        place="central_system.authorization_key",
        effect="An even number of 16 to 40 hexadecimal digits: the password, once the central system has let it in.",
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
    Key(
        name="CertificateSignedMaxChainSize",
        kind=Kind.INTEGER,
        section="whitepaper 7.3",
        default=str(LONGEST_CHAIN),
        preset=True,
        least=1,
        most=LONGEST_CHAIN,
        effect="A longer certificateChain is rejected.",
    ),
    Key(
        name="CertSigningRepeatTimes",
        kind=Kind.INTEGER,
        section="OCPP 2.0.1, A02",
        default="0",
        most=100,
        effect="How often SignCertificate is sent again while no certificate comes; the whitepaper advises against it.",
    ),
    Key(
        name="CertSigningWaitMinimum",
        kind=Kind.INTEGER,
        section="OCPP 2.0.1, A02",
        default="3600",
        least=1,
        most=86_400,
        effect="Seconds until it is sent again, and twice as long each further time.",
    ),
    Key(
        name="CpoName",
        kind=Kind.TEXT,
        section="whitepaper 7.5",
        most=64,
        effect="The organization in a request to certify the station; without it none is made.",
    ),
    Key(
        name="SecurityProfile",
        kind=Kind.INTEGER,
        section="whitepaper 7.6",
        computed=_profile,
        order=credentials.order_profile,
        place="central_system.security_profile",
        most=3,
        effect="How the link is secured. A higher one is kept once it was let in; a lower one is rejected.",
    ),
)
