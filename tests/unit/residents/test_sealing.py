"""Sealed fields: one key per resident, one place per value, typed errors for all else."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.adapters.memory import MemoryStore
from hkeid.identity import BirthDate, HkicNumber, Person, PersonName, Sex
from hkeid.kernel.errors import ConfigurationError, NotFound, Refused
from hkeid.kernel.instants import epoch_seconds
from hkeid.residents import PersonalFields, Unsealable
from hkeid.residents.records import Resident
from hkeid.residents.sealing import _place

PERSON = Person(
    name=PersonName(english="CHAN, Tai Man", chinese="陳大文"),
    hkic_number=HkicNumber.parse("A123456(3)"),
    birth_date=BirthDate.parse("1985-04-12"),
    sex=Sex.MALE,
)


def test_what_is_put_can_be_read(
    store: MemoryStore, fields: PersonalFields, resident: Resident, clock: Any
) -> None:
    with store.transaction() as tx:
        fields.put(tx, resident.id, PERSON.as_fields(), clock.now())
        assert fields.read(tx, resident.id, ["sex", "name_chinese", "name_commercial_code"]) == {
            "sex": "M",
            "name_chinese": "陳大文",
        }
        everything = fields.read(tx, resident.id, [*PERSON.as_fields(), "updated_at"])
    assert Person.from_fields(everything) == PERSON
    assert everything["updated_at"] == str(epoch_seconds(clock.now()))


def test_the_store_sees_ciphertext_only(
    store: MemoryStore, fields: PersonalFields, resident: Resident, clock: Any
) -> None:
    with store.transaction() as tx:
        fields.put(tx, resident.id, PERSON.as_fields(), clock.now())
        sealed = tx.sealed_fields.all(resident.id)
    assert set(sealed) == {*PERSON.as_fields(), "updated_at"}
    for field, text in PERSON.as_fields().items():
        assert sealed[field][0] == 1
        assert len(sealed[field]) == 1 + 12 + len(text.encode()) + 16
        assert text.encode() not in sealed[field] or len(text) == 1


def test_sealing_twice_gives_two_ciphertexts(fields: PersonalFields, resident: Resident) -> None:
    once, again = (fields.seal(resident.id, "t", "c", "r", b"same") for _ in range(2))
    assert once != again


def test_putting_one_field_leaves_the_others(
    store: MemoryStore, fields: PersonalFields, resident: Resident, clock: Any
) -> None:
    with store.transaction() as tx:
        fields.put(tx, resident.id, PERSON.as_fields(), clock.now())
        later = clock.tick(days=1)
        fields.put(tx, resident.id, {"name_english": "CHAN, Peter"}, later)
        read = fields.read(tx, resident.id, ["name_english", "sex", "updated_at"])
    assert read == {
        "name_english": "CHAN, Peter",
        "sex": "M",
        "updated_at": str(epoch_seconds(later)),
    }


def test_an_undeclared_field_is_refused(
    store: MemoryStore, fields: PersonalFields, resident: Resident, clock: Any
) -> None:
    for name in ("mother", "device_label", "hkic"):
        with store.transaction() as tx, pytest.raises(ConfigurationError) as refused:
            fields.put(tx, resident.id, {name: "x"}, clock.now())
        assert refused.value.reason == "personal_field_undeclared"


def test_a_value_opens_at_its_place_only(fields: PersonalFields, resident: Resident) -> None:
    fields.create_key("resident-2")
    sealed = fields.seal(resident.id, "table", "column", "row", b"value")
    assert fields.unseal(resident.id, "table", "column", "row", sealed) == b"value"
    for place in [
        ("resident-2", "table", "column", "row"),
        (resident.id, "tabl", "ecolumn", "row"),
        (resident.id, "table", "columnr", "ow"),
        (resident.id, "table", "column", "row2"),
    ]:
        with pytest.raises(Unsealable) as refused:
            fields.unseal(*place, sealed)
        assert refused.value.reason == "sealed_value_altered"


def test_a_field_moved_in_the_store_does_not_open(
    store: MemoryStore, fields: PersonalFields, resident: Resident, clock: Any
) -> None:
    with store.transaction() as tx:
        fields.put(tx, resident.id, PERSON.as_fields(), clock.now())
        moved = tx.sealed_fields.get(resident.id, "name_chinese")
        assert moved is not None
        tx.sealed_fields.put(resident.id, "name_english", moved, clock.now())
        with pytest.raises(Unsealable):
            fields.read(tx, resident.id, ["name_english"])


def test_every_altered_byte_is_found(fields: PersonalFields, resident: Resident) -> None:
    sealed = fields.seal(resident.id, "t", "c", "r", b"value")
    for at in range(len(sealed)):
        altered = bytearray(sealed)
        altered[at] ^= 1
        with pytest.raises(Unsealable) as refused:
            fields.unseal(resident.id, "t", "c", "r", bytes(altered))
        wanted = "sealed_value_version_unknown" if at == 0 else "sealed_value_altered"
        assert refused.value.reason == wanted
    for length in range(len(sealed)):
        with pytest.raises(Unsealable):
            fields.unseal(resident.id, "t", "c", "r", sealed[:length])
    with pytest.raises(Unsealable) as refused:
        fields.unseal(resident.id, "t", "c", "r", b"\x01" + bytes(27))
    assert refused.value.reason == "sealed_value_malformed"


def test_a_wrapped_key_serves_its_resident_only(
    fields: PersonalFields, resident: Resident, vault: Any
) -> None:
    vault.keys["resident-2"] = vault.keys[resident.id]
    with pytest.raises(Refused) as refused:
        fields.seal("resident-2", "t", "c", "r", b"value")
    assert refused.value.reason == "unwrap_failed"


def test_without_a_key_nothing_is_sealed_or_opened(fields: PersonalFields) -> None:
    with pytest.raises(NotFound) as refused:
        fields.seal("nobody", "t", "c", "r", b"value")
    assert refused.value.reason == "data_key_missing"
    with pytest.raises(NotFound):
        fields.unseal("nobody", "t", "c", "r", b"\x01" + bytes(28))


def test_a_resident_has_one_key(fields: PersonalFields, resident: Resident) -> None:
    with pytest.raises(Refused) as refused:
        fields.create_key(resident.id)
    assert refused.value.reason == "data_key_exists"


def test_labels_and_agents(fields: PersonalFields, resident: Resident) -> None:
    label = fields.seal_device_label(resident.id, b"\x00\xff", "我的手機")
    assert fields.device_label(resident.id, b"\x00\xff", label) == "我的手機"
    agent = fields.seal_session_agent(resident.id, "session-1", "Firefox, Android")
    assert fields.session_agent(resident.id, "session-1", agent) == "Firefox, Android"
    assert fields.device_label(resident.id, b"x", b"") == ""
    assert fields.session_agent(resident.id, "x", b"") == ""
    with pytest.raises(Unsealable):
        fields.session_agent(resident.id, "session-2", agent)


PARTS = ["", "a", "ab", "a.b", "\x00", "\x00\x00\x00\x01a", "陳"]


def test_no_two_places_share_their_associated_data() -> None:
    places = list(product(PARTS[:5], repeat=4))
    framed = {_place(*place) for place in places}
    assert len(framed) == len(places)


@given(st.lists(st.tuples(*[st.text(st.characters(), max_size=6)] * 4), unique=True, max_size=6))
def test_no_two_places_share_their_associated_data_whatever_they_are(
    places: list[tuple[str, str, str, str]],
) -> None:
    assert all(_place(*a) != _place(*b) for a, b in combinations(places, 2))
