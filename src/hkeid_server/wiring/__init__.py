"""The only place that names adapters: it opens them, and puts the parts together."""

from hkeid_server.wiring.assembly import build_house, make_journal, passkey_policy
from hkeid_server.wiring.console import build_console, build_officers
from hkeid_server.wiring.opening import (
    MEMORY,
    close_store,
    open_keys,
    open_store,
    open_vault,
    surroundings,
)
from hkeid_server.wiring.upkeep import (
    back_up_data,
    back_up_vault,
    end_registrations,
    make_keys,
    purge_store,
    restore_data,
    restore_vault,
    upgrade_store,
    upgrade_vault,
    write_erasures,
)

__all__ = [
    "MEMORY",
    "back_up_data",
    "back_up_vault",
    "build_console",
    "build_house",
    "build_officers",
    "close_store",
    "end_registrations",
    "make_journal",
    "make_keys",
    "open_keys",
    "open_store",
    "open_vault",
    "passkey_policy",
    "purge_store",
    "restore_data",
    "restore_vault",
    "surroundings",
    "upgrade_store",
    "upgrade_vault",
    "write_erasures",
]
