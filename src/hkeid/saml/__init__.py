"""SAML 2.0: the strict XML-signature kernel :mod:`hkeid.saml.dsig`, messages as values, metadata, and both providers.

:mod:`hkeid.saml.idp` is a front door, :mod:`hkeid.saml.sp` asks identity providers behind us.
"""
