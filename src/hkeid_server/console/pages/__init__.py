"""The console's pages."""

from hkeid_server.console.pages import audit, cases, login, records, staff, today

BLUEPRINTS = (
    login.blueprint,
    today.blueprint,
    cases.blueprint,
    records.blueprint,
    audit.blueprint,
    staff.blueprint,
)
"""All of them."""
