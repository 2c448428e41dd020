"""Names that SAML documents are made of; see :attr:`Limits.foreign_names`."""

from __future__ import annotations

VOCABULARY = frozenset(
    """
    Response Assertion AuthnRequest LogoutRequest LogoutResponse ArtifactResolve ArtifactResponse Artifact
    AttributeQuery AssertionIDRequest AssertionIDRef ManageNameIDRequest ManageNameIDResponse
    NameIDMappingRequest NameIDMappingResponse NewID NewEncryptedID Terminate Issuer Extensions Status
    StatusCode StatusMessage StatusDetail Subject NameID EncryptedID BaseID SubjectConfirmation
    SubjectConfirmationData Conditions AudienceRestriction Audience OneTimeUse ProxyRestriction Condition
    Advice AssertionURIRef EncryptedAssertion AuthnStatement SubjectLocality AuthnContext
    AuthnContextClassRef AuthnContextDecl AuthnContextDeclRef AuthenticatingAuthority AttributeStatement
    Attribute AttributeValue EncryptedAttribute NameIDPolicy RequestedAuthnContext Scoping IDPList IDPEntry
    GetComplete RequesterID SessionIndex
    Signature SignedInfo CanonicalizationMethod SignatureMethod Reference Transforms Transform
    InclusiveNamespaces DigestMethod DigestValue SignatureValue KeyInfo KeyName KeyValue RSAKeyValue
    ECKeyValue NamedCurve PublicKey Modulus Exponent X509Data X509Certificate X509IssuerSerial
    X509IssuerName X509SerialNumber X509SubjectName X509SKI RetrievalMethod
    EncryptedData EncryptedKey EncryptionMethod CipherData CipherValue OAEPparams MGF KeySize
    CarriedKeyName ReferenceList DataReference
    EntityDescriptor EntitiesDescriptor IDPSSODescriptor SPSSODescriptor RoleDescriptor
    AttributeAuthorityDescriptor AffiliationDescriptor KeyDescriptor SingleSignOnService
    SingleLogoutService ArtifactResolutionService AssertionConsumerService ManageNameIDService
    NameIDMappingService AssertionIDRequestService AttributeService NameIDFormat AttributeProfile
    AttributeConsumingService ServiceName ServiceDescription RequestedAttribute Organization
    OrganizationName OrganizationDisplayName OrganizationURL ContactPerson Company GivenName SurName
    EmailAddress TelephoneNumber AdditionalMetadataLocation UIInfo DisplayName Description Keywords Logo
    InformationURL PrivacyStatementURL DiscoHints IPHint DomainHint GeolocationHint EntityAttributes
    RegistrationInfo RegistrationPolicy PublicationInfo UsagePolicy Scope DigestMethod SigningMethod
    DiscoveryResponse RequestInitiator Envelope Header Body Fault faultcode faultstring
    ID Id id Version IssueInstant Destination Consent InResponseTo Format NameQualifier SPNameQualifier
    SPProvidedID Value Method NotBefore NotOnOrAfter Recipient Address AuthnInstant
    SessionNotOnOrAfter DNSName Name NameFormat FriendlyName type nil lang ForceAuthn IsPassive
    ProtocolBinding AssertionConsumerServiceURL AssertionConsumerServiceIndex
    AttributeConsumingServiceIndex ProviderName AllowCreate Comparison ProxyCount ProviderID Loc Reason
    Algorithm URI PrefixList Encoding MimeType Type Recipient entityID validUntil cacheDuration
    protocolSupportEnumeration errorURL use Binding Location ResponseLocation index isDefault
    isRequired WantAuthnRequestsSigned WantAssertionsSigned AuthnRequestsSigned contactType height width
    registrationAuthority registrationInstant publisher creationInstant publicationId regexp MinKeySize
    MaxKeySize schemaLocation
    """.split()
)
"""Local names of elements and attributes."""
