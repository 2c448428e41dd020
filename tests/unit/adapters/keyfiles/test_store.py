"""The file key store: same verbs before and after a restart, rotation, withdrawal."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hkeid.adapters.keyfiles import FileKeyStore
from hkeid.adapters.keyfiles.ring import OPTIONAL_PURPOSES
from hkeid.adapters.system import SystemRandom
from hkeid.jose import public_jwks, sign_jwt, verify_jwt
from hkeid.kernel import base64url
from hkeid.kernel.errors import ConfigurationError, Refused
from hkeid.ports import KeyPurpose, KeyState
from hkeid.testing.fake_hub import SettableClock

TOKENS = KeyPurpose.TOKEN_SIGNING
DATA = KeyPurpose.RESIDENT_DATA
Make = Callable[..., FileKeyStore]


def test_every_purpose_has_a_key(make_keys: Make) -> None:
    keys = make_keys(new=True)
    assert {key.purpose for key in keys.held()} == set(KeyPurpose) - OPTIONAL_PURPOSES
    assert "private" not in repr(keys.held())


def test_the_default_algorithms_serve_new_and_old_peers(
    key_directory: Path, key_clock: SettableClock
) -> None:
    keys = FileKeyStore.initialise(key_directory, clock=key_clock, random=SystemRandom())
    assert {key.algorithm for key in keys.signing_keys(TOKENS)} == {"ES256", "Ed25519", "RS256"}


@pytest.mark.parametrize("passphrase", [None, "correct horse battery staple"])
def test_keys_are_the_same_after_a_restart(make_keys: Make, passphrase: str | None) -> None:
    before = make_keys(new=True, passphrase=passphrase)
    after = make_keys(passphrase=passphrase)
    assert after.signing_keys(TOKENS) == before.signing_keys(TOKENS)
    for purpose in (KeyPurpose.PAIRWISE_SUBJECT, KeyPurpose.BLIND_INDEX, KeyPurpose.AUDIT_RECORD):
        assert after.mac(purpose, b"x") == before.mac(purpose, b"x")
    wrapped = before.wrap(DATA, b"k" * 32, context=b"resident-1")
    assert after.unwrap(DATA, wrapped, context=b"resident-1") == b"k" * 32
    token = sign_jwt(before, TOKENS, {"a": 1}, algorithm="ES256")
    jwks = public_jwks(after, TOKENS)["keys"]
    assert verify_jwt(token, jwks, algorithms={"ES256"}, typ={None}).claims == {"a": 1}


def test_macs_of_two_purposes_differ(make_keys: Make) -> None:
    keys = make_keys(new=True)
    assert keys.mac(KeyPurpose.PAIRWISE_SUBJECT, b"x") != keys.mac(KeyPurpose.BLIND_INDEX, b"x")
    for purpose in (TOKENS, DATA):
        with pytest.raises(Refused, match="key_unknown"):
            keys.mac(purpose, b"x")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda w: b"",
        lambda w: w[:-1],
        lambda w: w[:-1] + bytes([w[-1] ^ 1]),
        lambda w: bytes([w[0] ^ 1]) + w[1:],
        lambda w: w[:1] + bytes([w[1] ^ 1]) + w[2:],
        lambda w: w[:12],
        lambda w: b"\xff" * 40,
    ],
)
def test_what_was_altered_does_not_unwrap(make_keys: Make, spoil: Callable[[bytes], bytes]) -> None:
    keys = make_keys(new=True)
    wrapped = keys.wrap(DATA, b"k" * 32, context=b"a")
    with pytest.raises(Refused, match="unwrap_failed"):
        keys.unwrap(DATA, spoil(wrapped), context=b"a")


def test_another_context_does_not_unwrap(make_keys: Make) -> None:
    keys = make_keys(new=True)
    wrapped = keys.wrap(DATA, b"k" * 32, context=b"a")
    with pytest.raises(Refused, match="unwrap_failed"):
        keys.unwrap(DATA, wrapped, context=b"b")
    with pytest.raises(Refused, match="key_unknown"):
        keys.wrap(TOKENS, b"k" * 32, context=b"a")
    assert keys.wrap(DATA, b"k" * 32, context=b"a") != wrapped


def test_a_key_of_another_purpose_does_not_sign(make_keys: Make) -> None:
    keys = make_keys(new=True)
    (key,) = keys.signing_keys(TOKENS)
    with pytest.raises(Refused, match="key_unknown"):
        keys.sign(KeyPurpose.AUDIT_CHECKPOINT, key.kid, b"x")
    with pytest.raises(Refused, match="key_unknown"):
        keys.decrypt(TOKENS, key.kid, b"x", label="sha256", mask="sha256")


def test_one_step_of_rotation_after_the_other(
    make_keys: Make, key_clock: SettableClock, key_directory: Path
) -> None:
    keys = make_keys(new=True)
    (first,) = keys.signing_keys(TOKENS)
    keys.rotate(TOKENS, "ES256")
    states = [key.state for key in keys.signing_keys(TOKENS)]
    assert states == [KeyState.ACTIVE, KeyState.NEXT]
    following = keys.signing_keys(TOKENS)[1]
    with pytest.raises(Refused, match="key_not_active"):
        keys.sign(TOKENS, following.kid, b"x")
    with pytest.raises(Refused, match="key_not_published_long_enough"):
        keys.rotate(TOKENS, "ES256")
    key_clock.advance(timedelta(hours=1))
    keys.rotate(TOKENS, "ES256")
    now_active = keys.signing_keys(TOKENS)[0]
    assert now_active.kid == following.kid
    with pytest.raises(Refused, match="key_not_active"):
        keys.sign(TOKENS, first.kid, b"x")
    assert len(list(key_directory.glob("token-signing.*.pem"))) == 3
    key_clock.advance(timedelta(days=3))
    keys.rotate(TOKENS, "ES256")
    assert first.kid not in {key.kid for key in keys.signing_keys(TOKENS)}
    assert not list(key_directory.glob(f"*{first.kid}*")), "a retired key is gone for good"


def test_another_process_notices_a_rotation(make_keys: Make, key_clock: SettableClock) -> None:
    one = make_keys(new=True)
    two = make_keys()
    one.rotate(TOKENS, "ES256")
    assert len(two.signing_keys(TOKENS)) == 2
    key_clock.advance(timedelta(hours=2))
    two.rotate(TOKENS, "ES256")
    assert one.signing_keys(TOKENS) == two.signing_keys(TOKENS)
    token = sign_jwt(one, TOKENS, {}, algorithm="ES256")
    assert verify_jwt(token, public_jwks(two, TOKENS)["keys"], algorithms={"ES256"}, typ={None})


def test_a_new_key_encryption_key_wraps_and_the_old_one_still_unwraps(make_keys: Make) -> None:
    one = make_keys(new=True)
    two = make_keys()
    old = one.wrap(DATA, b"k" * 32, context=b"a")
    one.rotate(DATA)
    new = one.wrap(DATA, b"k" * 32, context=b"a")
    assert new[1:9] != old[1:9], "the wrapped bytes name their key"
    for keys in (one, two, make_keys()):
        assert keys.unwrap(DATA, old, context=b"a") == b"k" * 32
        assert keys.unwrap(DATA, new, context=b"a") == b"k" * 32


@pytest.mark.parametrize(
    "purpose",
    [
        KeyPurpose.PAIRWISE_SUBJECT,
        KeyPurpose.BLIND_INDEX,
        KeyPurpose.AUDIT_RECORD,
        KeyPurpose.SHORT_CODE,
    ],
)
def test_mac_keys_never_rotate(make_keys: Make, purpose: KeyPurpose) -> None:
    keys = make_keys(new=True)
    with pytest.raises(Refused, match="key_never_rotates"):
        keys.rotate(purpose)
    with pytest.raises(Refused, match="key_never_rotates"):
        keys.withdraw(purpose, "x")


def test_rotation_names_its_algorithm(make_keys: Make) -> None:
    keys = make_keys(new=True)
    for purpose, algorithm in ((TOKENS, None), (DATA, "ES256"), (TOKENS, "HS256")):
        with pytest.raises(ConfigurationError, match="key_algorithm_unknown"):
            keys.rotate(purpose, algorithm)


def test_a_new_algorithm_is_added_by_rotation(make_keys: Make) -> None:
    keys = make_keys(new=True)
    keys.rotate(TOKENS, "Ed25519")
    assert sign_jwt(keys, TOKENS, {}, algorithm="EdDSA")


def test_a_compromised_key_goes_at_once(make_keys: Make, key_directory: Path) -> None:
    keys = make_keys(new=True)
    keys.rotate(TOKENS, "ES256")
    first, heir = keys.signing_keys(TOKENS)
    keys.withdraw(TOKENS, first.kid)
    (active,) = keys.signing_keys(TOKENS)
    assert (active.kid, active.state) == (heir.kid, KeyState.ACTIVE)
    keys.withdraw(TOKENS, heir.kid)
    (fresh,) = keys.signing_keys(TOKENS)
    assert fresh.state is KeyState.ACTIVE
    assert len(list(key_directory.glob("token-signing.*"))) == 1
    with pytest.raises(Refused, match="key_unknown"):
        keys.withdraw(TOKENS, "unknown")


def test_a_key_store_is_never_overwritten(make_keys: Make) -> None:
    make_keys(new=True)
    with pytest.raises(ConfigurationError, match="key_store_exists"):
        make_keys(new=True)


def test_a_key_store_that_is_not_there(make_keys: Make, key_directory: Path) -> None:
    with pytest.raises(ConfigurationError, match="key_directory_missing"):
        make_keys()
    key_directory.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="key_store_missing"):
        make_keys()


def test_passphrases_that_do_not_fit(make_keys: Make) -> None:
    make_keys(new=True, passphrase="right")
    with pytest.raises(ConfigurationError, match="passphrase_wrong"):
        make_keys(passphrase="wrong")
    with pytest.raises(ConfigurationError, match="passphrase_missing"):
        make_keys()


def test_a_passphrase_that_nothing_was_sealed_with(make_keys: Make) -> None:
    make_keys(new=True)
    with pytest.raises(ConfigurationError, match="key_file_not_sealed"):
        make_keys(passphrase="any")


def test_with_a_passphrase_no_file_holds_a_key_in_the_clear(
    make_keys: Make, key_directory: Path
) -> None:
    keys = make_keys(new=True, passphrase="right")
    for path in key_directory.glob("*.*.*"):
        assert path.read_bytes().startswith(b"hkeid-sealed-key-1\n")
        assert b"PRIVATE" not in path.read_bytes()
    keys.rotate(TOKENS, "ES256")
    assert len(make_keys(passphrase="right").signing_keys(TOKENS)) == 2


def test_a_sealed_file_can_not_stand_in_for_another(make_keys: Make, key_directory: Path) -> None:
    make_keys(new=True, passphrase="right")
    one = next(key_directory.glob("blind-index.*"))
    other = next(key_directory.glob("pairwise-subject.*"))
    one.write_bytes(other.read_bytes())
    with pytest.raises(ConfigurationError, match="passphrase_wrong"):
        make_keys(passphrase="right")


def test_files_are_private(make_keys: Make, key_directory: Path) -> None:
    make_keys(new=True).rotate(TOKENS, "ES256")
    assert stat.S_IMODE(key_directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in key_directory.iterdir()} == {0o600}


@pytest.mark.parametrize("pattern", ["index.json", "token-signing.*", "resident-data.*"])
def test_a_file_that_others_may_read_is_refused(
    make_keys: Make, key_directory: Path, pattern: str
) -> None:
    make_keys(new=True)
    next(key_directory.glob(pattern)).chmod(0o640)
    with pytest.raises(ConfigurationError, match="key_file_open_to_others"):
        make_keys()


def test_a_directory_that_others_may_enter_is_refused(make_keys: Make, key_directory: Path) -> None:
    make_keys(new=True)
    key_directory.chmod(0o750)
    with pytest.raises(ConfigurationError, match="key_directory_open_to_others"):
        make_keys()


def test_a_link_is_not_followed(make_keys: Make, key_directory: Path) -> None:
    make_keys(new=True)
    path = next(key_directory.glob("token-signing.*"))
    moved = path.rename(key_directory / "elsewhere")
    path.symlink_to(moved)
    with pytest.raises(ConfigurationError, match="key_file_missing"):
        make_keys()


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version":2,"salt":"","keys":[]}',
        b'{"version":1,"salt":"!","keys":[]}',
        b'{"version":1,"salt":"","keys":[{}]}',
        b'{"version":1,"salt":"","keys":[{"kid":"../../x"}]}',
        b'{"version":1,"salt":"","keys":5}',
    ],
)
def test_a_malformed_index(make_keys: Make, key_directory: Path, index: bytes) -> None:
    make_keys(new=True)
    (key_directory / "index.json").write_bytes(index)
    with pytest.raises(ConfigurationError, match="key_index_malformed"):
        make_keys()


@pytest.mark.parametrize("pattern", ["token-signing.*", "resident-data.*", "blind-index.*"])
def test_a_malformed_key_file(make_keys: Make, key_directory: Path, pattern: str) -> None:
    make_keys(new=True)
    next(key_directory.glob(pattern)).write_bytes(b"short")
    with pytest.raises(ConfigurationError, match="key_file_malformed"):
        make_keys()


def test_a_key_file_of_another_algorithm(make_keys: Make, key_directory: Path) -> None:
    make_keys(new=True, algorithms=("ES256", "Ed25519"))
    one, two = key_directory.glob("token-signing.*")
    one.write_bytes(two.read_bytes())
    with pytest.raises(ConfigurationError, match="key_file_malformed"):
        make_keys()


def test_a_crash_while_writing_leaves_the_old_index(make_keys: Make, key_directory: Path) -> None:
    make_keys(new=True)
    (key_directory / ".index.json.999.new").write_bytes(b'{"half')
    assert make_keys().signing_keys(TOKENS)


def test_signing_goes_on_while_keys_rotate(make_keys: Make, key_clock: SettableClock) -> None:
    """Four threads sign through one store while another store rotates: no failure."""
    signing, rotating = make_keys(new=True), make_keys()
    failures: list[Exception] = []
    done = False

    def sign() -> None:
        while not done:
            try:
                sign_jwt(signing, TOKENS, {"n": 1}, algorithm="ES256")
            except Exception as error:  # noqa: BLE001
                failures.append(error)
                return

    threads = [Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        key_clock.advance(timedelta(hours=30))
        rotating.rotate(TOKENS, "ES256")
    done = True
    for thread in threads:
        thread.join()
    assert not failures


def test_the_index_tells_states_and_no_secrets(make_keys: Make, key_directory: Path) -> None:
    make_keys(new=True)
    index = json.loads((key_directory / "index.json").read_bytes())
    assert {frozenset(entry) for entry in index["keys"]} == {
        frozenset({"kid", "purpose", "algorithm", "state", "since"})
    }


@pytest.mark.parametrize("passphrase", [None, "open sesame"])
def test_a_store_of_an_earlier_release_gets_the_keys_that_it_lacks(
    make_keys, key_directory, passphrase
) -> None:
    """``evidence`` came later; no other key is ever made behind an operator's back."""
    keys = make_keys(new=True, passphrase=passphrase)
    before = {key.kid for key in keys.held()}
    (lacking,) = (key for key in keys.held() if key.purpose is KeyPurpose.EVIDENCE)
    index = key_directory / "index.json"

    def without(purpose: str) -> None:
        kept = json.loads(index.read_text("utf-8"))
        kept["keys"] = [entry for entry in kept["keys"] if entry["purpose"] != purpose]
        index.write_text(json.dumps(kept), "utf-8")

    without("evidence")
    opened = make_keys(passphrase=passphrase)
    wrapped = opened.wrap(KeyPurpose.EVIDENCE, b"k" * 32, context=b"c")
    again = make_keys(passphrase=passphrase)
    assert again.unwrap(KeyPurpose.EVIDENCE, wrapped, context=b"c") == b"k" * 32
    assert {key.kid for key in again.held()} - before != set()
    assert lacking.kid not in {key.kid for key in again.held()}
    without("blind-index")
    with pytest.raises(Refused, match="key_unknown"):
        make_keys(passphrase=passphrase).mac(KeyPurpose.BLIND_INDEX, b"m")


