"""XML signatures and encryption for SAML: strict, and one document for verifier and reader.

::

    signed = verify_message(octets, keys)            # a request, an assertion, metadata
    answer = verify_response(octets, keys)           # a Response, or its assertions, or both
    answer.assertions[0].element                     # parsed anew from the bytes that were signed

    write(sign_element(Element("samlp:Response", …), signer))

Sans-IO: no network, no files, no clock; keys are those that the caller passes. What a SAML profile wants besides
(issuer, audience, time, replay) is for the rooms above.
"""
