"""Commands of manage.py for the central system."""
