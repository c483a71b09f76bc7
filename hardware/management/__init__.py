"""Commands of manage.py for the hardware."""
