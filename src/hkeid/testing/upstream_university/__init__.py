"""A simulated upstream SAML identity provider, a university's: as an object in tests and as a process of its own.

::

    $ python -m hkeid.testing.upstream_university --port 8031 --folder university

It stands on the library's own identity provider, has a login page with several members, and logs out both ways. Its
metadata is at ``/saml/metadata``.
"""

from hkeid.testing.upstream_university.members import MEMBERS, UNIVERSITY
from hkeid.testing.upstream_university.university import University, keys_in

__all__ = ["MEMBERS", "UNIVERSITY", "University", "keys_in"]
