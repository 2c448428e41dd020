"""Opening the outside parts that a configuration names: clock, chance, keys, store, vault."""

from __future__ import annotations

from typing import Any

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret
from hkeid.op.records import Client
from hkeid.ports import Clock, DataKeyVault, KeyStore, Random, Store
from hkeid_server.config import Config

MEMORY = "memory"
"""The URL of a store or vault in memory."""


def surroundings() -> tuple[Clock, Random]:
    """The machine's clock and chance."""
    return SystemClock(), SystemRandom()


def open_keys(config: Config, clock: Clock, random: Random) -> Any:
    """The key store of a configuration; operators' commands find more on it than the port says."""
    from hkeid.adapters.keyfiles import FileKeyStore

    return FileKeyStore(
        config.path(config.keys.directory),
        clock=clock,
        random=random,
        passphrase=config.keys.passphrase,
    )


def open_store(config: Config, keys: KeyStore, clock: Clock, random: Random) -> Any:
    """The store of a configuration, with the repositories of every room."""
    if config.store.url == MEMORY:
        from hkeid.adapters.memory import MemoryStore

        return MemoryStore(keys=keys, clock=clock, random=random)
    from hkeid.adapters.sql import SqlStore

    return SqlStore(
        store_url(config),
        keys=keys,
        clock=clock,
        random=random,
        pool_size=config.server.threads + 2,
    )


def register_clients(config: Config, store: Store[Any]) -> None:
    """Register the clients described in files. A client without a file stays as it is registered.

    :raises hkeid.kernel.errors.ConfigurationError: as :func:`register_client`; a description is wrong.
    """
    from hkeid_server.clients import read_clients

    for client in read_clients(config.path(config.clients), profile=config.profile):
        register_client(config, store, client)


def register_client(config: Config, store: Store[Any], client: Client) -> None:
    """Register a client of OpenID Connect, or replace it.

    :raises hkeid.kernel.errors.ConfigurationError: ``saml_service_repeated``: a SAML service has its id, and with it
        the consents that residents gave.
    """
    from hkeid_server.descriptions import description_files

    services = config.path(config.saml.services)
    if config.saml.enabled and client.id in {one.stem for one in description_files(services)}:
        raise ConfigurationError(
            "saml_service_repeated",
            detail=f"{services / client.id}.toml: a client of OpenID Connect is called {client.id}; "
            "give one of them another name",
        )
    with store.transaction() as tx:
        if tx.clients.get(client.id) != client:
            tx.clients.put(client)


def open_vault(config: Config) -> DataKeyVault:
    """Where wrapped data keys live."""
    from hkeid.adapters.vault import MemoryVault, SqlVault

    if config.vault.url == MEMORY:
        return MemoryVault()
    return SqlVault(vault_url(config))


def store_url(config: Config) -> Any:
    """The address of the data."""
    return _database_url(config, config.store.url, config.store.password)


def vault_url(config: Config) -> Any:
    """The address of the vault."""
    return _database_url(config, config.vault.url, config.vault.password)


def _database_url(config: Config, url: str, password: Secret | None) -> Any:
    """Relative SQLite files lie beside the configuration, the password comes in."""
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        parsed = parsed.set(database=str(config.path(parsed.database)))
    return parsed if password is None else parsed.set(password=password.reveal())


def close_store(store: Any) -> None:
    """Let go of the database, so that another process may have it to itself."""
    store.close()
