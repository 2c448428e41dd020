"""Why an eID and an account were not linked, or not unlinked.

========================== ==========================================================================
reason                     rule
========================== ==========================================================================
``link_form_invalid``      the form is not one that this browser was shown for this account
``link_account_changed``   another account, or none, is logged in than the one that began
``link_eid_taken``         this eID leads to another account here
``link_account_taken``     another eID leads to this account
``link_match_missing``     the resident did not release what must be compared
``link_match_failed``      what the resident released does not agree with the account
``unlink_nothing``         the account has no link (any more)
``unlink_not_fresh``       the login to the account is not recent
``unlink_only_way_in``     without eID nobody could enter the account
========================== ==========================================================================
"""

from __future__ import annotations

from hkeid.rp.errors import LoginFailed


class LinkRefused(LoginFailed):
    """Nothing was linked or unlinked; both stay as they were."""

    default_safe_text = "Nothing was changed. Please try again."


KINDS = {
    "link_form_invalid": "link_again",
    "link_account_changed": "link_again",
    "link_eid_taken": "link_eid_taken",
    "link_account_taken": "link_account_taken",
    "link_match_missing": "link_not_compared",
    # An eID whose values differ learns nothing about the account, not even which value it was.
    "link_match_failed": "link_not_made",
    "unlink_nothing": "link_again",
    "unlink_not_fresh": "link_again",
    "unlink_only_way_in": "link_only_way_in",
}
"""Which page tells of a refusal."""
