"""Alone in its file: settings are read before any model may be imported."""

SECRET = "0123456789abcdef"
