"""Django, Celery and Channels settings of every process; what differs between stations is in `environment`."""

from __future__ import annotations

import logging
import os
from importlib import import_module
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from station.databases import databases_of
from station.environment import PROJECT_DIR, Misconfigured, read_environment
from station.redis_urls import celery_url, channels_url
from station.schedule import SCHEDULE
from station.secret_key import secret_key_of
from station.version import software_version

try:
    ENVIRONMENT: Final = read_environment(os.environ)
except Misconfigured as problem:
    raise ImproperlyConfigured(str(problem)) from problem

BASE_DIR: Final = PROJECT_DIR
DATA_DIR: Final = ENVIRONMENT.data_dir
ROLE: Final = ENVIRONMENT.role
BOOT_ID: Final = ENVIRONMENT.boot_id
LINES: Final = ENVIRONMENT.lines
READER: Final = ENVIRONMENT.reader
SYSTEM_ROOT: Final = ENVIRONMENT.system_root
HTTP_PORT: Final = ENVIRONMENT.http_port
REDIS_URL: Final = ENVIRONMENT.redis_url
HOST_NAMES: Final = ENVIRONMENT.host_names
SCREEN_KEY: Final = ENVIRONMENT.screen_key
IS_WORKER: Final = ROLE in {"controllers", "links"}

SOFTWARE_VERSION: Final = software_version()

SECRET_KEY = secret_key_of(DATA_DIR)
DEBUG = False
# A station is called by an address that changes from site to site; station.hosts checks the name instead.
ALLOWED_HOSTS = ["*"]

# The console costs a worker 5 MB and serves nobody there. Daphne is started as a program: as an app it would load
# Twisted and TLS, 28 MB, into every one of these processes.
CONSOLE_APPS: Final = (
    []
    if IS_WORKER
    else ["station.console.apps.PagesConfig", "unfold.apps.BasicAppConfig", "station.console.apps.ConsoleConfig"]
)
INSTALLED_APPS = [
    *CONSOLE_APPS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "station.apps.StationConfig",
    "charging",
    "hardware",
    "ocpp_client",
    "monitoring",
    "kiosk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "station.hosts.KnownHostMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "station.content_security.ContentSecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "station.urls"
ASGI_APPLICATION = "station.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = databases_of(ENVIRONMENT.database_url, DATA_DIR, ROLE)
DATABASE_ROUTERS = [] if ENVIRONMENT.database_url else ["station.databases.LogsRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "station.Person"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # who opened the login page itself

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "station" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["station.console.formats"]

UNFOLD: dict[str, Any] = {} if IS_WORKER else import_module("station.console.look").UNFOLD

STATIC_URL = "/static/"
# Served from the apps' own folders: no second copy on flash, nothing that can be older than the code.
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_PERMISSIONS = 0o600

# The console is reached over a tunnel or the cabinet's own network, without TLS; these hold there as well.
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 8 * 3600
CSRF_COOKIE_SAMESITE = "Strict"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# These four ask for TLS, which ends outside: at the tunnel, or not at all on the cabinet's own network.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]

# The core layer drops a silent page after a day and breaks with redis-py 8; the pubsub layer does neither.
# socket_timeout None: redis-py 8 would end an idle subscription after 5 s.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": channels_url(REDIS_URL), "socket_timeout": None}], "prefix": "station"},
    },
}

CELERY_BROKER_URL = celery_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "health_check_interval": 10,
    "socket_keepalive": True,
    "visibility_timeout": 3600,
}
CELERY_BROKER_POOL_LIMIT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # the default gives up for good after 47 minutes without Redis
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
# Durable intent is in the database; a late acknowledgement would run a long task twice.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_CONSUMER = "station.celery_consumer:QuickReconnectConsumer"
# Concerns late acknowledgement only, so it cancels nothing here; False would warn of it at each loss of Redis.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "hardware.*": {"queue": "hardware"},
    "ocpp_client.*": {"queue": "ocpp"},
    "monitoring.*": {"queue": "monitoring"},
    "station.updates.*": {"queue": "updates"},
}
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_ENABLE_REMOTE_CONTROL = False
CELERY_TIMEZONE = "UTC"


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whoever asks for /healthz gets the problems as the answer; a line per question would fill the log."""
    return getattr(getattr(record, "request", None), "path", "") != "/healthz"


def is_no_put_back(record: logging.LogRecord) -> bool:
    """A worker that stops or has lost Redis puts back what it had fetched: that is its order, not a warning."""
    return not str(record.msg).startswith("Requeuing undeliverable message for queue ")


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "not_health": {"()": "django.utils.log.CallbackFilter", "callback": is_worth_a_line},
        "no_put_back": {"()": "django.utils.log.CallbackFilter", "callback": is_no_put_back},
    },
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Two lines per task would be 170,000 lines a day on flash.
        "celery": {"level": "WARNING"},
        "kombu.transport.virtual.base": {"filters": ["no_put_back"]},
        "django.request": {"level": "ERROR", "filters": ["not_health"]},
        "daphne": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
        # This library logs whole frames at INFO, AuthorizationKey included (OCPP 1.6 security, A01.FR.12).
        "ocpp": {"level": "WARNING"},
    },
}
