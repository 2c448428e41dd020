"""ID tokens and refreshing (OpenID Connect Core §2, §3.1.3, §11, §12; RFC 6749 §6; RFC 9700 §4.14)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hkeid.identity.state import EidState
from hkeid.kernel.instants import epoch_seconds
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.hashes import at_hash
from hkeid.op import ConsentGiven, Interaction, ProviderSettings
from hkeid.op.codes import REFRESH_KIND
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.provider import BROWSER, ISSUER, ProviderBench, a_client


class TestIdToken:
    def test_members(self, bench: ProviderBench) -> None:
        """§2; §3.1.3.6 for ``at_hash``."""
        bench.log_in()
        bench.clock.advance(7)
        tokens = bench.exchange(bench.code(bench.authorize()))
        claims = bench.claims_of(tokens["id_token"])
        now = epoch_seconds(bench.clock.now())
        assert claims.pop("sub")
        assert claims.pop("sid")
        assert claims == {
            "iss": ISSUER,
            "aud": "hko",
            "exp": now + 600,
            "iat": now,
            "auth_time": now - 7,
            "nonce": "nonce-1",
            "acr": "urn:hkeid:acr:eid",
            "amr": ["pop", "swk", "user"],
            "at_hash": at_hash(tokens["access_token"], "ES256"),
        }

    def test_without_nonce_there_is_none(self, bench: ProviderBench) -> None:
        bench.log_in()
        tokens = bench.exchange(bench.code(bench.authorize(nonce=None)))
        assert "nonce" not in bench.claims_of(tokens["id_token"])

    @pytest.mark.parametrize("algorithm", ["ES256", "RS256", "Ed25519", "EdDSA"])
    def test_in_the_algorithm_of_the_client(self, algorithm: str) -> None:
        bench = ProviderBench(
            a_client(id_token_signed_response_alg=algorithm), keys=MemoryKeyStore()
        )
        bench.log_in()
        tokens = bench.exchange(bench.code(bench.authorize()))
        claims = bench.claims_of(tokens["id_token"], algorithm)
        assert claims["at_hash"] == at_hash(tokens["access_token"], algorithm)

    def test_personal_claims_only_where_asked_for_in_the_id_token(
        self, agreed: ProviderBench
    ) -> None:
        """§5.4: with a code, claims of scopes come from UserInfo; §5.5 for the others."""
        wanted = json.dumps({"id_token": {"birthdate": None, "email": None}})
        tokens = agreed.exchange(
            agreed.code(agreed.authorize(scope="openid profile", claims=wanted))
        )
        claims = agreed.claims_of(tokens["id_token"])
        assert claims["birthdate"] == "1990-02"
        assert not {"name", "gender", "email"} & claims.keys()

    def test_consent_that_was_withdrawn_counts_at_that_moment(self, agreed: ProviderBench) -> None:
        wanted = json.dumps({"id_token": {"birthdate": None}})
        code = agreed.code(agreed.authorize(claims=wanted))
        agreed.claims.agreed.clear()
        assert "birthdate" not in agreed.claims_of(agreed.exchange(code)["id_token"])

    def test_a_claim_can_not_pretend_to_be_of_the_protocol(self, agreed: ProviderBench) -> None:
        agreed.claims.values["resident-1"] |= {"name#x": "x", "sub": "forged", "iss": "forged"}
        wanted = json.dumps({"id_token": {"name": None, "sub": None, "iss": None}})
        tokens = agreed.exchange(agreed.code(agreed.authorize(claims=wanted)))
        claims = agreed.claims_of(tokens["id_token"])
        assert claims["iss"] == ISSUER
        assert claims["sub"] != "forged"


class TestSubject:
    """§8.1: pairwise identifiers."""

    def subject(self, bench: ProviderBench, client_id: str) -> str:
        with bench.store.transaction() as tx:
            client = tx.clients.get(client_id)
        assert client is not None
        code = bench.code(
            bench.authorize(client_id=client_id, redirect_uri=client.redirect_uris[0])
        )
        answer = bench.token(
            client,
            grant_type="authorization_code",
            code=code,
            redirect_uri=client.redirect_uris[0],
            code_verifier="v" * 43,
        )
        claims = bench.claims_of(bench.good(answer)["id_token"])
        subject: str = claims["sub"]
        return subject

    def test_the_same_in_a_sector_another_in_each_other(self) -> None:
        bench = ProviderBench(
            a_client("one"), a_client("two"), a_client("three", sector_identifier="bank.example")
        )
        bench.log_in()
        one, two, three = (self.subject(bench, name) for name in ("one", "two", "three"))
        assert one == two
        assert one != three
        bench.add_resident("resident-2")
        bench.log_in("resident-2")
        assert self.subject(bench, "one") not in (one, three)

    def test_it_tells_nothing(self, bench: ProviderBench) -> None:
        bench.log_in()
        subject = self.subject(bench, "hko")
        assert len(subject) == 43
        assert "resident" not in subject

    def test_sid_differs_by_client_and_is_not_the_session_id(self) -> None:
        bench = ProviderBench(a_client("one"), a_client("two"))
        view = bench.log_in()
        first = bench.claims_of(bench.exchange(bench.code(bench.authorize()))["id_token"])["sid"]
        again = bench.claims_of(bench.exchange(bench.code(bench.authorize()))["id_token"])["sid"]
        assert first == again
        assert first != view.session_id
        bench.client = bench.register(a_client("two"))
        other = bench.claims_of(bench.exchange(bench.code(bench.authorize()))["id_token"])["sid"]
        assert first != other


class TestOfflineAccess:
    def test_needs_prompt_consent(self, agreed: ProviderBench) -> None:
        """§11: "MUST ensure that the prompt parameter contains consent …; MUST ignore the
        offline_access request" otherwise.
        """
        tokens = agreed.exchange(agreed.code(agreed.authorize(scope="openid offline_access")))
        assert "refresh_token" not in tokens
        assert tokens["scope"] == "openid"

    def test_needs_the_grant_type(self) -> None:
        bench = ProviderBench()
        view = bench.log_in()
        asked = bench.authorize(scope="openid offline_access", prompt="consent")
        assert isinstance(asked, Interaction)
        answer = bench.provider.resume(asked.id, ConsentGiven(), browser=BROWSER, session=view)
        assert "refresh_token" not in bench.exchange(bench.code(answer))

    def test_gives_a_refresh_token(self, offline: dict[str, Any]) -> None:
        assert len(offline["refresh_token"]) == 43
        assert offline["scope"] == "openid profile offline_access"

    def test_outlives_the_session(self, agreed: ProviderBench, offline: dict[str, Any]) -> None:
        agreed.sessions.end("session-reference")
        assert agreed.refresh(offline["refresh_token"]).status == 200


class TestRefresh:
    def test_the_new_id_token(self, agreed: ProviderBench, offline: dict[str, Any]) -> None:
        """§12.2: same iss, sub, aud, auth_time; its own iat; no nonce needed."""
        agreed.clock.advance(3600)
        tokens = agreed.good(agreed.refresh(offline["refresh_token"]))
        old, new = (agreed.claims_of(t["id_token"]) for t in (offline, tokens))
        assert {n: old[n] for n in ("iss", "sub", "aud", "auth_time", "acr", "sid")} == {
            n: new[n] for n in ("iss", "sub", "aud", "auth_time", "acr", "sid")
        }
        assert new["iat"] == old["iat"] + 3600
        assert "nonce" not in new
        assert new["at_hash"] == at_hash(tokens["access_token"], "ES256")
        assert tokens["access_token"] != offline["access_token"]

    def test_rotation(self, agreed: ProviderBench, offline: dict[str, Any]) -> None:
        token, seen = offline["refresh_token"], {offline["refresh_token"]}
        for _ in range(5):
            agreed.clock.advance(60)
            token = agreed.good(agreed.refresh(token))["refresh_token"]
            assert token not in seen
            seen.add(token)
        assert agreed.events().count("op:refresh:rotated") == 5

    def test_within_the_grace_window_the_successor_is_the_same(
        self, agreed: ProviderBench, offline: dict[str, Any]
    ) -> None:
        first = agreed.good(agreed.refresh(offline["refresh_token"]))
        agreed.clock.advance(9.9)
        second = agreed.good(agreed.refresh(offline["refresh_token"]))
        assert first["refresh_token"] == second["refresh_token"]
        assert first["access_token"] != second["access_token"]
        assert agreed.userinfo(first["access_token"]).status == 200
        assert agreed.userinfo(second["access_token"]).status == 200
        assert agreed.events()[-1] != "op:refresh:replayed"

    def test_after_it_the_grant_is_revoked(
        self, agreed: ProviderBench, offline: dict[str, Any]
    ) -> None:
        first = agreed.good(agreed.refresh(offline["refresh_token"]))
        agreed.clock.advance(10)
        assert agreed.error(agreed.refresh(offline["refresh_token"])) == "invalid_grant"
        assert agreed.error(agreed.refresh(first["refresh_token"])) == "invalid_grant"
        for tokens in (offline, first):
            assert agreed.userinfo(tokens["access_token"]).status == 401
        assert "op:refresh:replayed" in agreed.events()

    def test_and_so_it_is_at_once_when_the_successor_was_used(
        self, agreed: ProviderBench, offline: dict[str, Any]
    ) -> None:
        """RFC 9700 §4.14.2: the client had its answer, so whoever comes now is somebody else."""
        second = agreed.good(agreed.refresh(offline["refresh_token"]))
        third = agreed.good(agreed.refresh(second["refresh_token"]))
        agreed.clock.advance(5)
        assert agreed.error(agreed.refresh(offline["refresh_token"])) == "invalid_grant"
        assert agreed.error(agreed.refresh(third["refresh_token"])) == "invalid_grant"
        assert agreed.userinfo(third["access_token"]).status == 401
        assert "op:refresh:replayed" in agreed.events()

    def test_without_grace_a_second_use_is_a_replay(self) -> None:
        settings = ProviderSettings(refresh_grace=timedelta(0), client_cache=timedelta(0))
        bench = ProviderBench(
            a_client(grant_types=("authorization_code", "refresh_token")), settings=settings
        )
        view = bench.log_in()
        asked = bench.authorize(scope="openid offline_access", prompt="consent")
        assert isinstance(asked, Interaction)
        answer = bench.provider.resume(asked.id, ConsentGiven(), browser=BROWSER, session=view)
        token = bench.exchange(bench.code(answer))["refresh_token"]
        assert bench.refresh(token).status == 200
        assert bench.error(bench.refresh(token)) == "invalid_grant"

    def test_the_successor_in_the_store_is_sealed(
        self, agreed: ProviderBench, offline: dict[str, Any]
    ) -> None:
        old = offline["refresh_token"]
        new = agreed.good(agreed.refresh(old))["refresh_token"]
        with agreed.store.transaction() as tx:
            record = tx.single_use.look(REFRESH_KIND, secret_digest(old))
        assert record is not None
        assert record.result is not None
        for secret in (old, new):
            assert secret.encode() not in record.result + record.payload

    def test_of_another_client(self, agreed: ProviderBench, offline: dict[str, Any]) -> None:
        """RFC 6749 §6: bound to the client; presented wrongly it is not used up."""
        other = agreed.register(
            a_client("other", grant_types=("authorization_code", "refresh_token"))
        )
        form = {"grant_type": "refresh_token", "refresh_token": offline["refresh_token"]}
        assert agreed.error(agreed.token(other, **form)) == "invalid_grant"
        assert agreed.refresh(offline["refresh_token"]).status == 200

    def test_narrowing_the_scope(self, agreed: ProviderBench, offline: dict[str, Any]) -> None:
        """RFC 6749 §6: less scope for the access token; the next refresh may have all again."""
        narrow = agreed.good(agreed.refresh(offline["refresh_token"], scope="openid"))
        assert narrow["scope"] == "openid"
        assert set(agreed.good(agreed.userinfo(narrow["access_token"]))) == {"sub"}
        wide = agreed.good(agreed.refresh(narrow["refresh_token"]))
        assert "name" in agreed.good(agreed.userinfo(wide["access_token"]))

    @pytest.mark.parametrize("scope", ["openid email", "profile", "openid  profile"])
    def test_a_scope_that_may_not_be(
        self, agreed: ProviderBench, offline: dict[str, Any], scope: str
    ) -> None:
        answer = agreed.refresh(offline["refresh_token"], scope=scope)
        assert agreed.error(answer) == "invalid_scope"
        assert agreed.refresh(offline["refresh_token"]).status == 200

    @pytest.mark.parametrize("state", [EidState.SUSPENDED, EidState.REVOKED])
    def test_a_resident_who_may_not_log_in(
        self, agreed: ProviderBench, offline: dict[str, Any], state: EidState
    ) -> None:
        agreed.set_state("resident-1", state)
        assert agreed.error(agreed.refresh(offline["refresh_token"])) == "invalid_grant"
        if state is EidState.SUSPENDED:
            agreed.set_state("resident-1", EidState.ACTIVE)
            assert agreed.refresh(offline["refresh_token"]).status == 200

    def test_a_token_that_rests_too_long(
        self, agreed: ProviderBench, offline: dict[str, Any]
    ) -> None:
        agreed.clock.advance(timedelta(days=30))
        assert agreed.error(agreed.refresh(offline["refresh_token"])) == "invalid_grant"

    def test_a_grant_ends_however_often_it_is_refreshed(
        self, agreed: ProviderBench, offline: dict[str, Any]
    ) -> None:
        token, days = offline["refresh_token"], 0
        while days < 179:
            agreed.clock.advance(timedelta(days=1))
            token = agreed.good(agreed.refresh(token))["refresh_token"]
            days += 1
        agreed.clock.advance(timedelta(days=1, seconds=-30))
        last = agreed.good(agreed.refresh(token))
        assert last["expires_in"] == 30
        agreed.clock.advance(30)
        assert agreed.error(agreed.refresh(last["refresh_token"])) == "invalid_grant"
        assert agreed.userinfo(last["access_token"]).status == 401

    @pytest.mark.parametrize("token", ["unknown", "天", "x" * 512])
    def test_an_unknown_token(self, agreed: ProviderBench, token: str) -> None:
        assert agreed.error(agreed.refresh(token)) == "invalid_grant"

    def test_public_clients_rotate_too(self) -> None:
        bench = ProviderBench(
            a_client(
                auth_method=ClientAuthMethod.NONE,
                grant_types=("authorization_code", "refresh_token"),
            )
        )
        view = bench.log_in()
        asked = bench.authorize(scope="openid offline_access", prompt="consent")
        assert isinstance(asked, Interaction)
        answer = bench.provider.resume(asked.id, ConsentGiven(), browser=BROWSER, session=view)
        token = bench.exchange(bench.code(answer))["refresh_token"]
        assert bench.good(bench.refresh(token))["refresh_token"] != token
