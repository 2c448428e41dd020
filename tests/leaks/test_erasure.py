"""Erased is erased: in the stores, in old backups, and after coming back from one (law 4)."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from hkeid.adapters.backup import restore_vault
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.adapters.vault import SqlVault
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import NotFound, Refused
from hkeid.profile.claims import CLAIMS
from hkeid.residents import PersonalFields, find_by_hkic
from hkeid.testing.canaries import Canary, CanarySearch
from hkeid.testing.virtual_resident import VirtualResident


class Gone:
    """A resident who had an eID, a profile, a session and tokens, and was erased while the server ran;
    and a neighbour who stays.

    :ivar sealed: what was sealed for the resident, as a backup from before still holds it.
    """

    def __init__(self, scene, service, enter, fill_in) -> None:
        self.scene, self.service = scene, service
        scene.start()
        self.id, code = enter(scene)
        self.hkic = next(text for text in scene.canaries["hkic number"] if "(" in text)
        self.neighbour, _ = enter(scene)
        self.resident = VirtualResident(scene.issuer, browser=scene.browser())
        self.resident.activate(code)
        fill_in(scene, self.resident, self.id)
        page = self.resident.go_through(self.resident.browser.get(service.request()))
        self.tokens = service.redeem(service.answer(page)["code"]).json()
        assert service.userinfo(self.tokens["access_token"]).status == 200
        self.sealed = scene.sql(
            "SELECT field, sealed FROM sealed_fields WHERE resident_id = :id", id=self.id
        )
        self.label = scene.sql(
            "SELECT id, label FROM credentials WHERE resident_id = :id", id=self.id
        )
        assert {field for field, _ in self.sealed} >= {
            "name_english", "hkic_number", "eme_since", "eme_residential_address", "eme_email",
        }  # fmt: skip
        with self.vault() as vault:
            self.wrapped = vault.get(self.id)
        assert self.keys_in_the_vault()
        with self.scene.house() as house:
            for field, sealed in self.sealed:
                assert house.fields.unseal(*self.place(field), bytes(sealed))
            self.disclosures = house.ledger.disclosures(self.id)
            assert all(house.ledger.disclosure_salt(one) for one in self.disclosures)
            assert house.ledger.standing(self.id)
        assert self.disclosures
        scene.back_up()
        with self.scene.house() as house:
            house.fields.erase(house.store, self.id, SystemClock().now())
        self.known = [
            one
            for one in scene.all_canaries()
            if one.kind.endswith(("name", "number", "date", "profile"))
        ]

    @contextmanager
    def vault(self):
        vault = SqlVault(self.scene.vault)
        yield vault
        vault.close()

    def place(self, field: str) -> tuple[str, str, str, str]:
        return self.id, "sealed_fields", "sealed", f"{self.id}.{field}"

    def keys_in_the_vault(self) -> bool:
        """Whether the resident's wrapped key is anywhere in the vault's files or rows."""
        url = self.scene.vault
        if url.get_backend_name() == "sqlite":
            file = Path(url.database)
            content = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
        else:
            content = repr(self.scene.sql("SELECT * FROM data_keys", url=url)).encode()
        return bool(CanarySearch([Canary(kind="wrapped key", value=self.wrapped)]).find(content))

    def backup(self, kind: str) -> Path:
        (found,) = self.scene.backups.rglob(f"hkeid-{kind}-*")
        return found

    def rows(self) -> list[int]:
        """How many rows of what is personal there are."""
        return [
            self.scene.sql(f"SELECT count(*) FROM {table} WHERE resident_id = :id", id=self.id)[0][
                0
            ]
            for table in ("sealed_fields", "blind_index")
        ]

    def assert_unreadable(self) -> None:
        """Nothing opens what is kept, not even what was kept before."""
        assert self.rows() == [0, 0]
        labels = self.scene.sql("SELECT label FROM credentials WHERE resident_id = :id", id=self.id)
        assert {bytes(label) for (label,) in labels} == {b""}
        with self.scene.house() as house, self.vault() as vault:
            assert vault.get(self.id) is None
            assert [erased for erased, _ in vault.erased()] == [self.id]
            fields = PersonalFields(house.keys, vault, SystemRandom())
            for field, sealed in self.sealed:
                with pytest.raises(NotFound, match="data_key_missing"):
                    fields.unseal(*self.place(field), bytes(sealed))
            for credential_id, label in self.label:
                with pytest.raises(NotFound, match="data_key_missing"):
                    fields.device_label(self.id, bytes(credential_id), bytes(label))
            self.assert_the_ledger_is_dumb(house)
            with house.store.transaction() as tx:
                assert find_by_hkic(tx, house.keys, HkicNumber.parse(self.hkic)) is None
                assert fields.read(tx, self.neighbour, ("name_english",)), "a neighbour was erased"

    def assert_the_ledger_is_dumb(self, house) -> None:
        """What is left of the ledger releases nothing, and its digests prove nothing any more."""
        now = SystemClock().now()
        for name in CLAIMS:
            assert house.ledger.release(self.id, "canary", [name], now) == {}, name
        overview = house.profile.overview(self.id)
        assert (overview.since, dict(overview.values)) == (None, {})
        for disclosure in self.disclosures:
            with pytest.raises(NotFound, match="data_key_missing"):
                house.ledger.disclosure_salt(disclosure)

    def assert_nobody_is_logged_in(self) -> None:
        """Neither session nor passkey nor token does anything."""
        browser = self.resident.browser
        page = browser.get(f"{self.scene.issuer}/account")
        assert "passkey-form" in page.attributes, page.unexpected("the session lives")
        page = self.resident.ceremony(page)
        assert page.status == 403, page.unexpected("logged in")
        for page in (
            self.service.userinfo(self.tokens["access_token"]),
            self.service.refresh(self.tokens["refresh_token"]),
        ):
            assert page.status in {400, 401}, page.text
            assert not CanarySearch(self.known).find(page.body)


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def gone(request, tmp_path_factory, installation_of_canaries, enter_a_person, fill_in_a_profile):
    folder = tmp_path_factory.mktemp("erasure")
    with installation_of_canaries(folder, request.param) as (scene, service):
        yield Gone(scene, service, enter_a_person, fill_in_a_profile)


# In this order: each begins with what the one before left.


def test_at_once_while_the_server_runs(gone) -> None:
    gone.assert_nobody_is_logged_in()
    gone.assert_unreadable()


def test_no_copy_of_the_key_is_left_in_the_vault(gone) -> None:
    """Not in a freed page either; wherever the data went, it cannot be read any more."""
    assert not gone.keys_in_the_vault()


def test_after_coming_back_from_an_old_backup(gone) -> None:
    """The erasure list is replayed before anything may be served."""
    gone.scene.server.stop()
    said = gone.scene.command("restore", "data", "--replace", str(gone.backup("data")))
    assert "1 residents erased again" in said
    gone.assert_unreadable()
    gone.scene.start()
    gone.assert_nobody_is_logged_in()
    assert "nothing was altered" in gone.scene.command("audit", "verify")


def test_a_vault_from_before_does_not_bring_the_key_back(gone) -> None:
    gone.scene.server.stop()
    backup = gone.backup("vault")
    gone.scene.command("restore", "vault", "--replace", str(backup))
    gone.assert_unreadable()


def test_a_lost_vault_comes_back_with_the_erasure_list_only(gone) -> None:
    scene, backup = gone.scene, gone.backup("vault")
    erasures = scene.backups / f"list-{secrets.token_hex(4)}.jsonl"
    scene.command("backup", "erasures", str(erasures))
    scene.sql("DROP TABLE data_keys", url=scene.vault)
    now = SystemClock().now()
    with pytest.raises(Refused, match="erasure_list_missing"):
        restore_vault(backup, scene.vault, now=now, replace=True)
    with pytest.raises(Refused, match="backup_expired"):
        restore_vault(backup, scene.vault, now=now + timedelta(days=8), replace=True)
    scene.command("restore", "vault", "--replace", "--erasures", str(erasures), str(backup))
    gone.assert_unreadable()
