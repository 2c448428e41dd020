// A relying party made of npm openid-client, told what to do by JSON lines on standard input.
// Every command answers with one JSON line: {"ok": …} or {"error": "…"}.
import { createPrivateKey, webcrypto } from 'node:crypto';
import { createInterface } from 'node:readline';
import * as client from 'openid-client';

let config;
let pending;
let tokens;

async function privateKey(pem) {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' });
  return webcrypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
}

const commands = {
  async discover({ issuer, client_id, key, kid, userinfo_alg }) {
    const metadata = { id_token_signed_response_alg: 'ES256' };
    if (userinfo_alg) metadata.userinfo_signed_response_alg = userinfo_alg;
    const auth = key ? client.PrivateKeyJwt({ key: await privateKey(key), kid }) : client.None();
    config = await client.discovery(new URL(issuer), client_id, metadata, auth, {
      execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
    });
    return config.serverMetadata();
  },

  async start({ redirect_uri, scope, further = {} }) {
    const verifier = client.randomPKCECodeVerifier();
    pending = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri,
      scope,
      state: pending.expectedState,
      nonce: pending.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...further,
    });
    return url.href;
  },

  async finish({ callback, max_age }) {
    const checks = { ...pending, idTokenExpected: true };
    if (max_age !== undefined) checks.maxAge = max_age;
    tokens = await client.authorizationCodeGrant(config, new URL(callback), checks);
    return { claims: tokens.claims(), scope: tokens.scope, refresh: Boolean(tokens.refresh_token) };
  },

  async userinfo() {
    return client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  },

  async refresh() {
    const before = tokens;
    tokens = await client.refreshTokenGrant(config, before.refresh_token);
    tokens.id_token ??= before.id_token;
    return {
      rotated: tokens.refresh_token !== before.refresh_token,
      new_access_token: tokens.access_token !== before.access_token,
      claims: tokens.claims() ?? null,
    };
  },

  async revoke() {
    await client.tokenRevocation(config, tokens.refresh_token ?? tokens.access_token);
    return null;
  },

  async end_session({ post_logout_redirect_uri, state }) {
    return client.buildEndSessionUrl(config, {
      post_logout_redirect_uri,
      state,
      id_token_hint: tokens.id_token,
    }).href;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...rest } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await commands[command](rest)) ?? null };
  } catch (error) {
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ` ${JSON.stringify(error.cause ?? null)}`;
    answer = { error: `${error.code ?? error.name}: ${error.error ?? error.message}${cause}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
