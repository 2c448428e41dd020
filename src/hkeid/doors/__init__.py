"""What all front doors have in common, so that none of them knows another.

Interactions (a human is needed) and their records, names by which a relying party knows a resident, pages
that lead on by themselves, and telling relying parties of logouts. The doors themselves are :mod:`hkeid.op` and :mod:`hkeid.saml.idp`.
"""
