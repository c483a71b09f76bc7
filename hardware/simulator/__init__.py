"""A simulated station: boards on pseudo-terminals, a card reader, cars and faults. See docs/native_protocol.md.

Shares nothing with the drivers but the addresses of `hardware.native_map`, so that an error in one shows in
the other. Standard library only; runs as its own process: `python -m hardware.simulator`.
"""
