"""Django's cache as memory of the kit: which sessions eID has ended, and sessions themselves where wanted."""

from __future__ import annotations

from django.core.cache import caches


class CacheSessionStore:
    """A :class:`~hkeid.rp.web_session.SessionStore` over the cache called ``default``.

    Several processes need a cache that they share. What it holds is sealed.
    """

    def get(self, key: str) -> str | None:
        """The value kept under ``key``, or None."""
        value = caches["default"].get(f"hkeid:{key}")
        return value if isinstance(value, str) else None

    def put(self, key: str, value: str, seconds: int) -> None:
        """Keep ``value`` for so many seconds."""
        caches["default"].set(f"hkeid:{key}", value, timeout=seconds)

    def delete(self, key: str) -> None:
        """Forget ``key``."""
        caches["default"].delete(f"hkeid:{key}")
