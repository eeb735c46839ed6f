"""Settings, all read from the environment; a wrong value stops the start with a sentence.

| variable | meaning | default |
|---|---|---|
| COUNTINGHOUSE_DATA | data folder: embedded servers, generated keys | `.data` beside manage.py, see environment.py |
| DATABASE_URL | an external PostgreSQL, 15 or newer, or a pooler in front of it | the embedded one |
| DATABASE_POOL | `transaction`: DATABASE_URL names a pooler that lends connections by the transaction | off |
| REPLICA_URL | a streaming replica of DATABASE_URL, for lists, files and exports; see config/kit/replica.py | none |
| REDIS_URL | an external Redis or Valkey, with TLS or by sentinels: see config/README.md | the embedded one |
| SECRET_KEY | Django's signing key | made once into the data folder |
| ENCRYPTION_KEYS | Fernet keys of credentials, newest first, comma separated | made once into the data folder |
| DEBUG | Django's debug pages | off |
| ALLOWED_HOSTS | host names the site answers to, comma separated | localhost,127.0.0.1,[::1] |
| HTTPS | the site is served over https: secure cookies, HSTS | off |
| CSRF_TRUSTED_ORIGINS | https://host of the site when a proxy changes the Host header, comma separated | none |
| PUBLIC_URL | the site's own https address, for webhooks of shops and links in the site's e-mails | none |
| EMAIL_URL | its own mail server, for e-mails about passwords and shops: smtp+tls://user:password@host:587 | none |
| EMAIL_FROM | the address these e-mails come from | the user of EMAIL_URL |
| ALLOWED_SHOP_ADDRESSES | host:port of local shops that may be reached though not public, comma separated | none |
| LABEL_PROVIDERS | dotted paths of the classes that print labels for parcels, comma separated | the built-in one |
| LOG_LEVEL | DEBUG, INFO, WARNING or ERROR | INFO |
| API_RATE_LIMIT | calls a minute of one API key | 2000 |
| API_DOCUMENT_PUBLIC | the API's OpenAPI document is read without a key | off |
| BULK_IMPORT_LIMIT | orders in one bulk import of the API | 2000 |
| WEBHOOK_BODY_DAYS | days for which the body of a webhook is kept after it was delivered or given up | 30 |
| RAW_DOCUMENT_DAYS | days for which a shop's document of a settled order is kept; 0: for ever | 400 |
| WEBHOOK_RUN_DAYS | days for which runs of webhooks are kept after their end; 0: as long as other runs | 7 |
| FILE_SETTLE_SECONDS | seconds for which a file on a server must not change before it is read | 60 |
| FILE_DAYS | days for which files that came from a server stay listed, with their errors; 0: for ever | 400 |
| RUN_DAYS | days for which runs, with what failed in them, are kept after their end; 0: for ever | 180 |
| WEBHOOK_DAYS | days for which a webhook that was sent stays listed after its end; 0: for ever | 180 |
| MESSAGE_DAYS | days for which it stays listed that a customer was written to; 0: for ever | 730 |
| PREPARATION_DAYS | days for which preparations are kept after they were closed; 0: for ever | 400 |
| POSTING_DAYS | days for which goods received and counted together stay listed; 0: for ever | 730 |
| LOG_DAYS | days for which the log of people's deeds is kept, and what was put right; 0: for ever | 730 |
| EXPORT_DAYS | days for which files of exports and reports of bulk calls are kept; 0: for ever | 7 |
| ANSWER_DAYS | days for which an Idempotency-Key counts, and its answer is kept; 0: for ever | 1 |
| TRUSTED_PROXIES | proxies before the site that append to X-Forwarded-For; 0: the header is not read | 0 |
| LOGIN_FAILURES | wrong logins with one name from one address that lock the two together | 5 |
| LOGIN_FAILURES_OF_ADDRESS | wrong logins from one address, whatever the names, that lock the address | 50 |
| LOGIN_FAILURES_OF_NAME | wrong logins with one name, whatever the addresses, that lock the name | 100 |
| LOGIN_LOCK_MINUTES | minutes for which wrong logins count, and a lock lasts | 15 |
| SESSION_IDLE_HOURS | hours after which a session ends that is not used | 12 |
| SESSION_DAYS | days after which a session ends though it is used | 14 |
| ACCESS_LOG_DAYS | days for which the access log is kept, at least 30 | 400 |
| STATEMENT_TIMEOUT | milliseconds a database statement may take; 0: no limit of ours | 0 |
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import environment, keys

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(environment.text("COUNTINGHOUSE_DATA") or environment.default_data_dir(BASE_DIR)).absolute()

# --- PostgreSQL and Redis: of the environment, else the embedded ones ---
DATABASE_URL = environment.text("DATABASE_URL")
REDIS_URL = environment.text("REDIS_URL")
EMBEDDED = not (DATABASE_URL and REDIS_URL)
if EMBEDDED:
    if DATABASE_URL or REDIS_URL:
        present, absent = ("DATABASE_URL", "REDIS_URL") if DATABASE_URL else ("REDIS_URL", "DATABASE_URL")
        raise ImproperlyConfigured(f"{present} is set but {absent} is not. Set both, or none for the embedded servers.")
    from config.running.embedded import locations

    _embedded = locations(DATA_DIR)
    DATABASE_URL, REDIS_URL = _embedded.database_url, _embedded.redis_url

STATEMENT_TIMEOUT = environment.number("STATEMENT_TIMEOUT", 0)
DATABASE_POOL = environment.one_of("DATABASE_POOL", ("", "transaction"))
DATABASES: dict[str, dict[str, Any]] = {
    "default": environment.database(DATABASE_URL)
    | {
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # see config/kit/row_portions.py
    }
}
CONNECT_TIMEOUT = 10
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", CONNECT_TIMEOUT)
if STATEMENT_TIMEOUT and not DATABASE_POOL:  # else `config.running.parts.prepare` sets it for the role
    DATABASES["default"]["OPTIONS"].setdefault("options", f"-c statement_timeout={STATEMENT_TIMEOUT}")
REPLICA_URL = environment.text("REPLICA_URL")
DATABASE_ROUTERS: list[str] = []
if REPLICA_URL:
    _of_primary, _of_replica = DATABASES["default"], environment.database(REPLICA_URL, "REPLICA_URL")
    _of_replica["OPTIONS"] = _of_primary["OPTIONS"] | {"connect_timeout": 2} | _of_replica["OPTIONS"]
    DATABASES["replica"] = _of_primary | _of_replica | {"TEST": {"MIRROR": "default"}}
    DATABASE_ROUTERS = ["config.kit.replica.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# One queue: fair between projects, because every job is a short piece of work. JSON on both ends, since whoever can
# write to a queue of pickles can run code; the worker (manage.py work) reads the same setting.
RQ_QUEUES = {
    "default": {
        **environment.redis(REDIS_URL),
        "SERIALIZER": "rq.serializers.JSONSerializer",
        "DEFAULT_TIMEOUT": 600,
        "DEFAULT_RESULT_TTL": 0,
    }
}
RQ = {
    "COMMIT_MODE": "auto",  # one function rings, on commit; RQ itself shall not wait once more
    "JOB_CLASS": "integrations.runs.queue.RunJob",  # runs one function only, whatever is on the queue
}
RQ_SHOW_ADMIN_LINK = False  # the dashboard would let every member of staff empty the queue

# --- The partner API ---
API_RATE_LIMIT = environment.number("API_RATE_LIMIT", 2000, least=1)
BULK_IMPORT_LIMIT = environment.number("BULK_IMPORT_LIMIT", 2000, least=1)
WEBHOOK_BODY_DAYS = environment.number("WEBHOOK_BODY_DAYS", 30)
# How long things are kept, in days; 0: for ever. See integrations/retention.py.
RAW_DOCUMENT_DAYS = environment.number("RAW_DOCUMENT_DAYS", 400)
FILE_SETTLE_SECONDS = environment.number("FILE_SETTLE_SECONDS", 60)
FILE_DAYS = environment.number("FILE_DAYS", 400)
RUN_DAYS = environment.number("RUN_DAYS", 180)
WEBHOOK_RUN_DAYS = environment.number("WEBHOOK_RUN_DAYS", 7)
WEBHOOK_DAYS = environment.number("WEBHOOK_DAYS", 180)
MESSAGE_DAYS = environment.number("MESSAGE_DAYS", 730)
PREPARATION_DAYS = environment.number("PREPARATION_DAYS", 400)
POSTING_DAYS = environment.number("POSTING_DAYS", 730)
LOG_DAYS = environment.number("LOG_DAYS", 730)
EXPORT_DAYS = environment.number("EXPORT_DAYS", 7)
ANSWER_DAYS = environment.number("ANSWER_DAYS", 1)
# Bytes of a body; more is answered with 413.
API_BODY_LIMIT = 32 * 1024 * 1024

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["integrations.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["config.kit.api.permissions.HasScopes"],
    "DEFAULT_THROTTLE_CLASSES": ["config.kit.api.rates.KeyThrottle"],
    "DEFAULT_PARSER_CLASSES": ["config.kit.api.bodies.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["config.kit.api.bodies.JsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "config.kit.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "config.kit.api.problems.answer",
    "UNAUTHENTICATED_USER": None,  # a key is no person
    "URL_FORMAT_OVERRIDE": None,  # the Accept header alone chooses
}

# --- Keys ---
SECRET_KEY = environment.text("SECRET_KEY") or keys.kept(DATA_DIR / "secret_key", keys.signing_key)
# Whether they are made and kept here: `manage.py rotate_keys --new` adds one.
KEYS_MADE = keys.MADE  # by this process: see integrations/keyring/site_keys.py
ENCRYPTION_KEYS_KEPT = not environment.words("ENCRYPTION_KEYS")
ENCRYPTION_KEYS = keys.checked_encryption_keys(
    environment.words("ENCRYPTION_KEYS") or keys.kept(DATA_DIR / keys.ENCRYPTION_FILE, keys.encryption_key).split()
)

# --- The site ---
DEBUG = environment.switch("DEBUG")
HTTPS = environment.switch("HTTPS")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = environment.text("PUBLIC_URL").rstrip("/")
ALLOWED_SHOP_ADDRESSES = environment.shop_addresses("ALLOWED_SHOP_ADDRESSES")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

# --- The document of the partner API ---
API_DOCUMENT_PUBLIC = environment.switch("API_DOCUMENT_PUBLIC")
API_EXAMPLES = BASE_DIR / "config" / "api_examples.json"
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Countinghouse",
    "VERSION": "1",
    "DESCRIPTION": (BASE_DIR / "config" / "api_introduction.md").read_text(encoding="utf-8"),
    "OAS_VERSION": "3.1.1",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "CONTACT": {"name": "Who runs this site"},
    "SERVERS": [{"url": PUBLIC_URL or "/", "description": "This site"}],
    "POSTPROCESSING_HOOKS": ["config.kit.api.finishing.finish"],
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "PATH_CONVERTER_OVERRIDES": {"id": "string", "rest": "string"},
}

INSTALLED_APPS = [
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_rq",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_static",
    "config",
    "integrations",
    "orders",
    "stock",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.site.middleware.CompressedPages",
    "config.site.middleware.ContentSecurityPolicy",
    "config.site.outage.Outage",
    "config.kit.api.urlconf.WholeSegments",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "config.site.login.use_of_sessions.SessionsInUse",
    "config.site.open_project.OpenProject",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # the last, as its documentation has it
]
FORM_RENDERER = "config.kit.admin.form_renderer.FormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"undo": "config.kit.admin.undo"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- People ---
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # the first: who is locked out is refused before a password is hashed
    "integrations.access.backend.MembershipBackend",
]
# E-mails of the site itself, of passwords and troubles of shops, go out with both a mail server and PUBLIC_URL.
MAIL_ACCOUNT = environment.mail_account("EMAIL_URL")
EMAIL_FROM = environment.text("EMAIL_FROM") or MAIL_ACCOUNT.get("username", "")
if MAIL_ACCOUNT and "@" not in EMAIL_FROM:
    raise ImproperlyConfigured("EMAIL_FROM must be the address that e-mails come from, as office@example.com.")
PASSWORD_RESET_TIMEOUT = 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "admin:login"
SESSION_ENGINE = "integrations.access.session_store"
SESSION_IDLE_HOURS = environment.number("SESSION_IDLE_HOURS", 12, least=1)
SESSION_DAYS = environment.number("SESSION_DAYS", 14, least=1)
SESSION_COOKIE_AGE = SESSION_DAYS * 24 * 3600  # the row says when the session ends; the cookie need not end before
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.fallback.FallbackStorage"

# --- Wrong logins, and the log of access ---
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", 0)
ACCESS_LOG_DAYS = environment.number("ACCESS_LOG_DAYS", 400, least=30)
AXES_HANDLER = "integrations.access.login_throttle.LoginThrottle"
AXES_FAILURE_LIMIT = environment.number("LOGIN_FAILURES", 5, least=1)
LOGIN_FAILURES_OF_ADDRESS = environment.number("LOGIN_FAILURES_OF_ADDRESS", 50, least=1)
LOGIN_FAILURES_OF_NAME = environment.number("LOGIN_FAILURES_OF_NAME", 100, least=1)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]
AXES_COOLOFF_TIME = timedelta(minutes=environment.number("LOGIN_LOCK_MINUTES", 15, least=1))
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else a lock could be kept up by whoever keeps knocking
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "integrations.access.addresses_of_people.network_of"
AXES_LOCKOUT_CALLABLE = "config.site.login.refusing.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # ours tells more, and nobody can change it
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- Safety ---
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_SSL_REDIRECT = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# The largest order has 1,000 lines, which forms ask up to two fields each about; rules are 500 statuses of six fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
# Of files in the data folder, whatever the umask is.
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
FILE_UPLOAD_HANDLERS = [
    "config.site.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Labels for parcels, see orders/labels ---
LABEL_PROVIDERS = environment.words("LABEL_PROVIDERS", ["orders.labels.address_labels.AddressLabels"])

# --- Language and time: stored and shown in UTC; a shop's zone is a field of its integration ---
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "UTC"

# --- Static files: names with a digest once collected, straight from the apps in a fresh clone and in tests ---
STATIC_URL = "static/"
STATIC_DIR = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
STATIC_COLLECTED = (STATIC_DIR / "staticfiles.json").is_file() or sys.argv[1:2] == ["collectstatic"]
STATIC_ROOT = STATIC_DIR if STATIC_COLLECTED else None
WHITENOISE_USE_FINDERS = DEBUG or not STATIC_COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- One line an event, to stderr ---
LOG_LEVEL = environment.text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured(f"LOG_LEVEL is {LOG_LEVEL!r}, but must be DEBUG, INFO, WARNING or ERROR.")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.LineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "axes": {"handlers": [], "level": "ERROR", "propagate": True},  # the access log has it all
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        # It would tell of every request that waits a moment for a thread.
        "waitress.queue": {"handlers": [], "level": "ERROR", "propagate": True},
        # RQ sets these two to INFO itself unless they have a level; it would tell of every bell.
        "rq.worker": {"handlers": [], "level": "WARNING", "propagate": True},
        "rq.job": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}
