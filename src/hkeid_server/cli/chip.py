"""``hkeid chip``: read a card, list readers, list tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hkeid_server.cli.chip_report import CardOutcome, as_json, as_text
from hkeid_server.cli.shared import write_new

if TYPE_CHECKING:
    from hkeid.adapters.pkcs11_tokens import Pkcs11Module, TokenDescription
    from hkeid.chip import AccessKey, CardProfile, ReadingProgress
    from hkeid.chip.trust import CountrySigners

_LINES = {30: 3, 36: 2, 44: 2}
"""How many lines a machine-readable zone has, by the length of one."""

EXIT_NOT_ACCEPTED = 1
EXIT_UNAVAILABLE = 4

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group("chip")
def chip_group() -> None:
    """Cards, readers and tokens at this machine."""


@chip_group.command("read")
@click.option(
    "--reader", default="", help="A part of the reader's name; the first one, if not given."
)
@click.option(
    "--can", "access", flag_value="can", default="can", help="Ask for the six digits. Usual."
)
@click.option("--mrz", "access", flag_value="mrz", help="Ask for the machine-readable zone.")
@click.option("--no-key", "access", flag_value="none", help="A card without access control.")
@click.option("--trust", type=_FOLDER, help="Folder of country signers; none is believed without.")
@click.option(
    "--profile",
    default="icao",
    show_default=True,
    help="Kind of card: icao, hkic-specimen, or one that an installed package brings.",
)
@click.option("--wait", type=click.FloatRange(0.1, 600), default=30.0, show_default=True,
              help="Seconds to wait for a card.")  # fmt: skip
@click.option(
    "--portrait",
    "portrait_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the portrait of a signed DG2 there.",
)
@click.option("--show", is_flag=True, help="Show numbers and birth date in full.")
@click.option("--json", "in_json", is_flag=True, help="Print the result as JSON.")
def read_command(
    reader: str,
    access: str,
    trust: Path | None,
    profile: str,
    wait: float,
    portrait_file: Path | None,
    show: bool,  # noqa: FBT001 - a switch of the command line
    in_json: bool,  # noqa: FBT001
) -> None:
    """Read the card in a reader and say what it is worth.

    The key that is printed on the card is asked for, so that it stays out of the shell's history. The
    exit status is 0 only if the card is accepted.
    """
    signers = _signers(trust)
    key = _ask_key(access)
    outcome, exit_status = _read(reader, key, _profile(profile), signers, wait)
    click.echo(as_json(outcome, show=show) if in_json else as_text(outcome, show=show))
    holder = outcome.evidence.holder if outcome.evidence is not None else None
    if portrait_file is not None and holder is not None and holder.portrait is not None:
        write_new(portrait_file, holder.portrait)
        click.echo(
            f"portrait ({holder.portrait_type or 'kind unknown'}): {portrait_file}", err=True
        )
    raise SystemExit(exit_status)


@chip_group.command("readers")
def readers_command() -> None:
    """The readers of this machine, and whether a card is in them."""
    from hkeid.adapters.pcsc import PcscReader, reader_names

    names = reader_names()
    for name in names:
        state = next(PcscReader(name).events(timeout=2), None)
        click.echo(f"{'card ' if state is not None and state.inserted else 'empty'}  {name}")
    if not names:
        click.echo("no reader", err=True)
        raise SystemExit(1)


@chip_group.command("tokens")
@click.option(
    "--module",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The PKCS#11 module: a shared library.",
)
def tokens_command(module: Path) -> None:
    """The tokens of a PKCS#11 module, and the certificates on them that need no PIN."""
    from hkeid.adapters.pkcs11_tokens import Pkcs11Module

    loaded = Pkcs11Module.load(module)
    found = loaded.tokens()
    for token in found:
        click.echo(
            f"{token.label or '(no label)'}  serial {token.serial}  {token.manufacturer} {token.model}"
        )
        for line in _certificates(loaded, token):
            click.echo(f"  {line}")
    if not found:
        click.echo("no token", err=True)
        raise SystemExit(1)


