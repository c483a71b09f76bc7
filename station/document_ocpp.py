"""The sections of the configuration document that are about OCPP: which central system, and the configuration keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from charging import services
from charging.models import Station
from charging.models.central_rules import LEAST_INTERVAL_S, off_or_a_while
from ocpp_client import central_system, configuration, credentials
from ocpp_client.central_system import MASK
from ocpp_client.configuration import KEYS
from ocpp_client.keys import Key, Kind
from ocpp_client.link_words import missing_words
from ocpp_client.models import CentralSystem
from station.document_parts import CENTRAL_SYSTEM, OCPP_KEYS, STATION, STATION_COLUMNS, Change

Section = dict[str, Any]

COLUMNS: Final = (
    "enabled",
    "primary_url",
    "secondary_url",
    "charge_point_id",
    "security_profile",
    "vendor",
    "model",
    "fault_codes",
    "file_networks",
)
(SECRET,) = central_system.SECRETS  # set by a document, never told by one
STATION_KEYS: Final = frozenset(key.name for key in KEYS.values() if key.column in STATION_COLUMNS)


def export_central_system() -> Section:
    """Where the central system is and who we are there, without the password."""
    row = _row()
    return {column: getattr(row, column) for column in COLUMNS}


def export_keys(station: Station) -> Section:
    """Every key that can be set, but those that the section `station` names by its own words."""
    return {name: value for name, value in configuration.settable(station).items() if name not in STATION_KEYS}


def _row() -> CentralSystem:
    return CentralSystem.objects.filter(pk=1).first() or CentralSystem()


# --- what is wrong -----------------------------------------------------------------------------------


def problems(document: Section) -> Iterator[tuple[tuple[str, str], str]]:
    """Places (section, key) and sentences of what the shape allows and this station does not take."""
    if CENTRAL_SYSTEM in document:
        yield from _central_problems(document[CENTRAL_SYSTEM])
    yield from _key_problems(document.get(OCPP_KEYS, {}), document.get(STATION, {}))


def _central_problems(named: Section) -> Iterator[tuple[tuple[str, str], str]]:
    wrong = [name for name, value in named.items() if not _fits(CentralSystem, name, value)]
    for name in wrong:
        yield (CENTRAL_SYSTEM, name), _wrong_value(name)
    row = _row()
    if named.get("enabled", row.enabled) and not (named.get("primary_url", row.primary_url) or wrong):
        sentence = _("A central system that is in use needs an address: write it, or set enabled to false.")
        yield (CENTRAL_SYSTEM, "primary_url"), sentence
    if (
        "security_profile" in named
        and "security_profile" not in wrong
        and named["security_profile"] != row.security_profile
    ):
        missing = credentials.missing_for(named["security_profile"], named.get(SECRET, row.authorization_key))
        if missing:
            yield (CENTRAL_SYSTEM, "security_profile"), missing_words(missing)


def _fits(model: type[CentralSystem | Station], column: str, value: object) -> bool:
    """Whether the column's own bounds allow it."""
    field: Any = model._meta.get_field(column)  # noqa: SLF001 - Django's documented API
    try:
        field.clean(value, None)
    except ValidationError:
        return False
    return True


def _wrong_value(name: str) -> str:
    """The value itself is not repeated: people write passwords into addresses."""
    if name.endswith("_url"):
        return _("This is no address of a central system: write it as wss://central.example/ocpp, without @, ? and #.")
    if name == "file_networks":
        return _("Numeric addresses or networks with commas between them: 10.20.0.0/16.")
    return _("This cannot be used here: write printable characters without spaces.")


def _key_problems(keys: Section, station: Section) -> Iterator[tuple[tuple[str, str], str]]:
    first: dict[str, str] = {}
    for name, value in keys.items():
        place, key = (OCPP_KEYS, name), configuration.key_named(name)
        earlier = first.setdefault(name.lower(), name)
        if key is None:
            yield place, _("This key is not known: export the document to see which ones there are.")
        elif earlier != name:
            yield place, _("This is the same as %(where)s: remove one.") % {"where": f"{OCPP_KEYS}.{earlier}"}
        elif not key.settable:
            if str(value) != configuration.text(key.name):
                yield place, _not_here(key)
        elif sentence := _value_problem(key, value, station):
            yield place, sentence


