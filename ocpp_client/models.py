"""What the edge to the central system keeps. Every value that a rule of charging reads is a row of `charging`."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, ClassVar, Final, Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

IDENTITY_LENGTH: Final = 48
URL_LENGTH: Final = 255
KEY_LENGTH: Final = 40
address = RegexValidator(
    r"^wss?://[^\s/@?#]+(/[^\s?#]*)?$", _("An address such as wss://central.example/ocpp, without ? and #.")
)
identity = RegexValidator(r"^[\x21-\x7e]+$", _("Printable ASCII characters without spaces."))


def networks(value: str) -> None:
    """Raises ValidationError unless *value* lists numeric addresses and networks."""
    try:
        for each in value.split(","):
            ip_network(each.strip(), strict=False)
    except ValueError:
        raise ValidationError(_("Numeric addresses or networks with commas between them: 10.20.0.0/16.")) from None


class CentralSystem(models.Model):
    """Where the central system is, who we are there, and how the link went last. One row, pk 1."""

    class FaultCodes(models.TextChoices):
        """Whose codes a StatusNotification carries in vendorErrorCode (OCPP 1.6 section 6.47)."""

        MREC = "MREC", _("MREC: CX001 to CX026, of the ChargeX consortium")
        OWN = "own", _("the station's own names")
        NONE = "none", _("none")

    class Profile(models.IntegerChoices):
        """Security profiles of the whitepaper, section 2.1."""

        NONE = 0, _("0: none, as the address says")
        PASSWORD = 1, _("1: password")
        TLS = 2, _("2: TLS and password")
        CERTIFICATES = 3, _("3: TLS and a certificate of the station")

    enabled = models.BooleanField(_("in use"), default=False)
    primary_url = models.CharField(_("address"), max_length=URL_LENGTH, blank=True, validators=[address])
    secondary_url = models.CharField(_("second address"), max_length=URL_LENGTH, blank=True, validators=[address])
    charge_point_id = models.CharField(
        _("identity"), max_length=IDENTITY_LENGTH, default="station", validators=[identity]
    )
    # The station itself has to present it, so it cannot be a hash (security whitepaper, A01.FR.10).
    authorization_key = models.CharField(_("password"), max_length=KEY_LENGTH, blank=True)
    authorization_key_octets = models.BooleanField(default=False, editable=False)  # it is sent as what it stands for
    security_profile = models.PositiveSmallIntegerField(_("security profile"), default=0, choices=Profile.choices)
    # What the central system ordered and has not let in yet: see credentials.py
    candidate_key = models.CharField(max_length=KEY_LENGTH, blank=True, editable=False)
    candidate_profile = models.PositiveSmallIntegerField(null=True, editable=False)
    vendor = models.CharField(_("vendor"), max_length=20, default="Energy Station")
    model = models.CharField(_("model"), max_length=20, default="Energy Station")
    fault_codes = models.CharField(
        _("codes of faults"), max_length=10, choices=FaultCodes.choices, default=FaultCodes.MREC
    )
    # Which software told which address what its own codes mean: see fault_catalogue.py
    catalogue_told = models.CharField(max_length=URL_LENGTH + 64, blank=True, editable=False)
    # Where a central system may send the station for files, besides the internet.
    file_networks = models.CharField(_("networks of file servers"), max_length=500, blank=True, validators=[networks])

    registration = models.CharField(_("registration"), max_length=10, blank=True, editable=False)
    registered_boot_id = models.CharField(max_length=64, blank=True, editable=False)
    registered_url = models.CharField(max_length=URL_LENGTH, blank=True, editable=False)
    anchor = models.CharField(max_length=64, blank=True, editable=False)  # fingerprint of the root that the link has
    connected_at = models.DateTimeField(_("connected since"), null=True, editable=False)  # None: there is no link
    disconnected_at = models.DateTimeField(_("last disconnected"), null=True, editable=False)
    disconnect_code = models.CharField(max_length=30, blank=True, editable=False)
    disconnect_sentence = models.CharField(_("why"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("central system")
        verbose_name_plural = _("central system")

    def __str__(self) -> str:
        return self.primary_url or "-"


class ConfigurationKey(models.Model):
    """A configuration key whose value only the edge reads; a missing row means its default."""

    name = models.CharField(max_length=50, primary_key=True)
    value = models.CharField(max_length=500)

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class Certificate(models.Model):
    """A certificate that is installed, with what was read in it when it came."""

    class Use(models.TextChoices):
        """CertificateUseEnumType (security whitepaper, section 6.4)."""

        CENTRAL_SYSTEM_ROOT = "CentralSystemRootCertificate", _("root of the central system")
        MANUFACTURER_ROOT = "ManufacturerRootCertificate", _("root of the manufacturer")

    use = models.CharField(_("use"), max_length=30, choices=Use.choices)
    pem = models.TextField(_("certificate"))
    subject = models.CharField(_("subject"), max_length=300)
    serial_number = models.CharField(_("serial number"), max_length=40)  # hexadecimal, in capitals
    fingerprint = models.CharField(_("fingerprint"), max_length=64)  # SHA-256 of all of it, hexadecimal
    # By algorithm those of the issuer's name and key (section 6.1)
    hashes: models.JSONField[dict[str, list[str]], dict[str, list[str]]] = models.JSONField(default=dict)
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"))
    installed_at = models.DateTimeField(_("installed"))
    fallback = models.BooleanField(_("replaced"), default=False)  # kept until its successor has worked

    class Meta:
        ordering: ClassVar = ["use", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["use", "fingerprint"], name="certificate_once")]
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")

    def __str__(self) -> str:
        return self.subject


class StationCertificate(models.Model):
    """A private key of this station, in a file, and the certificate for it (security whitepaper, A02 and A03)."""

    ordered_at = models.DateTimeField(_("ordered"))
    csr = models.TextField(blank=True)  # "": the key is not made yet
    sent_at = models.DateTimeField(_("sent to be signed"), null=True)  # and accepted
    times_sent = models.PositiveIntegerField(default=0)
    pem = models.TextField(_("certificate"), blank=True)  # with what leads to a root; "": not signed yet
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    serial_number = models.CharField(_("serial number"), max_length=40, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, blank=True)
    valid_from = models.DateTimeField(_("valid from"), null=True)
    valid_until = models.DateTimeField(_("valid until"), null=True)
    installed_at = models.DateTimeField(_("installed"), null=True)
    let_in_at = models.DateTimeField(_("let in with it"), null=True)
    refused_at = models.DateTimeField(_("not let in with it"), null=True)
    expiry_told = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("certificate of the station")
        verbose_name_plural = _("certificates of the station")

    def __str__(self) -> str:
        return self.subject or f"{self.pk}"


class SentStatus(models.Model):
    """The StatusNotification that the central system confirmed last, by connector (0 = the station)."""

    connector_number = models.PositiveSmallIntegerField(primary_key=True)
    status = models.CharField(max_length=20)
    faults: models.JSONField[list[str], list[str]] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.connector_number}: {self.status}"


class Attempt(models.Model):
    """A transaction message that the central system refused or never answered. Gone once it was confirmed."""

    entry_id = models.PositiveBigIntegerField(primary_key=True)  # of charging.JournalEntry
    transaction_id = models.PositiveBigIntegerField(
        _("transaction"), null=True, db_index=True
    )  # of charging.Transaction
    action = models.CharField(_("message"), max_length=30)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"), null=True)
    last_error = models.CharField(_("last answer"), max_length=300, blank=True)
    parked_at = models.DateTimeField(_("given up"), null=True)

    class Meta:
        ordering: ClassVar = ["entry_id"]
        verbose_name = _("undelivered message")
        verbose_name_plural = _("undelivered messages")

    def __str__(self) -> str:
        return f"{self.entry_id} {self.action}"


class Order(models.Model):
    """One order of the central system that takes time, from its answer to its end: the newest may be in hand."""

    request_id = models.BigIntegerField(_("request"), null=True)  # of the messages of the security whitepaper
    ordered_by = models.CharField(max_length=URL_LENGTH + IDENTITY_LENGTH + 1)  # address and our identity there
    ordered_at = models.DateTimeField(_("ordered"))
    location = models.TextField()  # may hold a password until the end
    attempts_left = models.PositiveIntegerField(_("attempts left"))
    retry_interval_s = models.PositiveIntegerField()
    due_at = models.DateTimeField(_("next attempt"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    untold = models.CharField(max_length=300, blank=True)  # statuses to be told, oldest first, comma separated
    told = models.CharField(_("told"), max_length=30, blank=True)  # the status that was told last
    ended_at = models.DateTimeField(_("ended"), null=True, db_index=True)

    class Meta:
        abstract = True
        ordering: ClassVar = ["-id"]

    @classmethod
    def in_hand(cls) -> Self | None:
        """The one that has not ended."""
        return cls._default_manager.filter(ended_at__isnull=True).order_by("-pk").first()

    @classmethod
    def untold_first(cls) -> Self | None:
        """The oldest one of which something is to be told."""
        return cls._default_manager.exclude(untold="").order_by("pk").first()

    @classmethod
    def found(cls, row_id: int) -> Self | None:
        """The one with this key, if it is kept still."""
        return cls._default_manager.filter(pk=row_id).first()


class FirmwareUpdate(Order):
    """One order to update firmware."""

    class State(models.TextChoices):
        """How far it is: the names of FirmwareStatusEnumType (security whitepaper, section 6.8), and one of ours."""

        DOWNLOAD_SCHEDULED = "DownloadScheduled", _("waits for the time of its download")
        DOWNLOADING = "Downloading", _("is downloaded now")
        DOWNLOADED = "Downloaded", _("is downloaded and will be checked")
        DOWNLOAD_FAILED = "DownloadFailed", _("could not be downloaded")
        SIGNATURE_VERIFIED = "SignatureVerified", _("has the right signature and will be checked")
        INVALID_SIGNATURE = "InvalidSignature", _("does not have the right signature: nothing was installed")
        INSTALL_SCHEDULED = "InstallScheduled", _("waits for its time, or until the connectors are free")
        INSTALLING = "Installing", _("is written to the controllers now")
        INSTALLED = "Installed", _("runs, and its version was read back")
        INSTALLATION_FAILED = "InstallationFailed", _("could not be installed")
        INSTALL_VERIFICATION_FAILED = "InstallVerificationFailed", _("is damaged: nothing was installed")
        CANCELED = "Canceled", _("was given up")

    signed = models.BooleanField(_("signed"))
    retrieve_at = models.DateTimeField(_("download not before"))
    install_at = models.DateTimeField(_("install not before"), null=True)
    signing_certificate = models.TextField(blank=True)
    signature = models.TextField(blank=True)
    state = models.CharField(_("state"), max_length=30, choices=State.choices)
    version = models.CharField(_("version"), max_length=40, blank=True)
    # Of each board that gets it, by serial: connector, firmware before, wish (None: not yet), changed (once it has)
    boards: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta(Order.Meta):
        verbose_name = _("firmware update")
        verbose_name_plural = _("firmware updates")

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


class Upload(Order):
    """One order to put diagnostics or a log on a server."""

    class Kind(models.TextChoices):
        """What is wanted; the last two are LogEnumType (security whitepaper, section 6.13)."""

        DIAGNOSTICS = "Diagnostics", _("diagnostics")
        DIAGNOSTICS_LOG = "DiagnosticsLog", _("diagnostics log")
        SECURITY_LOG = "SecurityLog", _("security log")

    class State(models.TextChoices):
        """How far it is: names of UploadLogStatusEnumType (security whitepaper, section 6.19), and two of ours."""

        ORDERED = "Ordered", _("is put together next")
        UPLOADING = "Uploading", _("is put together and uploaded now")
        UPLOADED = "Uploaded", _("is uploaded")
        UPLOAD_FAILURE = "UploadFailure", _("could not be uploaded")
        BAD_MESSAGE = "BadMessage", _("could not be uploaded: the server does not speak its protocol")
        PERMISSION_DENIED = "PermissionDenied", _("may not be uploaded there")
        NOT_SUPPORTED_OPERATION = "NotSupportedOperation", _("cannot be uploaded in this way")
        CANCELED = "Canceled", _("was given up")

    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    oldest_at = models.DateTimeField(_("entries since"), null=True)
    latest_at = models.DateTimeField(_("entries until"), null=True)
    file_name = models.CharField(_("file"), max_length=100)
    state = models.CharField(_("state"), max_length=30, choices=State.choices)

    class Meta(Order.Meta):
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


class Frame(models.Model):
    """One frame of the link, secrets masked. Lives in `logs`, may be lost, the oldest go first."""

    at = models.DateTimeField(_("time"), db_index=True)
    sent = models.BooleanField(_("sent"))  # else received
    action = models.CharField(_("action"), max_length=40, blank=True, db_index=True)
    message_id = models.CharField(max_length=36, blank=True)
    connector_number = models.PositiveSmallIntegerField(_("connector"), null=True)
    text = models.TextField(_("frame"))
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("frame")
        verbose_name_plural = _("frames")

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Cut what is longer than anybody reads."""
        self.text = self.text[:LONGEST_FRAME]
        super().save(*args, **kwargs)


LONGEST_FRAME: Final = 20_000
