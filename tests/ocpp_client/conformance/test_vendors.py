"""DataTransfer to the station, OCPP 1.6 section 5.6."""

from __future__ import annotations

import pytest

from tests.central_system import CentralSystem
from tests.ocpp_client.clients import registered

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])


@pytest.mark.parametrize("more", [{}, {"messageId": "Hello"}, {"messageId": "Hello", "data": "world"}])
def test_a_vendor_without_an_agreement_is_unknown(central: CentralSystem, more: dict[str, str]) -> None:
    """TC_062."""
    with registered(central):
        answer = central.call("DataTransfer", {"vendorId": "com.example", **more})
        assert answer == {"status": "UnknownVendorId"}
