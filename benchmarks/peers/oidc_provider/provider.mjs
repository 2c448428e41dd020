// npm oidc-provider with its in-memory adapter, set up for the same flow as the others:
// code + PKCE S256, a public client, ES256 ID tokens, opaque access tokens.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';

const { BENCH_ISSUER, BENCH_CLIENT_ID, BENCH_REDIRECT_URI, BENCH_PORT } = process.env;
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });

const provider = new Provider(BENCH_ISSUER, {
  clients: [
    {
      client_id: BENCH_CLIENT_ID,
      redirect_uris: [BENCH_REDIRECT_URI],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  jwks: { keys: [{ ...key, kid: 'bench', use: 'sig', alg: 'ES256' }] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  ttl: { AuthorizationCode: 60, AccessToken: 300, IdToken: 300, Session: 3600, Grant: 3600, Interaction: 600 },
});

provider.listen(Number(BENCH_PORT), '127.0.0.1');
