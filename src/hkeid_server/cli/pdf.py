"""``hkeid pdf``: sign documents, validate them, verify the evidence of a remote signature."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid_server.cli.main import EXIT_FAILED, explain
from hkeid_server.cli.pdf_sign import sign_command
from hkeid_server.cli.shared import FILE, NEW_FILE, progress, read_certificates

if TYPE_CHECKING:
    from hkeid.signing.legal import LegalContext, TrustList
    from hkeid.signing.validation import ValidationReport, ValidationTrust

EXIT_NOT_VALID = 2
EXIT_UNDETERMINED = 3


class VerdictCommand(click.Command):
    """A command whose exit status is a verdict: whatever keeps it from one is 1, so that nobody takes an error
    for an answer.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.show()
            ctx.exit(EXIT_FAILED)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except HkeidError as error:
            click.echo(f"hkeid: {explain(error)}", err=True)
            ctx.exit(EXIT_FAILED)


@click.group("pdf")
def pdf_group() -> None:
    """Sign PDF documents, and say what their signatures are worth."""


pdf_group.add_command(sign_command)


@pdf_group.command("verify", cls=VerdictCommand)
@click.argument("file", type=FILE)
@click.option("--trust", multiple=True, type=FILE, help="Certificates that chains may end in.")
@click.option("--timestamp-trust", multiple=True, type=FILE, help="Those for time-stamps alone.")
@click.option("--embedded", multiple=True, type=FILE, help="Certificates of embedded authorities.")
@click.option("--list", "trust_list", type=FILE, help="Recognised authorities (TOML).")
@click.option("--list-sha256", help="What that file must hash to.")
@click.option("--legal", type=FILE, help="Circumstances for the opinion under Cap. 553 (TOML).")
@click.option("--online", is_flag=True, help="Ask where certificates say that revocations are.")
@click.option("--json", "in_json", is_flag=True, help="Print the report as JSON.")
@click.option("--etsi-xml", "in_xml", is_flag=True, help="Print it after ETSI TS 119 102-2.")
@click.option("--language", default="en", show_default=True, help="en, zh-Hant-HK or zh-Hans.")
@click.option("--signed-revision", type=NEW_FILE, help="Write what was signed there.")
@click.option("--of", "of_field", help="Field of which signature; the last one, if not given.")
@click.option("--seconds", type=click.IntRange(1, 600), default=60, show_default=True,
              help="What the validation may take.")  # fmt: skip
def verify_command(
    file: Path,
    trust: tuple[Path, ...],
    timestamp_trust: tuple[Path, ...],
    embedded: tuple[Path, ...],
    trust_list: Path | None,
    list_sha256: str | None,
    legal: Path | None,
    online: bool,  # noqa: FBT001 - a switch of the command line
    in_json: bool,  # noqa: FBT001
    in_xml: bool,  # noqa: FBT001
    language: str,
    signed_revision: Path | None,
    of_field: str | None,
    seconds: int,
) -> None:
    """Validate the signatures of FILE.

    The exit status is 0 if all are valid for the document as it is, 2 if one is not, 3 if it cannot be
    determined (or there is none), and 1 if the command itself failed.
    """
    from hkeid.adapters.pdf import validator_in_worker
    from hkeid.identity.language import Language
    from hkeid.signing.validation import validate_pdf

    pdf = file.read_bytes()
    spoken = Language.parse(language)
    recognised = None if trust_list is None else _trust_list(trust_list, list_sha256)
    trusted = _trust(trust, timestamp_trust, embedded, recognised)
    context = None if legal is None else _context(legal)
    progress(f"validating {file} ({len(pdf)} bytes)")
    with validator_in_worker(
        timeout=seconds, cpu_seconds=seconds, drawing_seconds=seconds * 0.6
    ) as validator:
        report = validate_pdf(
            pdf,
            trust=trusted,
            legal=context,
            validator=validator,
            revocation=_online(trusted) if online else None,
        )
    if signed_revision is not None:
        _write_revision(report, pdf, of_field, signed_revision)
    if in_xml:
        click.echo(report.to_etsi_xml().decode("utf-8"))
    elif in_json:
        import json

        click.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        click.echo(report.to_text(spoken), nl=False)
    raise SystemExit(_exit_status(report))


