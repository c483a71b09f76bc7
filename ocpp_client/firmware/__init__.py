"""Updates of firmware that the central system orders (OCPP 1.6 section 5.19; security whitepaper, edition 3, L01).

Everything is in the row `FirmwareUpdate`; `updating` carries it on step by step, and after a kill from where it says.
"""
