"""Certificates that the station trusts."""