@pytest.mark.parametrize("purpose", [KeyPurpose.UPSTREAM_CLIENT, KeyPurpose.UPSTREAM_DPOP])
def test_a_store_of_an_earlier_release_can_speak_to_upstreams(
    make_keys, key_directory, purpose
) -> None:
    """Signing keys that came later; the same ones after the next opening."""
    make_keys(new=True)
    index = key_directory / "index.json"
    kept = json.loads(index.read_text("utf-8"))
    kept["keys"] = [entry for entry in kept["keys"] if entry["purpose"] != purpose.value]
    index.write_text(json.dumps(kept), "utf-8")
    (made,) = make_keys().signing_keys(purpose)
    (again,) = make_keys().signing_keys(purpose)
    assert (made.algorithm, made.kid) == ("ES256", again.kid)
    assert make_keys().sign(purpose, made.kid, b"m")
    with pytest.raises(Refused, match="key_unknown"):
        make_keys().sign(KeyPurpose.TOKEN_SIGNING, made.kid, b"m")


def test_keys_of_saml_are_made_when_they_are_asked_for(make_keys: Make) -> None:
    keys = make_keys(new=True)
    signing, decryption = KeyPurpose.SAML_SIGNING, KeyPurpose.SAML_DECRYPTION
    assert not keys.signing_keys(signing)
    for _ in range(2):
        keys.provide(signing, "ES256")
        keys.provide(decryption, "RSA-OAEP")
    again = make_keys()
    (one,) = again.signing_keys(signing)
    assert one.public_jwk["use"] == "sig"
    assert len(again.sign(signing, one.kid, b"message")) == 64
    (two,) = again.signing_keys(decryption)
    assert (two.algorithm, two.public_jwk["use"], two.public_jwk["alg"]) == (
        "RSA-OAEP",
        "enc",
        "RSA-OAEP",
    )
    with pytest.raises(Refused, match="key_unknown"):
        again.sign(decryption, two.kid, b"message")


