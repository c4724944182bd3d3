"""Settings of ReturnsOps. Everything that differs between machines comes from the environment."""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from returnsops.lib import postgres
from returnsops.lib.database_url import given_database
from returnsops.lib.env import env_address, env_bool, env_int, env_list, env_seconds, env_secret, env_text

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env_text("RETURNSOPS_DATA_DIR") or BASE_DIR / ".data")

# --- What kind of place this is -------------------------------------------------------------------
PRODUCTION = env_bool("RETURNSOPS_PRODUCTION", default=False)
DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = env_secret("SECRET_KEY", development="for-development-only-" + "x" * 40, required=PRODUCTION)
# Newest first; older keys still open what they sealed. Each is a Fernet key.
CREDENTIAL_KEYS = env_list("CREDENTIAL_KEYS") or [
    env_secret("CREDENTIAL_KEY", development="ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMtISE=", required=PRODUCTION)
]
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or ["127.0.0.1", "localhost", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

# --- The house ------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "returnsops",
    "returnsops.people",
    "integrations",
    "returnsops.returns",
    "returnsops.posting",
    "exceptions",
    "returnsops.warehouse",
    "returnsops.pages",
    "returnsops.api",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",  # its widget templates, which FORM_RENDERER looks up like any other
    "csp",
    "django_filters",
    "django_htmx",
    "django_q",
    "django_tables2",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "lucide",
    "rest_framework",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "integrations.middleware.webhooks_first",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "returnsops.urls"
WSGI_APPLICATION = "returnsops.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "returnsops.pages.frame.frame",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database: PostgreSQL only (docs/adr/0001) -----------------------------------------------------
DATABASE_URL = env_text("DATABASE_URL")
if DATABASE_URL:
    DATABASES = {"default": given_database(DATABASE_URL)}
else:
    DATABASES = {"default": postgres.connection_settings(DATA_DIR / "postgres")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Most statements are asked thousands of times: PostgreSQL keeps how it does them, which is half of its work for a plan.
PREPARED = {"server_side_binding": True, "prepare_threshold": 5}
DATABASES["default"]["OPTIONS"] = PREPARED | DATABASES["default"].get("OPTIONS", {})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Time and language -----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# Shared with the sandbox, see returnsops/lib/clock.py. Empty: business time is real time.
BUSINESS_CLOCK_FILE = env_text("BUSINESS_CLOCK_FILE")

# --- Files -----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
# Only production collects its files; elsewhere they are served from where they lie.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# --- What the browser may do -----------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "https:"],  # product photos lie with the shop
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION and env_bool("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
WEBHOOK_BODY_BYTES_MAX = 1_000_000
# Read webhooks are kept this long, the newest of each return for good.
WEBHOOKS_KEPT = timedelta(days=env_int("WEBHOOKS_KEPT_DAYS", default=90, least=1))
# Where Loop reaches us, such as https://returns.example.com. Without it nothing is subscribed at Loop.
PUBLIC_URL = env_address("PUBLIC_URL")

# --- REST API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "returnsops.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "returnsops.api.pagination.ApiPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "returnsops.api.errors.api_error",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ReturnsOps API",
    "DESCRIPTION": "Read where a return stands; record an inspection; approve, correct and retry a case.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# Calls a key may make; each web process counts for itself unless CACHES is shared.
API_RATE = env_text("API_RATE", "600/min")

# --- Task queue: carries nudges only, our rows are the truth (docs/adr/0004) ------------------------
QUEUE_WORKERS = env_int("QUEUE_WORKERS", default=3, least=1)
TASK_LIMIT_S = 90
Q_CLUSTER = {
    "name": "returnsops",
    "orm": "default",
    "broker_class": "returnsops.lib.task_broker.TaskBroker",
    "workers": QUEUE_WORKERS,
    "queue_limit": 1,  # what a cluster has taken, nothing can pass any more
    "bulk": 1,
    "timeout": TASK_LIMIT_S,
    "retry": 240,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "guard_cycle": 1,  # seconds; each look at its processes costs ten milliseconds
    "label": "Task queue",
}
HEARTBEAT_FILE = Path(env_text("HEARTBEAT_FILE") or DATA_DIR / "heartbeat")
HEARTBEAT_LIMIT_S = env_int("HEARTBEAT_LIMIT_S", default=13, least=5)  # so that a hung queue is replaced within 15
TICK_EVERY = env_seconds("TICK_EVERY_S", default=2)
# A look at a webhook that has not ended by now has lost its worker; more than the `timeout` of a task.
LOOK_LEASE = env_seconds("LOOK_LEASE_S", default=120)
# How long a web process gathers webhooks before it rings for all of them; 0: for each at once.
NUDGE_GATHER = env_seconds("NUDGE_GATHER_S", default=0.05)

# What no webhook told is found by asking for changes this often; rehearsals of lost webhooks ask more often.
LOOP_SWEEP_EVERY = env_seconds("LOOP_SWEEP_EVERY_S", default=60)
RECORD_SWEEP_EVERY = env_seconds("RECORD_SWEEP_EVERY_S", default=30)

# NetSuite tells times of change to the second. What is read before that second is surely over has to be read once more,
# so documents of ours are left to rest this long after a change, unless a plan waits for them.
RECORD_REST = env_seconds("RECORD_REST_S", default=6)

# --- Posting ---------------------------------------------------------------------------------------
SENDER_THREADS = env_int("SENDER_THREADS", default=32, least=1)
# A request can run at NetSuite for 15 minutes (netsuite.md §7); sandbox runs scale it down.
NETSUITE_COMMIT_WINDOW = env_seconds("NETSUITE_COMMIT_WINDOW_S", default=15 * 60)
SENDING_LEASE = env_seconds("SENDING_LEASE_S", default=5 * 60)
# A lane of a killed process is free again after this; live ones renew theirs all the while.
LANE_LEASE = env_seconds("LANE_LEASE_S", default=15)
# How long lanes stay below what was refused, and three times the step of their growth; shorter where calls are.
LANES_HELD = env_seconds("LANES_HELD_S", default=1.5)
# What a sender claimed and did not begin to send goes back after this.
CLAIM_LEASE = env_seconds("CLAIM_LEASE_S", default=60)
# After Loop said «too many» without saying for how long, its shop is not called for this.
LOOP_REFUSED_WAIT = env_seconds("LOOP_REFUSED_WAIT_S", default=10)
# A read that failed by chance is tried once more after this; 0: the sweeps come back for it.
READ_AGAIN_AFTER = env_seconds("READ_AGAIN_AFTER_S", default=0.3)
# What NetSuite failed to show then rests for this, so that the others go first.
FAILED_READ_REST = env_seconds("FAILED_READ_REST_S", default=10)
# A connection that is down is asked again after waits that grow up to this.
PROBE_AFTER_MAX = env_seconds("PROBE_AFTER_MAX_S", default=120)
# Deadlines of the policy are multiplied by this, so that a demo can show one pass.
DEADLINE_SCALE = env_seconds("DEADLINE_SCALE", default=1.0).total_seconds()

# --- Tables, logs ----------------------------------------------------------------------------------
DJANGO_TABLES2_TEMPLATE = "django_tables2/returnsops.html"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_text("LOG_LEVEL", "INFO")},
}