@pdf_group.command("evidence", cls=VerdictCommand)
@click.argument("file", type=FILE)
@click.option("--rp-id", required=True, help="RP ID of the service whose residents sign.")
@click.option("--origin", "origins", multiple=True, required=True, help="Where its pages were.")
@click.option("--json", "in_json", is_flag=True, help="Print the result as JSON.")
def evidence_command(
    file: Path,
    rp_id: str,
    origins: tuple[str, ...],
    in_json: bool,  # noqa: FBT001 - a switch of the command line
) -> None:
    """Verify the evidence of a remote signature in FILE, offline.

    The exit status is 0 if it holds, 2 if it does not, and 1 if it cannot be read.
    """
    import json

    from hkeid.signing.activation import SignatureEvidence, verify_evidence
    from hkeid.signing.activation.errors import EvidenceRefused

    evidence = SignatureEvidence.loads(file.read_bytes())
    statement = evidence.activation.statement
    result: dict[str, Any] = {
        "valid": False,
        "reason": "",
        "activated_at": evidence.activation.activated_at.isoformat(),
        "client": statement.client_id,
        "key": statement.key_id,
        "documents": [one.document.hex() for one in statement.documents],
    }
    try:
        certificate = verify_evidence(evidence, rp_id=rp_id, origins=origins)
        result |= {"valid": True, "signer": certificate.subject.rfc4514_string()}
    except EvidenceRefused as error:
        result["reason"] = error.reason
    if in_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        click.echo("VALID" if result["valid"] else f"NOT VALID ({result['reason']})")
        for key in ("signer", "activated_at", "client", "key"):
            if result.get(key):
                click.echo(f"  {key.replace('_', ' ')}: {result[key]}")
        for digest in result["documents"]:
            click.echo(f"  document {digest}")
    raise SystemExit(0 if result["valid"] else EXIT_NOT_VALID)


def _exit_status(report: ValidationReport) -> int:
    if report.valid:
        return 0
    return EXIT_NOT_VALID if report.indication.value == "total-failed" else EXIT_UNDETERMINED


def _write_revision(report: ValidationReport, pdf: bytes, field: str | None, output: Path) -> None:
    from hkeid_server.cli.shared import write_new

    name = (
        field
        if field is not None
        else next((one.field_name for one in reversed(report.signatures)), "")
    )
    write_new(output, report.signed_revision(pdf, name))
    click.echo(f"signed revision of {name}: {output}", err=True)


def _trust(
    trust: tuple[Path, ...],
    timestamp_trust: tuple[Path, ...],
    embedded: tuple[Path, ...],
    recognised: TrustList | None,
) -> ValidationTrust:
    from dataclasses import replace

    from hkeid.signing.validation import ValidationTrust

    made = ValidationTrust.of(
        read_certificates(trust),
        timestamp_anchors=read_certificates(timestamp_trust) if timestamp_trust else None,
        embedded=read_certificates(embedded),
        recognised=recognised,
    )
    if recognised is None:
        return made
    return replace(made, anchor_keys=ValidationTrust.in_list(recognised).anchor_keys)


def _trust_list(file: Path, sha256: str | None) -> TrustList:
    from hkeid.signing.legal import read_trust_list

    return read_trust_list(file.read_bytes(), sha256=sha256)


def _context(file: Path) -> LegalContext:
    import tomllib

    from hkeid.signing.legal import LegalContext

    try:
        members = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise MalformedInput("context_malformed", detail=str(file)) from None
    return LegalContext.from_mapping(members)


def _online(trust: ValidationTrust) -> Any:
    from hkeid.adapters.certificate_authorities.over_http import HttpRevocation
    from hkeid.adapters.http import HttpsClient

    # The addresses stand in certificates that anybody may have made.
    return HttpRevocation(HttpsClient(public_only=True, plain=True), trust.anchors)
