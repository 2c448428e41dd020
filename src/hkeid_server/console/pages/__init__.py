"""The console's pages."""

from hkeid_server.console.pages import (
    audit,
    cases,
    login,
    records,
    requests,
    staff,
    stations,
    today,
)

BLUEPRINTS = (
    login.blueprint,
    today.blueprint,
    cases.blueprint,
    records.blueprint,
    requests.blueprint,
    audit.blueprint,
    stations.blueprint,
    staff.blueprint,
)
"""All of them."""
