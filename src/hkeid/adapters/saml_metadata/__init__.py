"""Sources of SAML metadata: files, URLs, and services that are asked for one entity at a time.

::

    federation = UrlMetadata("https://federation.example/all.xml", client, SignedBy.pem(certificate), clock)
    federation.refresh(clock.now())            # at the start, and whenever it is due
    federation.entity("https://idp.example/metadata")
"""

from hkeid.adapters.saml_metadata.fetching import MetadataFetcher
from hkeid.adapters.saml_metadata.files import FileMetadata
from hkeid.adapters.saml_metadata.last_good import RefreshOutcome, RefreshSchedule
from hkeid.adapters.saml_metadata.queries import QueriedMetadata
from hkeid.adapters.saml_metadata.urls import UrlMetadata

__all__ = [
    "FileMetadata",
    "MetadataFetcher",
    "QueriedMetadata",
    "RefreshOutcome",
    "RefreshSchedule",
    "UrlMetadata",
]
