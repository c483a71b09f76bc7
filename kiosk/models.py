"""The owner's face of the screen: one row of settings that only the page reads, and the pictures it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from kiosk import words
from kiosk.contrast import COLOUR, LEAST_CONTRAST, WHITE, contrast
from kiosk.hours import LONGEST_HOURS, opening_hours, time_of_day
from kiosk.pictures import NAME

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LONGEST_MESSAGE: Final = 160
LONGEST_COST: Final = 80
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def readable_under_white(colour: str) -> None:
    """Raises ValidationError for what is no colour, or too light for the white words that stand on it."""
    if not COLOUR.fullmatch(colour):
        raise ValidationError(_("This is no colour: write it as #0f3fae."))
    found = contrast(colour, WHITE)
    if found < LEAST_CONTRAST:
        sentence = _(
            "White words on this colour are hard to read (%(found).1f:1, at least 4.5:1): choose a darker one."
        )
        raise ValidationError(sentence, params={"found": found})


def spoken(language: str) -> None:
    """Raises ValidationError for a language that the screen has no words in."""
    if language not in words.LANGUAGES:
        sentence = _("The screen does not speak this language: choose one of %(known)s.")
        raise ValidationError(sentence, params={"known": ", ".join(words.LANGUAGES)})


def picture_name(name: str) -> None:
    """Raises ValidationError for what cannot be the name of a picture."""
    if not NAME.fullmatch(name):
        raise ValidationError(_("This is no picture of this station: upload it in the console."))


def _time(label: str | _StrPromise, default: str = "", help_text: str | _StrPromise = "") -> models.CharField[str, str]:
    return models.CharField(
        label, max_length=5, blank=True, default=default, validators=[time_of_day], help_text=help_text
    )


def _hours(label: str | _StrPromise) -> models.CharField[str, str]:
    return models.CharField(label, max_length=LONGEST_HOURS, blank=True, validators=[opening_hours])


def _said_in(language: str, longest: int) -> models.CharField[str, str]:
    """A text for one language, labelled by the language's own name; empty: the text for every language."""
    return models.CharField(words.LANGUAGES[language], max_length=longest, blank=True)


def _percent(
    label: str | _StrPromise, default: int, help_text: str | _StrPromise = ""
) -> models.PositiveSmallIntegerField[int, int]:
    return models.PositiveSmallIntegerField(
        label, default=default, validators=[MaxValueValidator(100)], help_text=help_text
    )


