"""How the console looks: settings of django-unfold, the order of the sidebar, who sees what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _item(title: Any, icon: str, address: str, permission: str = "") -> dict[str, Any]:
    item = {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{address}")}
    return item | ({"permission": _may(permission)} if permission else {})


UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": _("Station console"),
    "SITE_HEADER": _("Station console"),
    "SITE_SYMBOL": "ev_station",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("console/icon.svg")},
    ],
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "STYLES": [lambda _request: static("console/console.css")],
    "SCRIPTS": [lambda _request: static("console/console.js")],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .02 180)",
            "100": "oklch(94% .05 180)",
            "200": "oklch(89% .08 180)",
            "300": "oklch(82% .11 181)",
            "400": "oklch(74% .12 182)",
            "500": "oklch(64% .11 184)",
            "600": "oklch(53% .095 186)",
            "700": "oklch(45% .08 188)",
            "800": "oklch(38% .065 190)",
            "900": "oklch(33% .05 192)",
            "950": "oklch(25% .04 194)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    _item(_("Station now"), "monitoring", "index"),
                    _item(_("Connectors"), "ev_charger", "charging_connector_changelist", "charging.view_connector"),
                    _item(_("Controllers"), "memory", "hardware_controller_changelist", "hardware.view_controller"),
                    _item(_("Serial lines"), "cable", "lines", "hardware.view_controller"),
                ],
            },
            {
                "title": _("History"),
                "items": [
                    _item(
                        _("Sessions"), "history", "charging_chargingsession_changelist", "charging.view_chargingsession"
                    ),
                    _item(_("Transactions"), "bolt", "charging_transaction_changelist", "charging.view_transaction"),
                    _item(
                        _("Journal"), "receipt_long", "charging_journalentry_changelist", "charging.view_journalentry"
                    ),
                    _item(_("Wishes"), "task", "charging_wish_changelist", "charging.view_wish"),
                    _item(_("Dumps"), "download", "hardware_dump_changelist", "hardware.view_dump"),
                ],
            },
            {
                "title": _("Access"),
                "items": [
                    _item(_("Cards"), "contactless", "charging_card_changelist", "charging.view_card"),
                    _item(_("Card groups"), "group", "charging_cardgroup_changelist", "charging.view_cardgroup"),
                    _item(
                        _("Central system's list"),
                        "list_alt",
                        "charging_listedidtag_changelist",
                        "charging.view_listedidtag",
                    ),
                    _item(
                        _("Authorization cache"),
                        "cached",
                        "charging_cachedidtag_changelist",
                        "charging.view_cachedidtag",
                    ),
                    _item(_("People"), "engineering", "station_person_changelist", "station.view_person"),
                ],
            },
            {
                "title": _("Station"),
                "items": [
                    _item(_("Settings"), "tune", "charging_station_changelist", "charging.view_station"),
                    _item(_("Screen"), "palette", "kiosk_face_changelist", "kiosk.view_face"),
                    _item(_("Configuration"), "description", "configuration", "charging.change_station"),
                ],
            },
            {
                "title": _("Central system"),
                "items": [
                    _item(_("Link"), "cloud", "ocpp_client_centralsystem_changelist", "ocpp_client.view_centralsystem"),
                    _item(_("Frames"), "swap_vert", "ocpp_client_frame_changelist", "ocpp_client.view_frame"),
                    _item(
                        _("Undelivered messages"),
                        "outbox",
                        "ocpp_client_attempt_changelist",
                        "ocpp_client.view_attempt",
                    ),
                    _item(
                        _("Security log"),
                        "shield",
                        "charging_securitylogentry_changelist",
                        "charging.view_securitylogentry",
                    ),
                    _item(
                        _("Certificates"),
                        "verified_user",
                        "ocpp_client_certificate_changelist",
                        "ocpp_client.view_certificate",
                    ),
                    _item(
                        _("Certificates of the station"),
                        "badge",
                        "ocpp_client_stationcertificate_changelist",
                        "ocpp_client.view_stationcertificate",
                    ),
                    _item(
                        _("Firmware updates"),
                        "system_update_alt",
                        "ocpp_client_firmwareupdate_changelist",
                        "ocpp_client.view_firmwareupdate",
                    ),
                    _item(_("Uploads"), "upload_file", "ocpp_client_upload_changelist", "ocpp_client.view_upload"),
                ],
            },
        ],
    },
}
