// A service provider with @node-saml/node-saml: HTTP on loopback, sessions in memory.
// Usage: node saml_service_provider.mjs SETTINGS.json
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { SAML, ValidateInResponseTo } from "@node-saml/node-saml";

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const origin = `http://localhost:${settings.port}`;
const options = {
  issuer: `${origin}/metadata`,
  audience: `${origin}/metadata`,
  callbackUrl: `${origin}/acs`,
  logoutCallbackUrl: `${origin}/slo`,
  entryPoint: settings.sso,
  logoutUrl: settings.slo,
  idpIssuer: settings.idp,
  idpCert: settings.certificates,
  privateKey: settings.key,
  publicCert: settings.certificate,
  decryptionPvk: settings.key,
  signatureAlgorithm: "sha256",
  digestAlgorithm: "sha256",
  identifierFormat: null,
  disableRequestedAuthnContext: true,
  // One of the two signatures it always wants.
  wantAuthnResponseSigned: false,
  wantAssertionsSigned: false,
  validateInResponseTo: ValidateInResponseTo.always,
};
const saml = new SAML(options);
// It looks for InResponseTo of a LogoutResponse that is posted where only a Response has one.
const logouts = new SAML({ ...options, validateInResponseTo: ValidateInResponseTo.ifPresent });
const sessions = new Map();
const RESERVED = new Set([
  "issuer", "inResponseTo", "sessionIndex", "nameID", "nameIDFormat", "nameQualifier",
  "spNameQualifier", "attributes", "getAssertionXml", "getAssertion", "getSamlResponseXml",
]);

function cookie(request) {
  return /(?:^|; )node-saml=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
}

async function body(request) {
  let text = "";
  for await (const part of request) text += part;
  return Object.fromEntries(new URLSearchParams(text));
}

function said(profile) {
  const attributes = Object.fromEntries(
    Object.entries(profile).filter(([name]) => !RESERVED.has(name)),
  );
  return { name_id: profile.nameID, attributes };
}

async function logout(url, request, answer) {
  const query = Object.fromEntries(url.searchParams);
  const original = url.search.slice(1);
  await loggedOut(await saml.validateRedirectAsync(query, original), query, request, answer);
}

async function postedLogout(url, request, answer) {
  const fields = await body(request);
  const validated = fields.SAMLRequest
    ? await logouts.validatePostRequestAsync(fields)
    : await logouts.validatePostResponseAsync(fields);
  await loggedOut(validated, fields, request, answer);
}

async function loggedOut({ profile, loggedOut }, fields, request, answer) {
  if (!loggedOut) throw new Error("no logout");
  sessions.delete(cookie(request));
  // A LogoutRequest has a profile and wants an answer; a LogoutResponse has none.
  const where = profile
    ? await saml.getLogoutResponseUrlAsync(profile, fields.RelayState ?? "", {}, true)
    : "/";
  answer.writeHead(303, { Location: where }).end();
}

const pages = {
  "GET /": (url, request, answer) => answer.end("Good day"),
  "GET /metadata": (url, request, answer) =>
    answer
      .writeHead(200, { "Content-Type": "application/samlmetadata+xml" })
      .end(saml.generateServiceProviderMetadata(settings.certificate, settings.certificate)),
  "GET /who": async (url, request, answer) => {
    const profile = sessions.get(cookie(request));
    if (profile) {
      answer.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(said(profile)));
      return;
    }
    answer.writeHead(303, { Location: await saml.getAuthorizeUrlAsync("/who", undefined, {}) }).end();
  },
  "POST /acs": async (url, request, answer) => {
    const { profile } = await saml.validatePostResponseAsync(await body(request));
    const session = randomUUID();
    sessions.set(session, profile);
    answer
      .writeHead(303, { Location: "/who", "Set-Cookie": `node-saml=${session}; HttpOnly; Path=/` })
      .end();
  },
  "GET /logout": async (url, request, answer) => {
    const profile = sessions.get(cookie(request));
    answer.writeHead(303, { Location: await saml.getLogoutUrlAsync(profile, "", {}) }).end();
  },
  "GET /slo": logout,
  "POST /slo": postedLogout,
};

createServer(async (request, answer) => {
  const url = new URL(request.url, origin);
  const page = pages[`${request.method} ${url.pathname}`];
  try {
    if (page) await page(url, request, answer);
    else answer.writeHead(404).end();
  } catch (error) {
    answer.writeHead(403, { "Content-Type": "text/plain" }).end(`${error.name}: ${error.message}`);
  }
}).listen(settings.port, "127.0.0.1");
