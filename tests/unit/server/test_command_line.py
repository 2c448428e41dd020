"""``hkeid``: every command, its words and its exit status."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hkeid.adapters.station_ca import StationCa
from hkeid.adapters.system import SystemClock
from hkeid.testing.card_issuer import CardIssuer
from hkeid_server.cli import main

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sandbox")
    result = CliRunner().invoke(main, ["init", "--sandbox", "--data", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def hkeid(made: Path, tmp_path: Path) -> Callable[..., Result]:
    """Run a command on a copy of the sandbox."""
    folder = tmp_path / "sandbox"
    shutil.copytree(made, folder)

    def run(*words: str) -> Result:
        command = [*words, "--config", str(folder / "hkeid.toml")]
        return CliRunner().invoke(main, command, catch_exceptions=False)

    return run


def test_help_lists_every_command() -> None:
    text = CliRunner().invoke(main, ["--help"]).output
    for name in ("audit", "backup", "check", "clients", "db", "init", "keys", "personas",
                 "restore", "rp", "serve"):  # fmt: skip
        assert f"\n  {name}" in text


def test_init_says_what_it_made_and_may_be_repeated(made: Path) -> None:
    assert (made / "keys").stat().st_mode & 0o077 == 0
    assert (made / "clients" / "hko-suggestions.pem").exists()
    before = (made / "hkeid.toml").read_text()
    result = CliRunner().invoke(main, ["init", "--sandbox", "--data", str(made)])
    assert result.exit_code == 0
    assert "registered 0 test persons" in result.output
    assert "made keys" not in result.output
    assert (made / "hkeid.toml").read_text() == before


def test_init_for_production(tmp_path: Path) -> None:
    words = ["init", "--issuer", "https://eid.example.hk", "--data", str(tmp_path)]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert 'profile = "production"' in (tmp_path / "hkeid.toml").read_text()
    result = CliRunner().invoke(main, ["init", "--sandbox", "--data", str(tmp_path)])
    assert result.exit_code == 3
    assert "is for production" in result.stderr


@pytest.mark.parametrize("text", ["hko-suggestions", "hko-suggestions=https://x", "=x"])
def test_init_with_a_malformed_address(tmp_path: Path, text: str) -> None:
    words = ["init", "--sandbox", "--data", str(tmp_path), "--relying-party", text]
    assert CliRunner().invoke(main, words).exit_code == 3


def test_check(hkeid: Callable[..., Result]) -> None:
    result = hkeid("check")
    assert result.exit_code == 0
    assert "✗" not in result.output
    assert "3 clients" in result.output
    for line in (
        "✓ register of persons: test persons, inside this process",
        "✓ documents: rapidocr",
        "✓ faces: deepface, not calibrated",
        "✓ liveness: head-turn",
        "– stations: not served",
        "– country signers: not needed without stations",
        "✓ notices: email, inbox, sms; sent every 15 s",
        "✓ officers: ",
    ):
        assert line in result.output


def checked(folder: Path, *sections: str) -> Result:
    """``hkeid check`` of a sandbox with more in its configuration."""
    file = folder / "hkeid.toml"
    text = file.read_text("utf-8").replace('[registry]\nurl = "personas"\n', "")
    file.write_text("\n".join((text, *sections)), "utf-8")
    return CliRunner().invoke(main, ["check", "--config", str(file)], catch_exceptions=False)


def commands_of(page: str, heading: str) -> list[list[str]]:
    """The ``hkeid`` commands below a heading of the documentation, as words."""
    text = (ROOT / "docs" / page).read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [shlex.split(line)[2:] for line in text.splitlines() if line.startswith("$ hkeid ")]


def test_officers_as_the_how_to_enters_them(hkeid: Callable[..., Result]) -> None:
    commands = commands_of("how-to/review-referred-cases.md", "Enter officers")
    assert [words[1] for words in commands] == ["add", "code", "list", "roles", "suspend"]
    for words in commands:
        result = hkeid(*words)
        assert result.exit_code == 0, result.output
        if words[1] in {"add", "code"}:
            officer, code = result.output.splitlines()
            assert re.fullmatch(r"officer  officer:\S+  LUI, Sze", officer)
            assert re.fullmatch(r"code     [0-9A-Z-]{9,}", code)
    assert "STATE" in hkeid("officers", "list").output.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "asks"), [((), True), (("--no-number",), False), (("--number",), True)]
)
def test_production_asks_for_an_officers_number(
    hkeid: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    *,
    asks: bool,
) -> None:
    from hkeid_server.cli import officers

    opened = officers._officers
    real = officers.read
    monkeypatch.setattr(officers, "_ask_number", lambda: "not a number")
    monkeypatch.setattr(officers, "read", lambda _path: SimpleNamespace(production=True))

    def in_sandbox(path: Path) -> Any:
        with monkeypatch.context() as inner:
            inner.setattr(officers, "read", real)
            return opened(path)

    monkeypatch.setattr(officers, "_officers", in_sandbox)
    result = hkeid("officers", "add", "KO, Kap", "--role", "auditor", *words)
    assert result.exit_code == (1 if asks else 0), result.output


def test_a_number_for_an_officer_who_was_entered_without(
    hkeid: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hkeid_server.cli import officers

    for name in ("FUNG, Ling", "YIP, Ho"):
        hkeid("officers", "add", name, "--role", "auditor")
    typed = {"number": "A123456(3)"}
    monkeypatch.setattr(officers, "_ask_number", lambda: typed["number"])
    result = hkeid("officers", "number", "FUNG, Ling")
    assert (result.exit_code, "number kept" in result.output) == (0, True), result.output
    assert "A123456" not in result.output
    assert hkeid("officers", "number", "FUNG, Ling").exit_code == 0
    result = hkeid("officers", "number", "YIP, Ho")
    assert (result.exit_code, "own_number_taken" in result.stderr) == (1, True)
    result = hkeid("officers", "number", "Nobody")
    assert (result.exit_code, "officer unknown" in result.stderr) == (1, True)
    typed["number"] = "A123456(4)"
    assert hkeid("officers", "number", "YIP, Ho").exit_code == 1
    rows = json.loads(hkeid("officers", "list", "--json").output)
    numbered = {one["name"]: one["numbered"] for one in rows}
    assert (numbered["FUNG, Ling"], numbered["YIP, Ho"]) == (True, False)


def test_check_warns_of_officers_without_a_number_in_production(
    hkeid: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hkeid_server import wiring
    from hkeid_server.cli import officers
    from hkeid_server.cli.check_services import Doubtful
    from hkeid_server.cli.check_services import officers as check_officers
    from hkeid_server.cli.shared import read

    hkeid("officers", "add", "FUNG, Ling", "--role", "auditor")
    config = read(tmp_path / "sandbox" / "hkeid.toml")
    house = wiring.build_house(config)
    monkeypatch.setattr(wiring, "build_house", lambda _config: house)
    production = SimpleNamespace(production=True, store=config.store)
    with house.store.transaction() as tx:
        without = [one.id for one in tx.officers if one.own_number is None]
    with pytest.raises(Doubtful, match="hkeid officers number") as doubt:
        check_officers(production)  # type: ignore[arg-type]
    assert without
    assert all(one in str(doubt.value) for one in without)
    assert "entered" in check_officers(config), "a sandbox needs none"
    monkeypatch.setattr(officers, "_ask_number", lambda: "A123456(3)")
    assert hkeid("officers", "number", "FUNG, Ling").exit_code == 0
    for one in without:  # who is suspended decides nothing
        assert hkeid("officers", "suspend", one).exit_code == 0
    with house.store.transaction() as tx:
        (fung,) = [one.id for one in tx.officers if one.id in without and one.own_number]
    assert hkeid("officers", "suspend", "--resume", fung).exit_code == 0
    assert "entered" in check_officers(production)  # type: ignore[arg-type]


def test_a_doubt_does_not_fail_the_check(
    hkeid: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hkeid_server.cli.check_services import Doubtful

    def doubtful(_config: object) -> str:
        raise Doubtful("1 of 2 without")

    check = importlib.import_module("hkeid_server.cli.check")
    monkeypatch.setattr(check, "_CHECKS", {"officers": doubtful})
    result = hkeid("check")
    assert (result.exit_code, "! officers: 1 of 2 without" in result.output) == (0, True)


def test_a_name_that_two_officers_have(hkeid: Callable[..., Result]) -> None:
    hkeid("officers", "add", "KO, Kap", "--role", "auditor")
    result = hkeid("officers", "code", "KO, Kap")
    assert result.exit_code == 1
    assert "officer ambiguous" in result.stderr
    ids = re.findall(r"officer:[\w-]+", result.stderr)
    assert len(ids) == 2
    assert hkeid("officers", "code", ids[1]).exit_code == 0
    result = hkeid("officers", "code", "Nobody")
    assert (result.exit_code, "officer unknown" in result.stderr) == (1, True)


def test_check_of_a_register_that_does_not_answer(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "sandbox"
    shutil.copytree(made, folder)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        result = checked(folder, f'[registry]\nurl = "http://localhost:{port}"')
        assert "✗ register of persons: registry unreachable: localhost:" in result.output
        taken.listen()
        result = CliRunner().invoke(main, ["check", "--config", str(folder / "hkeid.toml")])
    assert f"✓ register of persons: localhost:{port} answers" in result.output


def test_check_of_stations_and_country_signers(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "sandbox"
    shutil.copytree(made, folder)
    secret = "s" * 32
    section = (
        '[stations]\nenabled = true\nproxies = ["127.0.0.1"]\nauthority = "stations"\n'
        f'proxy_secret = "{secret}"\n[registry]\nurl = "personas"\n'
    )
    StationCa.create(folder / "stations", name="t", now=SystemClock().now())
    result = checked(folder, section)
    assert "✓ stations: 0 entered; let in from 127.0.0.1" in result.output
    assert "✗ country signers: " in result.output
    assert result.exit_code == 1
    assert secret not in result.output
    signers = folder / "country-signers"
    signers.mkdir()
    (signers / "csca.der").write_bytes(CardIssuer().root.der)
    (signers / "rubbish.pem").write_bytes(b"rubbish")
    result = CliRunner().invoke(main, ["check", "--config", str(folder / "hkeid.toml")])
    assert (
        "✓ country signers: UT: 1 certificates, 0 revocation lists, 1 not believed" in result.output
    )


def test_check_names_what_is_not_there(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "sandbox"
    shutil.copytree(made, folder)
    result = checked(
        folder,
        '[faces]\nmatcher = "none"\n[documents]\nreader = "none"\n[liveness]\ncheck = "none"',
    )
    for name in ("register of persons", "documents", "faces", "liveness"):
        assert f"– {name}: none" in result.output
    assert result.exit_code == 0


def test_check_of_a_broken_house(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(made, folder)
    (folder / "hkeid.sqlite").unlink()
    result = CliRunner().invoke(main, ["check", "--config", str(folder / "hkeid.toml")])
    assert result.exit_code == 1
    assert "✗ store" in result.output
    assert "hkeid db upgrade" in result.output


def test_no_configuration(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", "--config", str(tmp_path / "none.toml")])
    assert result.exit_code == 3
    assert "hkeid init" in result.stderr
    assert "Traceback" not in result.output


def test_keys(hkeid: Callable[..., Result]) -> None:
    listed = hkeid("keys", "list").output
    assert "token-signing      ES256     active" in listed
    assert "PRIVATE" not in listed
    assert "made a key: next" in hkeid("keys", "rotate", "token-signing").output
    assert "ES256     next" in hkeid("keys", "list").output
    assert hkeid("keys", "rotate", "audit-checkpoint").exit_code == 0
    assert hkeid("keys", "rotate", "resident-data").exit_code == 0


def test_clients(hkeid: Callable[..., Result], tmp_path: Path) -> None:
    assert "hko-suggestions" in hkeid("clients", "list").output
    assert hkeid("clients", "test", "hko-suggestions").exit_code == 0
    assert hkeid("clients", "test", "nobody").exit_code == 1
    description = tmp_path / "rp.toml"
    text = (
        'id = "rp"\nredirect_uris = ["https://rp.example.hk/cb"]\nauth_method = "none"\n'
        'sector_identifier = "rp"\nenabled = false\n'
        '[name]\nen = "Library"\n[claims.shoe_size]\nen = "?"\nzh-Hant-HK = "?"\nzh-Hans = "?"\n'
    )
    description.write_text(text.replace("/cb", "/*"))
    assert "'redirect_uris': wildcards" in hkeid("clients", "add", str(description)).output
    description.write_text(text)
    assert hkeid("clients", "add", str(description)).output == "registered rp\n"
    result = hkeid("clients", "test", "rp")
    assert result.exit_code == 1
    assert "it is disabled" in result.output
    assert "claim 'shoe_size' does not exist" in result.output


def test_personas(hkeid: Callable[..., Result]) -> None:
    listed = hkeid("personas", "--ticket", "chan-tai-man").output
    (line,) = [one for one in listed.splitlines() if one.startswith("chan-tai-man ")]
    assert line.split()[2].count("-") == 2
    rows = json.loads(hkeid("personas", "--json").output)
    assert len(rows) >= 24
    assert all(bool(row["ticket"]) == (row["state"] == "applicant") for row in rows)


def test_an_unknown_person_gets_no_ticket(hkeid: Callable[..., Result]) -> None:
    result = hkeid("personas", "--ticket", "nobody")
    assert result.exit_code == 2
    assert "no such person: nobody" in result.output


def test_a_port_that_is_taken_is_refused_before_anything_serves(
    hkeid: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = str(other.getsockname()[1])
        monkeypatch.setenv("HKEID_SERVER_PORT", port)
        result = hkeid("serve", "--no-admin")
    assert result.exit_code == 3
    assert f"127.0.0.1:{port}" in result.output


def test_a_command_without_its_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "hkeid_server.cli.clients", None)
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0
    result = CliRunner().invoke(main, ["clients", "add", "library.toml", "--config", "x.toml"])
    assert result.exit_code == 3
    assert "pip install 'hkeid[server]'" in result.output


def test_personas_of_a_store_in_memory(tmp_path: Path) -> None:
    config = tmp_path / "hkeid.toml"
    config.write_text(
        'profile = "sandbox"\nissuer = "http://localhost:8000"\n[store]\nurl = "memory"\n'
    )
    assert CliRunner().invoke(main, ["personas", "--config", str(config)]).exit_code == 3


def test_audit_without_a_checkpoint_promises_less(made: Path, tmp_path: Path) -> None:
    """Law 5: a cut-off tail is found against the last checkpoint, and only against one."""
    folder = tmp_path / "young"
    shutil.copytree(made, folder)
    with sqlite3.connect(folder / "hkeid.sqlite") as database:
        database.execute("DELETE FROM audit_checkpoints")
    database.close()
    result = CliRunner().invoke(main, ["audit", "verify", "--config", str(folder / "hkeid.toml")])
    assert result.exit_code == 0
    assert "cut off cannot be told" in result.output
    assert "nothing was altered, removed, reordered or cut off" not in result.output


def test_audit(hkeid: Callable[..., Result], tmp_path: Path) -> None:
    anchor = hkeid("audit", "checkpoint").output.strip()
    assert anchor.startswith("1:")
    verified = hkeid("audit", "verify", "--anchor", anchor, "--max-age", "60")
    assert verified.exit_code == 0, verified.output
    wrong = hkeid("audit", "verify", "--anchor", "1:" + "00" * 32)
    assert wrong.exit_code == 5
    assert "✗ checkpoint_differs_from_anchor" in wrong.output
    assert hkeid("audit", "verify", "--anchor", "one").exit_code == 3
    exported = tmp_path / "trail.jsonl"
    assert hkeid("audit", "export", "--output", str(exported)).exit_code == 0
    assert hkeid("audit", "verify", "--export", str(exported)).exit_code == 0
    assert "newest checkpoint: 1 of" in verified.output
    refused = hkeid("audit", "verify", "--export", str(exported), "--max-age", "60")
    assert refused.exit_code == 2, "an option that would do nothing is refused"
    lines = exported.read_text().splitlines()
    (tmp_path / "cut.jsonl").write_text("\n".join(lines[:-3] + lines[-1:]) + "\n")
    assert hkeid("audit", "verify", "--export", str(tmp_path / "cut.jsonl")).exit_code != 0


def test_backup_and_restore(hkeid: Callable[..., Result], tmp_path: Path) -> None:
    data = hkeid("backup", "data", str(tmp_path / "a")).output.strip()
    vault = hkeid("backup", "vault", str(tmp_path / "b")).output.strip()
    erasures = tmp_path / "erasures.jsonl"
    assert hkeid("backup", "erasures", str(erasures)).exit_code == 0
    assert hkeid("restore", "data", data).exit_code == 1, "what is there is not replaced unasked"
    assert "restored" in hkeid("restore", "data", data, "--replace").output
    assert (
        "stay erased"
        in hkeid("restore", "vault", vault, "--replace", "--erasures", str(erasures)).output
    )
    assert hkeid("audit", "verify").exit_code == 0


def test_db_upgrade_may_be_repeated(hkeid: Callable[..., Result]) -> None:
    assert "store: at" in hkeid("db", "upgrade").output
