#!/usr/bin/env python
"""Management commands of the station: `python manage.py help`."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one management command; the data folder is STATION_DATA_DIR, else `var/station` beside this file."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "station.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