class Face(models.Model):
    """How the screen looks and sounds, and what the owner says on it. Nothing here allows or forbids a charge. pk 1."""

    class Theme(models.TextChoices):
        """Which colours."""

        AUTOMATIC = "automatic", _("By the light sensor, else by the time of day")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")
        SUNLIGHT = "sunlight", _("Sunlight (strongest contrast)")

    class Billing(models.TextChoices):
        """What charging costs, in words."""

        UNTOLD = "", _("The screen does not say")
        FREE = "free", _("Charging is free of charge")
        BILLED = "billed", _("Somebody bills it")

    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        default="#0f3fae",
        validators=[readable_under_white],
        help_text=_("White words stand on it. The sunlight theme uses black instead."),
    )
    logo = models.CharField(_("logo"), max_length=40, blank=True, validators=[picture_name])
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.LIGHT)
    light_from = _time(
        _("light from"), "07:00", _("Where no light sensor is found: light between these, dark otherwise.")
    )
    light_until = _time(_("light until"), "20:00")
    sunlight_from = _time(
        _("sun on the screen from"),
        help_text=_("Then the sunlight theme is shown; empty: never. A light sensor needs no times."),
    )
    sunlight_until = _time(_("sun on the screen until"))
    lower_reach = models.BooleanField(
        _("everything within reach of a wheelchair"),
        default=False,
        help_text=_("Whatever can be touched is in the lower 60 % of the screen, whether it lies or stands upright."),
    )
    seen_over_network = models.BooleanField(
        _("seen over the network"),
        default=True,
        help_text=_("Other devices may look at the page; only the station's own screen ever acts."),
    )
    language = models.CharField(_("language"), max_length=7, default=words.DEFAULT_LANGUAGE, validators=[spoken])

    message = models.CharField(
        _("message of the day"),
        max_length=LONGEST_MESSAGE,
        blank=True,
        help_text=_("In every language that has no text of its own below."),
    )
    message_en = _said_in("en", LONGEST_MESSAGE)
    message_ru = _said_in("ru", LONGEST_MESSAGE)
    message_de = _said_in("de", LONGEST_MESSAGE)
    message_fr = _said_in("fr", LONGEST_MESSAGE)
    message_es = _said_in("es", LONGEST_MESSAGE)
    message_zh = _said_in("zh", LONGEST_MESSAGE)
    message_until = models.DateField(
        _("last day of the message"), null=True, blank=True, help_text=_("Empty: until it is removed.")
    )
    billing = models.CharField(
        _("what charging costs"), max_length=6, blank=True, choices=Billing.choices, default=Billing.UNTOLD
    )
    billed_by = models.CharField(_("who bills"), max_length=50, blank=True)
    cost = models.CharField(
        _("the same in your own words"),
        max_length=LONGEST_COST,
        blank=True,
        help_text=_("Said instead, such as 0.45 € per kWh; in every language that has no text of its own below."),
    )
    cost_en = _said_in("en", LONGEST_COST)
    cost_ru = _said_in("ru", LONGEST_COST)
    cost_de = _said_in("de", LONGEST_COST)
    cost_fr = _said_in("fr", LONGEST_COST)
    cost_es = _said_in("es", LONGEST_COST)
    cost_zh = _said_in("zh", LONGEST_COST)

    open_monday = _hours(_("Monday"))
    open_tuesday = _hours(_("Tuesday"))
    open_wednesday = _hours(_("Wednesday"))
    open_thursday = _hours(_("Thursday"))
    open_friday = _hours(_("Friday"))
    open_saturday = _hours(_("Saturday"))
    open_sunday = _hours(_("Sunday"))

    idle_picture = models.CharField(_("idle picture"), max_length=40, blank=True, validators=[picture_name])
    idle_after_min = models.PositiveSmallIntegerField(
        _("idle picture after, min"), default=5, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )

    sound_percent = _percent(_("volume, %"), 60, _("0: no sounds. Whatever sounds is also told in words."))
    night_from = _time(_("night from"), "22:00", _("At night the other volume holds; empty: no night."))
    night_until = _time(_("night until"), "06:00")
    night_percent = _percent(_("volume at night, %"), 15)

    class Meta:
        verbose_name = _("face of the screen")
        verbose_name_plural = _("face of the screen")

    def __str__(self) -> str:
        return str(_("face of the screen"))

    def clean(self) -> None:
        """What one value means for another. Raises ValidationError by column."""
        wrong: dict[str, object] = {}
        if self.billing == self.Billing.BILLED and not self.billed_by.strip():
            wrong["billed_by"] = _("Say who bills: a name that an EV driver finds on the bill.")
        for begin, end in (
            ("light_from", "light_until"),
            ("night_from", "night_until"),
            ("sunlight_from", "sunlight_until"),
        ):
            if bool(getattr(self, begin)) != bool(getattr(self, end)):
                wrong[end] = _("A begin needs an end, and an end a begin: write both, or none.")
        if self.logo.endswith(".jpg"):
            wrong["logo"] = _("A logo is an SVG or a PNG file: choose another one.")
        for column in ("logo", "idle_picture"):
            name = getattr(self, column)
            if name and column not in wrong and not Picture.objects.filter(pk=name).exists():
                wrong[column] = _("This is no picture of this station: upload it in the console.")
        if wrong:
            raise ValidationError(wrong)


class Picture(models.Model):
    """A picture that somebody uploaded. Its name follows from its bytes, so that it never changes under a name."""

    name = models.CharField(max_length=40, primary_key=True, validators=[picture_name])
    content = models.BinaryField()
    kept_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name
