"""Prometheus metrics: counted in every worker, read by the admin process.

Labels are route templates, methods, statuses and reasons: a fixed set of words, nothing about
anybody. With more than one process the library needs ``PROMETHEUS_MULTIPROC_DIR``, which
``hkeid serve`` sets before it starts the workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import REGISTRY as _REGISTRY
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_requests = Counter("hkeid_http_requests", "Requests answered", ("route", "method", "status"))
_seconds = Histogram("hkeid_http_seconds", "Time per request", ("route",), buckets=_BUCKETS)
_refusals = Counter("hkeid_refusals", "Requests refused, by reason", ("reason",))
_logins = Counter("hkeid_logins", "Logins finished, by how they went", ("outcome",))

_signatures = Counter(
    "hkeid_signature_requests", "Requests for signatures decided by residents", ("outcome",)
)

_metadata = Counter(
    "hkeid_saml_metadata_refreshes",
    "Metadata of SAML peers read again, by what came of it",
    ("outcome",),
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})

_counters: dict[tuple[str, str, int], Callable[[], None]] = {}
_timers: dict[str, Callable[[float], None]] = {}


def known_method(method: str) -> str:
    """The method's name for labels and log lines; ``other`` for a word of the client's own making,
    which could be anything, and each one a new series.
    """
    return method if method in _METHODS else "other"


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answered request; ``route`` is a template, never a path with values in it,
    and ``method`` a :func:`known_method`.
    """
    key = (route, method, status)
    count = _counters.get(key)
    if count is None:
        count = _counters[key] = _requests.labels(route, method, str(status)).inc
        _timers.setdefault(route, _seconds.labels(route).observe)
    count()
    _timers[route](seconds)


def count_refusal(reason: str) -> None:
    """Count a refusal by its stable reason."""
    _refusals.labels(reason).inc()


def count_login(outcome: str) -> None:
    """Count a finished login: ``logged_in``, or the reason of the refusal."""
    _logins.labels(outcome).inc()


def count_signature_request(outcome: str) -> None:
    """Count a decided request for signatures: ``signed``, ``refused``, or ``code_differs``."""
    _signatures.labels(outcome).inc()


def count_metadata_refresh(outcome: str) -> None:
    """Count a refresh of a SAML peer's metadata: ``changed``, ``unchanged``, ``crashed``, or the reason why not."""
    _metadata.labels(outcome).inc()


def exposition() -> bytes:
    """All metrics of all processes in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
