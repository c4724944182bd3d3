"""Settings read from the environment; nonsense is refused at start, with the name of the variable."""

import os
from datetime import timedelta
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}


def env_text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, *, default: bool) -> bool:
    word = os.environ.get(name)
    if word is None:
        return default
    if word.strip().lower() in TRUE_WORDS:
        return True
    if word.strip().lower() in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {word!r}.")


def env_int(name: str, *, default: int, least: int = 0) -> int:
    word = os.environ.get(name)
    if word is None:
        return default
    if not word.strip().isdigit() or int(word) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}, not {word!r}.")
    return int(word)


def env_seconds(name: str, *, default: float) -> timedelta:
    word = os.environ.get(name)
    try:
        seconds = default if word is None else float(word)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number of seconds, not {word!r}.") from None
    if seconds < 0:
        raise ImproperlyConfigured(f"{name} must not be negative, not {word!r}.")
    return timedelta(seconds=seconds)


def env_list(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def env_address(name: str) -> str:
    """An address others reach us at: https, plain http only on this machine; no path. Empty when not set."""
    text = env_text(name).rstrip("/")
    if not text:
        return ""
    parts = urlsplit(text)
    is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or parts.scheme not in ("https", "http" if is_here else "https") or parts.path:
        raise ImproperlyConfigured(f"{name} must be an address such as https://returns.example.com, not {text!r}.")
    return text


def env_secret(name: str, *, development: str, required: bool) -> str:
    """A secret; outside development its absence is an error, never a default that somebody else knows."""
    secret = os.environ.get(name, "")
    if secret:
        return secret
    if required:
        raise ImproperlyConfigured(f"{name} is not set. Production needs a secret of its own: see docs/operations.md.")
    return development
