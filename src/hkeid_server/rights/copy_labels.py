"""Titles of the sections of the copy, and what the members of its records are called."""

from __future__ import annotations

from hkeid_server.data_content import particular_labels
from hkeid_server.shell import translate


def section_titles() -> dict[str, str]:
    """By name of the section."""
    return {
        "eid": translate("Your eID"),
        "particulars": translate("Particulars"),
        "profile": translate("My profile"),
        "devices": translate("Devices"),
        "sessions": translate("Logins"),
        "services": translate("Services that you use with your eID"),
        "other_logins": translate("Other logins"),
        "consents": translate("What you agreed to"),
        "disclosures": translate("Who received what"),
        "guardianship": translate("Approvals by a guardian"),
        "officer_accesses": translate("Who looked at your record"),
        "data_requests": translate("Your requests about your data"),
        "registrations": translate("Registrations"),
        "upgrades": translate("Upgrades by chip"),
        "notices": translate("Notices to you"),
        "notice_choices": translate("Notices that you chose"),
        "signing_keys": translate("Signing keys"),
        "signatures": translate("Signatures"),
        "signature_requests": translate("What you were asked to sign"),
    }


def labels() -> dict[str, str]:
    """By name of the member, or of the particular."""
    return {**_particulars(), **_moments(), **_facts(), **_about_services()}


def _particulars() -> dict[str, str]:
    return {
        **particular_labels(),
        "name_chinese_simplified": translate("Chinese name in simplified characters"),
        "name_commercial_code": translate("Commercial code of the Chinese name"),
        "updated_at": translate("Last change"),
        "proofing": translate("How your identity was checked"),
        "contact_email": translate("E-mail address for notices"),
        "contact_phone": translate("Telephone number for notices"),
        "contact_push": translate("Browsers that show notices"),
        "contact_language": translate("Language of notices"),
        "contact_former": translate("Addresses for notices that you left"),
        "eme_since": translate("Profile since"),
    }


def _moments() -> dict[str, str]:
    return {
        "at": translate("When"),
        "since": translate("Since"),
        "kept_at": translate("Kept since"),
        "changed_at": translate("Changed"),
        "waiting_time_until": translate("Waiting time until"),
        "added_at": translate("Added"),
        "used_at": translate("Last used"),
        "revoked_at": translate("Ended"),
        "ended_at": translate("Ended"),
        "opened_at": translate("Begun"),
        "begun_at": translate("Begun"),
        "logged_in_at": translate("Logged in"),
        "expires_at": translate("Ends"),
        "given_at": translate("Given"),
        "linked_at": translate("Added"),
        "decided_at": translate("Decided"),
        "disclosed_at": translate("Sent"),
        "approved_at": translate("Approved"),
        "received_at": translate("Received"),
        "due_at": translate("Due"),
        "closed_at": translate("Closed"),
        "done_at": translate("Done"),
        "made_at": translate("Made"),
        "asked_at": translate("Asked"),
        "kept_until": translate("Kept until"),
    }


def _facts() -> dict[str, str]:
    return {
        "state": translate("State"),
        "status": translate("State"),
        "step": translate("State"),
        "outcome": translate("Outcome"),
        "topic": translate("About"),
        "wanted": translate("Wanted"),
        "reason": translate("Reason"),
        "assurance": translate("Assurance"),
        "source": translate("Where it comes from"),
        "label": translate("Name"),
        "agent": translate("Browser"),
        "methods": translate("How you logged in"),
        "synced": translate("Kept in your passkey account"),
        "backed_up": translate("Backed up"),
        "attestation": translate("Proof of the maker"),
        "logged_in_at_provider": translate("Logged in with"),
        "origin": translate("How it was added"),
        "provider": translate("Provider"),
        "language": translate("Language"),
        "office": translate("Office"),
        "what": translate("What"),
        "why": translate("Why"),
        "kind": translate("Kind"),
        "fields": translate("About"),
        "should_say": translate("It should say"),
        "words": translate("Your words"),
        "answer": translate("Answer"),
        "refused_because": translate("Refused because"),
        "request": translate("Reference number"),
        "reference": translate("Reference number"),
        "tries": translate("Tries"),
        "channel": translate("Where"),
        "by_officer": translate("An officer was present"),
        "about": translate("About"),
        "told_by": translate("Sent by"),
        "documents": translate("Documents"),
        "shown": translate("What the page showed"),
    }


def _about_services() -> dict[str, str]:
    return {
        "service": translate("Service"),
        "saml_services": translate("Services"),
        "scopes": translate("Scope"),
        "claims": translate("Kinds of data"),
        "claim": translate("Kind of data"),
        "purpose": translate("Purpose"),
        "agreed": translate("Agreed"),
        "once": translate("For one sending only"),
        "given": translate("How you agreed"),
        "by_guardian": translate("On a guardian’s approval"),
        "client": translate("Service"),
        "name": translate("Name"),
        "domain": translate("Domain"),
        "code": translate("Code"),
        "level": translate("Level"),
    }
