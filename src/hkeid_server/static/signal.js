// Tells the device's passkey list what the server knows, where the browser can (WebAuthn L3 §5.1.10):
// a passkey that is unknown here need not be offered again, removed devices leave the list.

export async function signalPasskeys(root) {
  const place = root.querySelector("[data-signal]");
  if (!place || typeof PublicKeyCredential !== "function") return;
  const { rpId, unknown, userId, accepted } = JSON.parse(place.dataset.signal);
  try {
    if (unknown) {
      await PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId: unknown });
    }
    if (userId && accepted) {
      await PublicKeyCredential.signalAllAcceptedCredentials?.({
        rpId,
        userId,
        allAcceptedCredentialIds: accepted,
      });
    }
  } catch {
    // Advice only: nothing depends on it.
  }
}
