"""Found by Django's autodiscovery: the models of `station` in the console."""

from station.console import people

__all__ = ["people"]
