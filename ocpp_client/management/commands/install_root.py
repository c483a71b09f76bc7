"""Install a root from a file, before there is a link that could bring it: `manage.py install_root USE FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand, CommandError

from charging.clock import now
from ocpp_client import configuration
from ocpp_client.certificates import examination, store
from ocpp_client.models import Certificate

if TYPE_CHECKING:
    from argparse import ArgumentParser

WHO: Final = "command line"
USES: Final = {
    "central-system": Certificate.Use.CENTRAL_SYSTEM_ROOT,
    "manufacturer": Certificate.Use.MANUFACTURER_ROOT,
}


class Command(BaseCommand):
    """As InstallCertificate does it; whoever stands at the station may have any root, also without its predecessor."""

    help = "Install a root certificate (PEM) that vouches for the central system, or for a manufacturer of firmware."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom it vouches for, and where it is."""
        parser.add_argument("use", choices=sorted(USES))
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Raises CommandError with the reason."""
        use: str = USES[options["use"]]
        try:
            pem = options["file"].read_text(encoding="ascii")
            root = examination.of_root(pem, store.installed(use), now().at)
        except (OSError, UnicodeError, examination.Refused, examination.Unexamined) as error:
            raise CommandError(f"{options['file']} was not installed: {error}") from error
        most = configuration.integer("CertificateStoreMaxLength")
        if store.install(use, root, WHO, most=most, succession=False) is not store.Installed.ACCEPTED:
            raise CommandError(f"There are {most} roots already (CertificateStoreMaxLength).")
        self.stdout.write(f"{use}: {root.subject}, valid until {root.valid_until:%Y-%m-%d}.")
