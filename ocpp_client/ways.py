"""How the station presents itself to its central system: the addresses to try, each with a password and with TLS."""

from __future__ import annotations

from ocpp_client.addresses import Address
from ocpp_client.certificates import store, tls
from ocpp_client.models import CentralSystem, Certificate


def addresses(row: CentralSystem) -> list[Address]:
    """In the order in which they are tried. Raises django.db.DatabaseError."""
    urls = [url for url in (row.primary_url, row.secondary_url) if url]
    password = row.authorization_key or None
    found = [Address(url, row.charge_point_id, password) for url in urls]
    if not any(each.secure for each in found):
        return found
    context = tls.context_of(store.installed(Certificate.Use.CENTRAL_SYSTEM_ROOT), system=True)
    return [Address(each.url, each.charge_point_id, password, context) for each in found]
