"""An installation of the reference server in a folder: configuration, keys, database, process.

For demonstrations, benchmarks, torture and tests that need the real thing. Everything goes through
the ``hkeid`` command, as an operator would do it; the server is not imported.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hkeid.testing.processes import ServerProcess, free_port

_COMMAND = (sys.executable, "-m", "hkeid_server.cli")


class CommandFailed(AssertionError):
    """A ``hkeid`` command ended badly; the message has what it printed."""


class Installation:
    """A sandbox installation.

    :param folder: where ``hkeid.toml`` and everything else is.
    :param port: of the public listener.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.issuer = f"http://localhost:{port}"
        self.configuration = folder / "hkeid.toml"
        self.log = folder / "server.log"

    @classmethod
    def make(
        cls,
        folder: Path,
        *,
        port: int | None = None,
        clients: Iterable[Mapping[str, Any]] = (),
        **sections: Mapping[str, Any],
    ) -> Installation:
        """Write the configuration, make keys, bring the database up to date.

        :param port: a free one if None.
        :param clients: descriptions of clients, as in ``clients/*.toml``.
        :param sections: tables of the configuration that replace or add to the defaults here.
        :raises CommandFailed: the server refuses the configuration.
        """
        made = cls(folder, free_port() if port is None else port)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "clients").mkdir(exist_ok=True)
        for client in clients:
            made.describe(client)
        settings: dict[str, Any] = {
            "profile": "sandbox",
            "issuer": made.issuer,
            "server": {"port": made.port, "workers": 1, "threads": 2},
            "admin": {"enabled": False},
            "log": {"level": "warning", "access": False},
        }
        for name, section in sections.items():
            settings[name] = {**settings.get(name, {}), **section}
        made.configuration.write_text(_toml(settings), "utf-8")
        made.prepare(settings.get("sandbox", {}).get("relying_parties", {}))
        return made

    def prepare(self, relying_parties: Mapping[str, str] | None = None) -> None:
        """Make keys and databases where they are missing, and bring them up to date.

        :param relying_parties: where the example relying parties run, by client id; their usual
            places if empty.
        :raises CommandFailed: the server refuses the configuration.
        """
        places = [f"{client_id}={url}" for client_id, url in (relying_parties or {}).items()]
        words = [word for place in places for word in ("--relying-party", place)]
        self._hkeid("init", "--data", str(self.folder), "--sandbox", *words)

    def describe(self, client: Mapping[str, Any]) -> None:
        """Write a client's description: keys as in ``clients/*.toml``, and ``jwks`` itself."""
        client, place = dict(client), self.folder / "clients"
        if "jwks" in client:
            keys = place / f"{client['id']}.jwks.json"
            keys.write_text(json.dumps(client.pop("jwks")), "utf-8")
            client["jwks_file"] = keys.name
        (place / f"{client['id']}.toml").write_text(_toml(client), "utf-8")

    def run(self, *words: str) -> str:
        """Run ``hkeid WORDS`` with this configuration; gives what it printed.

        :raises CommandFailed: it did not end with status 0.
        """
        return self._hkeid(*words, "--config", str(self.configuration))

    def run_without_configuration(self, *words: str) -> str:
        """Run ``hkeid WORDS``, for commands that know no installation.

        :raises CommandFailed: it did not end with status 0.
        """
        return self._hkeid(*words)

    def _hkeid(self, *words: str) -> str:
        ended = subprocess.run(  # noqa: S603 - our own command
            [*_COMMAND, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise CommandFailed(f"hkeid {' '.join(words)}: {ended.stdout}{ended.stderr}")
        return ended.stdout

    def serve(self) -> ServerProcess:
        """Start the server; it listens when this returns."""
        command = [*_COMMAND, "serve", "--config", str(self.configuration)]
        return ServerProcess(command, port=self.port, log=self.log, folder=self.folder)


def _toml(table: Mapping[str, Any], name: str = "") -> str:
    """Enough of TOML for configurations: strings, numbers, lists, tables of them."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = [f"{json.dumps(key)} = {_value(value)}" for key, value in plain.items()]
    text = "\n".join(lines) + "\n"
    for key, value in table.items():
        if isinstance(value, Mapping):
            inner = f"{name}.{json.dumps(key)}" if name else json.dumps(key)
            text += f"\n[{inner}]\n" + _toml(value, inner)
    return text


def _value(value: Any) -> str:
    if isinstance(value, Path):
        value = str(value)
    return json.dumps(value, ensure_ascii=False)