def _certificates(module: Pkcs11Module, token: TokenDescription) -> list[str]:
    """A line for each; or why there is none to be seen."""
    from hkeid.kernel.errors import Unavailable

    try:
        with module.open(label=token.label, serial=token.serial) as opened:
            return [
                f"{held.label}  id {held.key_id.hex()}  {_described(held.certificate)}"
                for held in opened.identities()
            ]
    except Unavailable as error:  # an empty slot, or a token that was never initialised
        return [f"cannot be opened: {error.detail or error.reason}"]


def _described(certificate: bytes) -> str:
    from cryptography import x509

    parsed = x509.load_der_x509_certificate(certificate)
    return f"{parsed.subject.rfc4514_string()}, until {parsed.not_valid_after_utc.date()}"


def _signers(folder: Path | None) -> CountrySigners:
    from hkeid.adapters.country_signers import load_country_signers
    from hkeid.chip.trust import CountrySigners

    if folder is None:
        return CountrySigners()
    signers = load_country_signers(folder)
    for one in signers.rejected:
        click.echo(f"not trusted: {one.label} ({one.reason})", err=True)
    return signers


def _ask_key(access: str) -> AccessKey | None:
    """The key printed on the card.

    :raises hkeid.kernel.errors.MalformedInput: ``can_malformed``, ``mrz_malformed``,
        ``mrz_check_digit_wrong``.
    """
    from hkeid.chip import CardAccessNumber, MrzKey

    if access == "none":
        return None
    if access == "can":
        prompt = "Card access number (six digits on the card)"
        return CardAccessNumber(click.prompt(prompt, hide_input=True, err=True).strip())
    first = _ask_line(1)
    others = [_ask_line(number) for number in range(2, _LINES.get(len(first), 1) + 1)]
    return MrzKey.from_mrz("\n".join([first, *others]))


def _ask_line(number: int) -> str:
    return str(click.prompt(f"Machine-readable zone, line {number}", err=True)).strip()


def _profile(name: str) -> CardProfile:
    from hkeid.kernel import plugins

    made: CardProfile = plugins.load(plugins.CARD_PROFILES, name)()
    return made


def _progress() -> Callable[[ReadingProgress], None]:
    """Says each step once, and each file when it is read."""
    said: list[str] = []

    def tell(progress: ReadingProgress) -> None:
        whole = progress.total and progress.done == progress.total
        line = f"{progress.step}: {progress.total} bytes" if whole else progress.step
        if (whole or not progress.total) and line not in said:
            said.append(line)
            click.echo(f"… {line.replace('_', ' ')}", err=True)

    return tell


def _read(
    name: str, key: AccessKey | None, profile: CardProfile, trust: CountrySigners, wait: float
) -> tuple[CardOutcome, int]:
    """What came of it, and the exit status.

    :raises hkeid.ports.CardUnavailable: there is no reader, or no card in time.
    """
    from hkeid.chip import finding_of, open_reader
    from hkeid.kernel.errors import HkeidError
    from hkeid.ports.cards import CardUnavailable

    with open_reader("pcsc", name=name) as reader:
        click.echo(f"… waiting for a card in {reader.name}", err=True)
        with reader.connect(timeout=wait) as card:
            try:
                document = card.read(access=key, profile=profile, progress=_progress())
            except HkeidError as error:
                gone = isinstance(error, CardUnavailable)
                return (
                    CardOutcome(reader.name, finding_of(error)),
                    EXIT_UNAVAILABLE if gone else EXIT_NOT_ACCEPTED,
                )
        evidence = document.verify(trust=trust)
        outcome = CardOutcome(reader.name, None, document, evidence)
        return outcome, 0 if evidence.accepted else EXIT_NOT_ACCEPTED
