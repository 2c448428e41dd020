"""Django's settings. What has to do with eID is under "Log in with eID"."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from relying_party_django.environment import secret_key

HERE = Path(__file__).resolve().parent
BASE_URL = os.environ.get("RP_BASE_URL", "http://localhost:5002")
_SECURE = BASE_URL.startswith("https:")

DEBUG = False
SECRET_KEY = secret_key()
ALLOWED_HOSTS = [urlsplit(BASE_URL).hostname or "localhost"]
ROOT_URLCONF = "relying_party_django.urls"
WSGI_APPLICATION = "relying_party_django.wsgi.application"

# One process, whose memory remembers which sessions eID has ended; several need a cache that they share.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# No database of Django's: eID brings who is there, and the accounts from before eID are in a file of their own.
INSTALLED_APPS = [
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "hkeid.rp.django",
    "relying_party_django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "hkeid.rp.django.middleware.EidMiddleware",
    "relying_party_django.middleware.ContentSecurityPolicy",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "relying_party_django.words.page_words",
            ]
        },
    }
]
STATIC_URL = "static/"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Hong_Kong"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hant", "繁體中文"), ("zh-hans", "简体中文")]
# Cookies ignore ports: other services on localhost must not share these.
LANGUAGE_COOKIE_NAME = "etax_language"
CSRF_COOKIE_NAME = "etax_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = _SECURE
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# Who is logged in with a password; eID's own session is a cookie of the kit.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "etax_session"
SESSION_COOKIE_AGE = 3600
SESSION_COOKIE_SECURE = _SECURE

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"hkeid": {"handlers": ["console"], "level": "INFO"}},
}

# Log in with eID

ACR = "urn:hkeid:acr:eid"
ACR_STRONG = "urn:hkeid:acr:eid-bound"

HKEID = {
    "ISSUER": os.environ.get("HKEID_ISSUER", "http://localhost:8000"),
    "CLIENT_ID": os.environ.get("HKEID_CLIENT_ID", "ird-etax"),
    "PRIVATE_KEY": os.environ.get("HKEID_PRIVATE_KEY"),
    "BASE_URL": BASE_URL,
    "ACR": ACR,
    "CLAIMS": ["name", "birthdate", "hkic_number"],
    "AFTER_LOGIN": "/summary",
    "FAILURE_TEMPLATE": "failure.html",
    "SIGNED": "relying_party_django.signing.signed",
    "ACCOUNT_LINKS": {
        "LINKS": "relying_party_django.old_accounts.links",
        "CURRENT_ACCOUNT": "relying_party_django.old_accounts.current",
        "ACCOUNT_LOGIN": "/old-login",
        "ACCOUNT_LOGIN_IS_FRESH": "relying_party_django.old_accounts.is_fresh",
        "HAS_OTHER_LOGIN": "relying_party_django.old_accounts.has_password",
        "ACCOUNT_NAME": "relying_party_django.old_accounts.shown",
        "MATCH": "relying_party_django.old_accounts.SAME_PERSON",
        "TEMPLATE": "link.html",
    },
}
