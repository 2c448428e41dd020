"""What is read alike of all descriptions: clients, SAML services and upstreams complain in the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from hkeid.kernel.errors import ConfigurationError
from hkeid.op.settings import Profile
from hkeid_server.clients import read_client, read_clients
from hkeid_server.descriptions import Description, DescriptionKind, description_files, read_folder
from hkeid_server.saml_files import read_service, read_services
from hkeid_server.upstream_files import read_upstream, read_upstreams


def described(tmp_path: Path, text: str) -> Description:
    path = tmp_path / "library.toml"
    path.write_text(text, "utf-8")
    return Description(DescriptionKind.SAML_SERVICE, path)


def complaint(raised: pytest.ExceptionInfo[ConfigurationError]) -> str:
    return f"{raised.value.reason}: {raised.value.detail}"


READERS = {
    DescriptionKind.CLIENT: lambda path: read_client(path, profile=Profile.SANDBOX),
    DescriptionKind.UPSTREAM: read_upstream,
    DescriptionKind.SAML_SERVICE: read_service,
}


@pytest.mark.parametrize("kind", DescriptionKind)
@pytest.mark.parametrize("content", [b"name =", b"\xff", None, b"a = 1\na = 2"])
def test_what_cannot_be_read_names_the_file(
    tmp_path: Path, kind: DescriptionKind, content: bytes | None
) -> None:
    path = tmp_path / "library.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        READERS[kind](path)
    assert complaint(raised).startswith(f"{kind.value}_unreadable: {path}: ")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (DescriptionKind.CLIENT, "sector_identifyer = 'x'"),
        (DescriptionKind.UPSTREAM, "kind = 'oidc'\nissuerr = 'x'"),
        (DescriptionKind.SAML_SERVICE, "entity_idd = 'x'"),
    ],
)
def test_a_key_that_nobody_knows_comes_with_a_suggestion(
    tmp_path: Path, kind: DescriptionKind, text: str
) -> None:
    path = tmp_path / "library.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        READERS[kind](path)
    assert complaint(raised).startswith(f"{kind.value}_key_unknown: library.toml: '")
    assert "; did you mean '" in complaint(raised)


def test_values_are_of_their_kind_or_refused(tmp_path: Path) -> None:
    one = described(tmp_path, 'text = "x"\nempty = ""\nnumber = 1\nyes = true\n')
    assert one.name == "library"
    assert one.text("text") == "x"
    assert one.flag("yes") is True
    assert one.file("text") == tmp_path / "x"
    for read, key, why in (
        (one.text, "empty", "must be a text"),
        (one.text, "number", "must be a text"),
        (one.file, "number", "must be a text"),
        (one.flag, "number", "must be true or false"),
    ):
        with pytest.raises(ConfigurationError) as raised:
            read(key)
        assert complaint(raised) == f"saml_service_value_invalid: library.toml: {key!r}: {why}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        'metadata_url = "https://x.example"',
        'metadata_key_file = "x"',
        'metadata_file = "x"\nmetadata_url = "https://x.example"\nmetadata_key_file = "x"',
        'metadata_file = "x"\nmetadata_key_file = "x"',
    ],
)
def test_metadata_is_in_one_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        described(tmp_path, text).metadata_place()
    assert raised.value.reason == "saml_service_key_missing"
    assert "'metadata_url' with 'metadata_key_file'" in complaint(raised)


def test_metadata_places(tmp_path: Path) -> None:
    one = described(tmp_path, 'metadata_file = "x.xml"')
    assert one.metadata_place() == tmp_path / "x.xml"
    one = described(tmp_path, 'metadata_url = "https://x.example"\nmetadata_key_file = "x.pem"')
    assert one.metadata_place() == ("https://x.example", tmp_path / "x.pem")


def test_a_folder_is_read_in_order_and_may_be_missing(tmp_path: Path) -> None:
    for name in ("b.toml", "a.toml", "a.xml"):
        (tmp_path / name).touch()
    assert read_folder(tmp_path, lambda path: path.name) == ("a.toml", "b.toml")
    nowhere = tmp_path / "nowhere"
    assert description_files(nowhere) == ()
    assert read_clients(nowhere, profile=Profile.SANDBOX) == ()
    assert read_services(nowhere) == read_upstreams(nowhere) == ()
