"""SAML 2.0. So far: the strict XML-signature kernel, :mod:`hkeid.saml.dsig`."""
