"""`python -m tests.ocpp_client`: writes the tables of docs/ocpp.md anew."""

from __future__ import annotations

import os

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "station.settings")
    django.setup()
    from tests.ocpp_client.documented import TARGET, written

    TARGET.write_text(written(TARGET.read_text("utf-8")), "utf-8")
