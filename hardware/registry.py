"""Which drivers exist. The module's name is the driver's name; a driver is added by adding its file."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import cast

from . import drivers
from .capabilities import Driver


def driver_names() -> tuple[str, ...]:
    """Every driver, in alphabetical order. Modules that begin with an underscore are parts of drivers."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(drivers.__path__) if not m.name.startswith("_")))


def driver_named(name: str) -> type[Driver]:
    """The class of driver *name*: the `DRIVER` of its module. Raises LookupError with the names that exist."""
    if name not in driver_names():
        raise LookupError(f"There is no driver {name!r}: choose one of {', '.join(driver_names())}.")
    return cast("type[Driver]", import_module(f"{drivers.__name__}.{name}").DRIVER)