def test_what_was_encrypted_for_us_opens_and_nothing_else(make_keys: Make) -> None:
    keys = make_keys(new=True)
    purpose = KeyPurpose.SAML_DECRYPTION
    keys.provide(purpose, "RSA-OAEP")
    (key,) = keys.signing_keys(purpose)
    numbers = rsa.RSAPublicNumbers(
        e=int.from_bytes(base64url.decode(key.public_jwk["e"]), "big"),
        n=int.from_bytes(base64url.decode(key.public_jwk["n"]), "big"),
    )
    scheme = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=None)
    sealed = numbers.public_key().encrypt(b"content key", scheme)
    hashed = {"label": "sha256", "mask": "sha256"}
    assert keys.decrypt(purpose, key.kid, sealed, **hashed) == b"content key"
    for octets, names, reason in (
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), hashed, "decryption_failed"),
        (sealed, {"label": "sha1", "mask": "sha256"}, "decryption_failed"),
        (sealed, {"label": "md5", "mask": "sha256"}, "decryption_failed"),
    ):
        with pytest.raises(Refused, match=reason):
            keys.decrypt(purpose, key.kid, octets, **names)
    with pytest.raises(Refused, match="key_unknown"):
        keys.decrypt(purpose, "other", sealed, **hashed)


@pytest.mark.parametrize(
    ("purpose", "algorithm"),
    [
        (KeyPurpose.TOKEN_SIGNING, "ES256"),
        (KeyPurpose.SAML_SIGNING, "RSA-OAEP"),
        (KeyPurpose.SAML_DECRYPTION, "RS256"),
        (KeyPurpose.SAML_SIGNING, "HS256"),
    ],
)
def test_keys_that_cannot_be_asked_for(
    make_keys: Make, purpose: KeyPurpose, algorithm: str
) -> None:
    with pytest.raises(ConfigurationError):
        make_keys(new=True).provide(purpose, algorithm)
