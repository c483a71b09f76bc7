"""The technician's console: Django's admin with a start page that shows the station now. Only `web` loads it."""
