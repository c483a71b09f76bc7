"""How an upload is, in one sentence for a technician."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ocpp_client.models import Upload


def upload_words(row: Upload) -> str:
    """State and reason."""
    told = _("%(file)s %(state)s.") % {"file": row.file_name, "state": row.get_state_display()}
    return f"{told} {row.reason}".strip()
