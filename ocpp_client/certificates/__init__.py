"""Certificates: the roots that the station trusts, and what it presents itself (security whitepaper, edition 3).

`store` keeps them as rows, `tls` makes a link of them, and `examiner` reads them in a program of its own.
"""
