"""The only place that names adapters: it opens them, and puts the parts together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid_server.wiring.assembly import build_house
    from hkeid_server.wiring.console import build_console, build_officers
    from hkeid_server.wiring.foundation import make_journal, passkey_policy
    from hkeid_server.wiring.logouts import open_courier, open_courier_of_its_own
    from hkeid_server.wiring.opening import (
        MEMORY,
        close_store,
        open_keys,
        open_store,
        open_vault,
        register_client,
        register_clients,
        surroundings,
    )
    from hkeid_server.wiring.station_registry import (
        certificate_reader,
        make_station_authority,
        station_authority_wanted,
    )
    from hkeid_server.wiring.upkeep import (
        back_up_data,
        back_up_vault,
        end_registrations,
        end_upgrades,
        make_keys,
        notice_rounds,
        purge_store,
        restore_data,
        restore_vault,
        retention_of,
        upgrade_store,
        upgrade_vault,
        write_erasures,
    )

__getattr__ = names_on_demand(
    __name__,
    {
        "assembly": ("build_house",),
        "console": ("build_console", "build_officers"),
        "foundation": ("make_journal", "passkey_policy"),
        "logouts": ("open_courier", "open_courier_of_its_own"),
        "opening": (
            "MEMORY",
            "close_store",
            "open_keys",
            "open_store",
            "open_vault",
            "register_client",
            "register_clients",
            "surroundings",
        ),
        "station_registry": (
            "certificate_reader",
            "make_station_authority",
            "station_authority_wanted",
        ),
        "upkeep": (
            "back_up_data",
            "back_up_vault",
            "end_registrations",
            "end_upgrades",
            "make_keys",
            "notice_rounds",
            "purge_store",
            "restore_data",
            "restore_vault",
            "retention_of",
            "upgrade_store",
            "upgrade_vault",
            "write_erasures",
        ),
    },
)

__all__ = [
    "MEMORY",
    "back_up_data",
    "back_up_vault",
    "build_console",
    "build_house",
    "build_officers",
    "certificate_reader",
    "close_store",
    "end_registrations",
    "end_upgrades",
    "make_journal",
    "make_keys",
    "make_station_authority",
    "notice_rounds",
    "open_courier",
    "open_courier_of_its_own",
    "open_keys",
    "open_store",
    "open_vault",
    "passkey_policy",
    "purge_store",
    "register_client",
    "register_clients",
    "restore_data",
    "restore_vault",
    "retention_of",
    "station_authority_wanted",
    "surroundings",
    "upgrade_store",
    "upgrade_vault",
    "write_erasures",
]
