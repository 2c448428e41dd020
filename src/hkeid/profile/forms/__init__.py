"""Forms that relying parties have filled: asked for by an authorization detail (RFC 9396), answered on a page
of their own, fetched with the access token.
"""

from hkeid.profile.forms.detail import (
    AskedForm,
    FormDetail,
    asked_forms,
)
from hkeid.profile.forms.endpoint import FormEndpoint
from hkeid.profile.forms.events import FormSent
from hkeid.profile.forms.fetching import FilledForm, FormFetching
from hkeid.profile.forms.filling import FormAnswer, FormFilling, FormsSent
from hkeid.profile.forms.question import FormItem, FormQuestion
from hkeid.profile.forms.submissions import SUBMISSION_LIFETIME

__all__ = [
    "SUBMISSION_LIFETIME",
    "AskedForm",
    "FilledForm",
    "FormAnswer",
    "FormDetail",
    "FormEndpoint",
    "FormFetching",
    "FormFilling",
    "FormItem",
    "FormQuestion",
    "FormSent",
    "FormsSent",
    "asked_forms",
]
