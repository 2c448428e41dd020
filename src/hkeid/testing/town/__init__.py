"""Six services of a town, each a small application on the Flask kit, in one process: a hospital, a pension platform, a
bank, a wallet, a shop, and the Government's change of address. For demonstrations and tests.

::

    $ python -m hkeid.testing.town --port 5005 --issuer http://localhost:8000 --keys town

The operator registers them with what :func:`descriptions` says. Everybody in them is invented, and so are they.
"""

from hkeid.testing.town.describing import SERVICES, descriptions
from hkeid.testing.town.serving import town

__all__ = ["SERVICES", "descriptions", "town"]
