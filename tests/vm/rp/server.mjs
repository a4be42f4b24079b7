// SPDX-License-Identifier: GPL-3.0-or-later
// A relying party as a site would write it. Usage: node server.mjs PORT STORE TLS-PORT KEY CERTIFICATE
// STORE (JSON) keeps accounts and passkeys, so that a site outlives the restart of the test machine. The
// same site is at both ports, at the second one by TLS.
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';

// Node.js 18 has it, but not in the global scope yet.
globalThis.crypto ??= webcrypto;
const {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} = await import('@simplewebauthn/server');

const [port, storePath, securePort, keyPath, certificatePath] = process.argv.slice(2);
const rpID = 'localhost';
const rpName = 'Mortise test site';
const origin = `http://${rpID}:${port}`;
const secureOrigin = `https://${rpID}:${securePort}`;
const page = readFileSync(new URL('page.html', import.meta.url));
const accounts = existsSync(storePath) ? JSON.parse(readFileSync(storePath, 'utf8')) : {};
const challenges = new Map();
// A slow test machine shall not run out of time; browsers cut it to what they think fit.
const timeout = 600000;

function save() {
  writeFileSync(`${storePath}.new`, JSON.stringify(accounts, null, 2));
  renameSync(`${storePath}.new`, storePath);
}

function account(userName) {
  accounts[userName] ??= { id: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url'), passkeys: [] };
  return accounts[userName];
}

function remember(options, more) {
  challenges.set(options.challenge, more);
  return options;
}

// Each challenge is good for one answer.
function challengeOf(response) {
  const { challenge } = JSON.parse(Buffer.from(response.response.clientDataJSON, 'base64url'));
  if (!challenges.has(challenge)) throw new Error('unknown challenge');
  const more = challenges.get(challenge);
  challenges.delete(challenge);
  return { challenge, ...more };
}

const handlers = {
  '/register/options': async (body) => {
    const user = account(body.userName);
    const options = await generateRegistrationOptions({
      rpName,
      rpID,
      timeout,
      userName: body.userName,
      userDisplayName: body.userDisplayName ?? '',
      userID: Buffer.from(user.id, 'base64url'),
      attestationType: body.attestation ?? 'none',
      supportedAlgorithmIDs: body.algorithms ?? [-8, -7, -257],
      excludeCredentials: body.exclude ? user.passkeys.map(({ id, transports }) => ({ id, transports })) : [],
      authenticatorSelection: {
        authenticatorAttachment: 'cross-platform',
        residentKey: body.residentKey ?? 'required',
        userVerification: body.userVerification ?? 'required',
      },
    });
    options.hints = ['security-key'];
    options.extensions = { ...options.extensions, ...body.extensions };
    return remember(options, { userName: body.userName, verify: body.userVerification !== 'discouraged' });
  },

  '/register/verify': async (body) => {
    const { challenge, userName, verify } = challengeOf(body.response);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: body.response,
      expectedChallenge: challenge,
      expectedOrigin: [origin, secureOrigin],
      expectedRPID: rpID,
      requireUserVerification: verify,
    });
    if (!verified) throw new Error('registration not verified');
    const { credential, ...info } = registrationInfo;
    account(userName).passkeys.push({
      id: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports: credential.transports,
      deviceType: info.credentialDeviceType,
      backedUp: info.credentialBackedUp,
    });
    save();
    return {
      credentialId: credential.id,
      counter: credential.counter,
      transports: credential.transports,
      fmt: info.fmt,
      aaguid: info.aaguid,
      deviceType: info.credentialDeviceType,
      backedUp: info.credentialBackedUp,
      userVerified: info.userVerified,
      clientExtensionResults: body.response.clientExtensionResults,
    };
  },

  // A key of U2F times moves in: `id` and `publicKey` (COSE) as base64url, made for `appId`.
  '/u2f/import': async ({ userName, id, publicKey, appId }) => {
    account(userName).passkeys.push({ id, publicKey, appId, counter: 0, transports: ['usb'], deviceType: 'singleDevice', backedUp: false });
    save();
    return {};
  },

  '/login/options': async (body) => {
    const options = await generateAuthenticationOptions({
      rpID,
      timeout,
      userVerification: body.userVerification ?? 'required',
      allowCredentials: body.allow ? account(body.allow).passkeys.map(({ id, transports }) => ({ id, transports })) : [],
    });
    options.hints = ['security-key'];
    options.extensions = { ...options.extensions, ...body.extensions };
    return remember(options, { verify: body.userVerification !== 'discouraged' });
  },

  '/login/verify': async (body) => {
    const { challenge, verify } = challengeOf(body.response);
    const [userName, user] = Object.entries(accounts).find(([, { passkeys }]) =>
      passkeys.some(({ id }) => id === body.response.id)) ?? [];
    if (!user) throw new Error('unknown passkey');
    const passkey = user.passkeys.find(({ id }) => id === body.response.id);
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: body.response,
      expectedChallenge: challenge,
      expectedOrigin: [origin, secureOrigin],
      // What the browser says it signed for, and nothing else: the AppID, or the site's own name.
      expectedRPID: body.response.clientExtensionResults.appid ? passkey.appId ?? '' : rpID,
      requireUserVerification: verify,
      credential: {
        id: passkey.id,
        publicKey: Buffer.from(passkey.publicKey, 'base64url'),
        counter: passkey.counter,
        transports: passkey.transports,
      },
    });
    if (!verified) throw new Error('sign-in not verified');
    if (authenticationInfo.credentialDeviceType !== passkey.deviceType) throw new Error('BE changed');
    if (body.response.response.userHandle && body.response.response.userHandle !== user.id)
      throw new Error('another user handle');
    const oldCounter = passkey.counter;
    passkey.counter = authenticationInfo.newCounter;
    passkey.backedUp = authenticationInfo.credentialBackedUp;
    save();
    return {
      userName,
      credentialId: passkey.id,
      userHandleGiven: Boolean(body.response.response.userHandle),
      oldCounter,
      newCounter: authenticationInfo.newCounter,
      deviceType: authenticationInfo.credentialDeviceType,
      backedUp: authenticationInfo.credentialBackedUp,
      userVerified: authenticationInfo.userVerified,
      clientExtensionResults: body.response.clientExtensionResults,
    };
  },
};

async function answer(request, response) {
  if (request.method === 'GET') {
    response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
    response.end(request.url === '/' ? page : '');
    return;
  }
  const parts = [];
  for await (const part of request) parts.push(part);
  response.setHeader('content-type', 'application/json');
  try {
    const result = await handlers[request.url](JSON.parse(Buffer.concat(parts)));
    response.end(JSON.stringify(result));
  } catch (error) {
    response.writeHead(400);
    response.end(JSON.stringify({ error: error.message }));
  }
}

const secrets = { key: readFileSync(keyPath), cert: readFileSync(certificatePath) };
createSecureServer(secrets, answer).listen(Number(securePort), '127.0.0.1', () =>
  createServer(answer).listen(Number(port), '127.0.0.1', () => console.log(`listening on ${origin}`)));
