"""Measured on real processes: what the station costs, how fast it is: `python -m tests.bench [NAME ...] [--soak]`."""
