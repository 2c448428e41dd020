"""An operator pays for the command that is called, not for the others (law 8)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from hkeid_server.cli.main import main

# What serving needs, and no command that looks something up.
SERVING = {"flask", "werkzeug", "jinja2", "babel", "cv2", "numpy", "granian", "prometheus_client"}
EVERYTHING = SERVING | {"sqlalchemy", "alembic", "cryptography", "joserfc", "asn1crypto"}

_RUN = """
import resource, sys
try:
    from hkeid_server.cli import main
    main({words!r})
except SystemExit as ended:
    assert not ended.code, ended.code
used = resource.getrusage(resource.RUSAGE_SELF)
print()
print(used.ru_utime + used.ru_stime, *sorted(sys.modules))
"""


def _run(*words: str) -> tuple[float, set[str], set[str]]:
    """CPU seconds, packages and modules of a command in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN.format(words=list(words))],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    out = done.stdout.splitlines()[-1].split()
    return float(out[0]), {name.partition(".")[0] for name in out[1:]}, set(out[1:])


def _least(code: str) -> float:
    """CPU seconds of a script: the least of several runs, as a busy machine only adds."""
    script = f"{code}\nimport resource\nr = resource.getrusage(resource.RUSAGE_SELF)\n"
    script += "print(r.ru_utime + r.ru_stime)"
    runs = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        for _ in range(4)
    ]
    return min(float(one.stdout.split()[-1]) for one in runs)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sandbox")
    _run("init", "--sandbox", "--data", str(folder))
    return folder / "hkeid.toml"


def test_help_loads_no_command() -> None:
    _, packages, modules = _run("--help")
    assert not packages & EVERYTHING
    ours = {name for name in modules if name.startswith(("hkeid.", "hkeid_server."))}
    assert ours <= {
        "hkeid.kernel", "hkeid.kernel.errors",
        "hkeid_server.cli", "hkeid_server.cli.main",
    }  # fmt: skip


def test_help_costs_little_more_than_click() -> None:
    """By ratio, as machines differ; 2.5 s became 0.1 s where it was measured."""
    spent = min(_run("--help")[0] for _ in range(4))
    assert spent <= 2.5 * _least("import click, json, difflib")


@pytest.mark.parametrize("command", ["audit", "clients", "keys", "officers", "rp", "stations"])
def test_help_of_a_group_loads_neither_server_nor_store(command: str) -> None:
    assert not _run(command, "--help")[1] & SERVING
    if command in {"clients", "keys"}:
        assert not _run(command, "--help")[1] & EVERYTHING


@pytest.mark.parametrize(
    ("words", "without"),
    [
        (("keys", "list"), SERVING | {"sqlalchemy", "asn1crypto"}),
        (("clients", "list"), SERVING | {"alembic", "asn1crypto"}),
        (("clients", "test", "hko-suggestions"), SERVING | {"alembic", "asn1crypto"}),
        (("stations", "list"), SERVING | {"alembic"}),
        (("db", "upgrade"), SERVING),
        (("audit", "checkpoint"), SERVING),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_a_command_loads_what_it_needs(
    sandbox: Path, words: tuple[str, ...], without: set[str]
) -> None:
    _, packages, modules = _run(*words, "--config", str(sandbox))
    assert not packages & without
    assert "hkeid_server.wiring.assembly" not in modules
    assert "hkeid_server.house" not in modules


def test_the_list_of_commands_says_what_each_command_says() -> None:
    """The lines of the help are written down beside the names, so that nothing is loaded for them."""
    context = click.Context(main, info_name="hkeid", terminal_width=200, max_content_width=200)
    text = main.get_help(context)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        line = next(one for one in text.splitlines() if one.split()[:1] == [name])
        assert line.split(maxsplit=1)[1] == command.get_short_help_str(limit=200)
