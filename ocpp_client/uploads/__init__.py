"""Diagnostics and logs that the central system wants on a server (OCPP 1.6 section 5.9; security whitepaper, N01).

Everything is in the row `Upload`; `uploading` carries it on step by step, and after a kill from where it says. There
is one at a time.
"""
