"""The face of the screen: what the page gets of it, and the one door through which it is changed."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, TypedDict, cast

from django.core.exceptions import ValidationError

from charging import journal, live
from kiosk import words
from kiosk.models import DAYS, Face, Picture
from kiosk.pictures import name_of

PICTURES: Final = ("logo", "idle_picture")
OPEN: Final = tuple(f"open_{day}" for day in DAYS)
MOST_PICTURES: Final = 12  # those before stay for a revert; the oldest beyond are forgotten


class FaceShown(TypedDict):
    """What the page gets, whole each time.

    Times are `07:00` of the screen's own zone, or ""; `opening` is [] or seven texts from Monday on; pictures are
    names under /kiosk/picture/. `message` and `cost` are language -> text, "" for every other language.
    """

    accent: str
    logo: str
    theme: str
    light_from: str
    light_until: str
    sunlight_from: str
    sunlight_until: str
    lower_reach: bool
    seen_over_network: bool
    language: str
    message: dict[str, str]
    message_until: str | None  # a day, 2027-01-31
    billing: str
    billed_by: str
    cost: dict[str, str]
    opening: list[str]
    idle_picture: str
    idle_after_min: int
    sound_percent: int
    night_from: str
    night_until: str
    night_percent: int


SAID: Final = {  # what the owner says: column for every language, and language -> column
    name: {language: f"{name}_{language}" for language in words.LANGUAGES} for name in ("message", "cost")
}
COLUMNS: Final = (
    *(name for name in FaceShown.__annotations__ if name != "opening"),
    *OPEN,
    *(column for columns in SAID.values() for column in columns.values()),
)


def face_row() -> Face:
    """The one row; the defaults while nobody has changed them."""
    return Face.objects.filter(pk=1).first() or Face(pk=1)


def shown(face: Face | None = None) -> FaceShown:
    """The settings of *face*, by default of the row, for the page."""
    told = columns_of(face or face_row())
    hours = [told.pop(column) for column in OPEN]
    for name, columns in SAID.items():
        texts = {"": told[name]} | {language: told.pop(column) for language, column in columns.items()}
        told[name] = {language: text for language, text in texts.items() if text}
    return cast("FaceShown", told | {"opening": hours if any(hours) else []})


def columns_of(face: Face) -> dict[str, Any]:
    """Every setting as a plain value."""
    return {column: _plain(getattr(face, column)) for column in COLUMNS}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value  # members of TextChoices are told as text


def wrong_columns(columns: dict[str, Any]) -> dict[str, str]:
    """What is wrong with *columns* as settings of this station: a sentence by column, {} when nothing is."""
    face = face_row()
    for name in columns.keys() & set(COLUMNS):
        setattr(face, name, columns[name])
    try:
        face.full_clean(validate_unique=False)
    except ValidationError as error:
        return {column: sentences[0] for column, sentences in error.message_dict.items()}
    return {}


def change_face(who: str, **columns: Any) -> None:
    """Change settings (columns of kiosk.models.Face), journaled with what they were before.

    Raises django.core.exceptions.ValidationError when a value is out of its bounds; then nothing is changed.
    """
    with journal.one_commit():
        face = face_row()
        before = columns_of(face)
        for name, value in columns.items():
            setattr(face, name, value)
        face.full_clean(validate_unique=False)
        face.save()
        after = columns_of(face)
        changes = {name: [str(before[name]), str(after[name])] for name in columns if before[name] != after[name]}
        if changes:
            journal.record("SettingsChanged", who=who, changes=changes)
    live.changed()


def keep_picture(content: bytes) -> str:
    """Keep an uploaded picture and return its name. Raises kiosk.pictures.NoPicture."""
    name = name_of(content)
    with journal.one_commit():
        Picture(name=name, content=content).save()
        face = face_row()
        used = {face.logo, face.idle_picture, name}
        spare = Picture.objects.exclude(pk__in=used).order_by("-kept_at").values_list("pk", flat=True)
        Picture.objects.filter(pk__in=list(spare[MOST_PICTURES:])).delete()
    return name
