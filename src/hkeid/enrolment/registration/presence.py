"""What attempts with the camera leave behind: an attack is remembered, whatever comes after it.

Who shows a photograph, a screen or a mask until one of them passes would otherwise be found live in the
end. The worst that was found stays in the findings of the case, so that no grade accepts it and officers
see it (ISO/IEC 30107-3; NIST SP 800-63A-4).
"""

from __future__ import annotations

from dataclasses import replace

from hkeid.enrolment.proofing_policy import Findings
from hkeid.ports.faces import CaptureIntegrity, LivenessResult, LivenessVerdict

SUSPECT = "suspect"
"""Name of the item of evidence with the frame of the latest attempt that looked like an attack."""


def is_attack(result: LivenessResult) -> bool:
    """Whether an attempt looked like a presentation attack, or like something else than a camera."""
    return (
        result.verdict is LivenessVerdict.SPOOF or result.integrity is CaptureIntegrity.SUSPICIOUS
    )


def with_failure(findings: Findings, result: LivenessResult) -> Findings:
    """Findings that remember an attempt that failed, or looked like an attack; of other attempts they
    take nothing over, so that nothing good is kept for later.
    """
    spoof = result.verdict is LivenessVerdict.SPOOF
    suspicious = result.integrity is CaptureIntegrity.SUSPICIOUS
    return replace(
        findings,
        liveness="spoof" if spoof else findings.liveness,
        capture="suspicious" if suspicious else findings.capture,
        liveness_failed=findings.liveness_failed + (result.verdict is not LivenessVerdict.LIVE),
        liveness_spoofed=findings.liveness_spoofed + is_attack(result),
    )


def judged(findings: Findings, result: LivenessResult) -> Findings:
    """Findings with the verdict on the latest attempt, but for what stays from earlier ones.

    :param findings: with the failures of all attempts, this one included.
    """
    spoofed = findings.liveness == LivenessVerdict.SPOOF.value
    suspicious = findings.capture == CaptureIntegrity.SUSPICIOUS.value
    return replace(
        findings,
        liveness=LivenessVerdict.SPOOF.value if spoofed else result.verdict.value,
        capture=CaptureIntegrity.SUSPICIOUS.value if suspicious else result.integrity.value,
        pad=result.pad_claim.value,
        liveness_provider=result.provider,
        liveness_latest=result.verdict.value,
    )