def _not_here(key: Key) -> str:
    if key.place:
        return _("%(key)s is set as %(place)s: write it there.") % {"key": key.name, "place": key.place}
    return _("%(key)s can only be read: remove it.") % {"key": key.name}


def _value_problem(key: Key, value: object, station: Section) -> str | None:
    wanted = configuration.value_of(key, value)
    if wanted is None or (key.column and not _fits(Station, key.column, wanted)):
        return _("%(key)s cannot be this: write %(wanted)s.") % {"key": key.name, "wanted": _wanted(key)}
    if key.name in STATION_KEYS and station.get(key.column, wanted) != wanted:
        told = {"place": f"{STATION}.{key.column}", "key": key.name}
        return _("%(place)s in this document says something else: keep that one and remove %(key)s.") % told
    return None


def _wanted(key: Key) -> str:
    match key.kind:
        case Kind.BOOLEAN:
            return _("true or false")
        case Kind.TEXT:
            return _("text of at most %(most)d characters") % {"most": key.most}
        case Kind.LIST if key.canonical:
            return _("what each connector has, each once, with commas between them: 1.RST,2.Unknown")
        case Kind.LIST:
            return _("measurands that this station has, each once, with commas between them")
    if off_or_a_while in _validators(key):
        return _("0 (off) or a whole number from %(least)d to %(most)d") % {"least": LEAST_INTERVAL_S, "most": key.most}
    return _("a whole number from %(least)d to %(most)d") % {"least": key.least, "most": key.most}


def _validators(key: Key) -> Sequence[object]:
    if not key.column:
        return ()
    field: Any = Station._meta.get_field(key.column)  # noqa: SLF001 - Django's documented API
    return tuple(field.validators)


# --- difference and change ---------------------------------------------------------------------------


def central_changes(named: Section) -> Iterator[Change]:
    """What the section `central_system` would change; a password by its being there only."""
    row = _row()
    for name, value in named.items():
        before = getattr(row, name)
        if before == value:
            continue
        if name == SECRET:
            yield Change(CENTRAL_SYSTEM, name, _masked(before), _masked(value), secret=value)
        else:
            yield Change(CENTRAL_SYSTEM, name, before, value)


def _masked(secret: str) -> str:
    return MASK if secret else ""


def key_changes(keys: Section, station: Station, named: Section) -> Iterator[Change]:
    """What the section `ocpp_keys` would change; *named* is the section `station` of the same document."""
    present = configuration.settable(station)
    for name, value in keys.items():
        key = KEYS[name.lower()]
        if not key.settable:
            continue  # it says what is so anyway
        now, then = present[key.name], configuration.value_of(key, value)
        if now != then and key.name not in STATION_KEYS:
            yield Change(OCPP_KEYS, key.name, now, then)
        elif now != then and key.column not in named:
            yield Change(STATION, key.column, now, then)


def revertible(change: Change) -> bool:
    """A password that was set is not put back: nobody has kept it."""
    return (change.section, change.key) != (CENTRAL_SYSTEM, SECRET)


def write_central_system(changes: list[Change], who: str) -> None:
    """Set the row."""
    columns = {change.key: change.then if change.secret is None else change.secret for change in changes}
    if columns:
        central_system.change(who, **columns)


def write_keys(changes: list[Change], who: str) -> None:
    """Set the keys: those that rules read in one row and at once."""
    columns = {KEYS[change.key.lower()].column: change.then for change in changes}
    columns.pop("", None)
    if columns:
        services.change_settings(who, **columns)
    for change in changes:
        if not (key := KEYS[change.key.lower()]).column:
            configuration.put(key, str(change.then), who)
