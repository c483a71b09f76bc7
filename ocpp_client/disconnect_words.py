"""Why there is no link, in the language of whoever looks: the sentences of causes.py and addresses.py, which are pure.

The row keeps the English sentence with what was seen in it (a code, an HTTP status, what a certificate lacks). Its
template is found here by the words around that, and translated.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

TEMPLATES: Final = (
    _("The central system did not answer a ping: the link was dead. Check the network between here and there."),
    _("The central system takes nothing that the station sends. Ask its operator whether it is overloaded."),
    _("The central system does not speak OCPP 1.6 (ocpp1.6) at this address. Check the path of the address."),
    _("The station ended the connection."),
    _("The station connects anew, with the credentials that the central system has ordered."),
    _("The station's own program failed; its log says where."),
    _("The central system's computer refuses the connection. Check the port in the address; the server may be down."),
    _("The network has no way to the central system. Check cable, modem and router."),
    _("The connection to the central system broke."),
    _(
        "The central system does not accept identity and password of this station. Compare both with its operator "
        "(HTTP %(status)s)."
    ),
    _(
        "The central system does not let this station in. Compare identity and password with its operator "
        "(HTTP %(status)s)."
    ),
    _(
        "The central system does not know this station or this path. Check the address and the identity "
        "(HTTP %(status)s)."
    ),
    _("The central system sends the station elsewhere (HTTP %(status)s), which it does not follow."),
    _("The central system answered HTTP %(status)s instead of opening a WebSocket. Ask its operator."),
    _("The central system and this station have no version of TLS in common."),
    _("The central system and this station have no TLS cipher suite in common."),
    _("The central system does not accept the certificate of this station."),
    _("The connection could not be encrypted. Check that the address and its port are meant for wss."),
    _(
        "The certificate of the central system is not trusted: %(why)s. Check the root certificate and the clock of "
        "the station."
    ),
    _("The name of the central system is not known. Check the address and the name server."),
    _("The central system did not answer in time. Check the address and the firewall."),
    _("The central system sent a message of more than %(most)s bytes."),
    _("The central system sent what is no WebSocket message."),
    _("The central system closed the connection with code %(code)s."),
    _("The central system closed the connection with code %(code)s (%(why)s)."),
    _("The address of the central system cannot be used: it is no WebSocket address."),
    _("The address of the central system cannot be used: the station's charge point identity is empty or no text"),
    _("The address of the central system cannot be used: it holds a space or a character that is not ASCII"),
    _("The address of the central system cannot be used: write it as ws://host/path or wss://host/path"),
    _("The address of the central system cannot be used: it holds a user, a password or a fragment"),
    _("What answers at this address is no WebSocket server. Check address and port."),
)
NUMBERS: Final = {"code", "most", "status"}
NUMBER: Final = r"\d+"
ANYTHING: Final = r"[\s\S]*"


def disconnect_words(sentence: str) -> str:
    """*sentence* in the language that is active; as it is where no template knows it."""
    for template in TEMPLATES:
        if found := _pattern(template).fullmatch(sentence):
            translated = gettext(template)
            return translated % found.groupdict() if found.groupdict() else translated
    return sentence


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """The template with whatever was seen in its holes; a code, a status and a size are numbers."""
    texts, names = re.split(r"%\(\w+\)s", template), re.findall(r"%\((\w+)\)s", template)
    holes = [f"(?P<{name}>{NUMBER if name in NUMBERS else ANYTHING})" for name in names]
    return re.compile("".join(re.escape(text) + hole for text, hole in zip(texts, [*holes, ""], strict=True)))
