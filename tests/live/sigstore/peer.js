// The other side of tests/live/sigstore.py, in sigstore-js.
//
// peer.js make FOLDER    an instance of its own (authority, logs, clock), its trusted root, and files
//                        with the bundles that sigstore-js makes for them
// peer.js verify FOLDER  what sigstore-js says of every bundle FOLDER/*.sigstore.json with FOLDER/trusted_root.json
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const { bundleFromJSON, bundleToJSON } = require('@sigstore/bundle');
const { TrustedRoot, HashAlgorithm, PublicKeyDetails } = require('@sigstore/protobuf-specs');

const URLS = { ca: 'https://ca.example', log: 'https://log.example', clock: 'https://clock.example' };
const ISSUER = 'https://issuer.example';
const SIGNER = 'https://forge.example/acme/skills/.github/workflows/release.yml@refs/tags/v1';
const FOREVER = { start: new Date('2020-01-01T00:00:00Z') };

function put(folder, name, data) {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), data);
}

const key = () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });

async function instance() {
  const mock = require('@sigstore/mock');
  const ctlog = await mock.initializeCTLog(key());
  const ca = await mock.initializeCA(key(), ctlog);
  const tlog = await mock.initializeTLog(URLS.log, key());
  // A fraction of a second in a time stamp is more than sigstore-js itself reads.
  const tsa = await mock.initializeTSA(key());
  tsa.getCurrentTime = () => new Date(Math.floor(Date.now() / 1000) * 1000);
  return { mock, ctlog, ca, tlog, tsa };
}

function der(certificate) {
  return Buffer.from(Buffer.isBuffer(certificate) ? certificate : certificate.toSchema().toBER(false));
}

function rootOf({ ctlog, ca, tlog, tsa }) {
  const log = (url, publicKey) => ({
    baseUrl: url,
    logId: { keyId: crypto.createHash('sha256').update(publicKey).digest() },
    hashAlgorithm: HashAlgorithm.SHA2_256,
    publicKey: { rawBytes: publicKey, keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256, validFor: FOREVER },
  });
  const authority = (...certificates) => ({
    subject: { commonName: 'x', organization: 'x' },
    uri: URLS.ca,
    certChain: { certificates: certificates.map((c) => ({ rawBytes: der(c) })) },
    validFor: FOREVER,
  });
  return TrustedRoot.toJSON({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [log(URLS.log, Buffer.from(tlog.publicKey))],
    ctlogs: [log(URLS.log, Buffer.from(ctlog.publicKey))],
    certificateAuthorities: [authority(ca.rootCertificate)],
    timestampAuthorities: [authority(tsa.intCertificate, tsa.rootCertificate)],
  });
}

// What a real log makes of a proposal of this kind; the mock would log it as it came.
function logged(body) {
  if (body.kind !== 'dsse') return body;
  const { envelope, verifiers } = body.spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope);
  const hash = (data) => ({ algorithm: 'sha256', value: crypto.createHash('sha256').update(data).digest('hex') });
  return { ...body, spec: {
    payloadHash: hash(Buffer.from(payload, 'base64')), envelopeHash: hash(envelope),
    signatures: signatures.map((s, i) => ({ signature: s.sig, verifier: verifiers[i] })) } };
}

function serve({ mock, ca, tlog, tsa }) {
  const nock = require('nock');
  const handlers = { ca: mock.fulcioHandler(ca), log: mock.rekorHandler(tlog), clock: mock.tsaHandler(tsa) };
  nock.disableNetConnect();
  for (const [name, handler] of Object.entries(handlers)) {
    nock(URLS[name]).persist().post(handler.path).reply(async (_, body) => {
      const asked = typeof body === 'string' ? JSON.parse(body) : body;
      const answer = await handler.fn(JSON.stringify(name === 'log' ? logged(asked) : asked));
      return [answer.statusCode, answer.response, { 'Content-Type': answer.contentType || 'text/plain' }];
    });
  }
}

function token() {
  const part = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ iss: ISSUER, sub: SIGNER })}.x`;
}

function statement(data) {
  return Buffer.from(JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'a', digest: { sha256: crypto.createHash('sha256').update(data).digest('hex') } }],
    predicateType: 'https://slsa.dev/provenance/v1', predicate: {},
  }));
}

async function make(folder) {
  const { FulcioSigner, RekorWitness, TSAWitness, MessageSignatureBundleBuilder, DSSEBundleBuilder } =
    require('@sigstore/sign');
  const ours = await instance();
  serve(ours);
  const signer = new FulcioSigner({ fulcioBaseURL: URLS.ca, identityProvider: { getToken: async () => token() } });
  const log = (entryType) => new RekorWitness({ rekorBaseURL: URLS.log, entryType });
  const clock = new TSAWitness({ tsaBaseURL: URLS.clock });
  const type = 'application/vnd.in-toto+json';
  const rows = {
    message: [MessageSignatureBundleBuilder, [log()]],
    'message-stamped': [MessageSignatureBundleBuilder, [log(), clock]],
    'dsse-entry': [DSSEBundleBuilder, [log('dsse')]],
    'dsse-stamped': [DSSEBundleBuilder, [log('dsse'), clock]],
    'dsse-intoto': [DSSEBundleBuilder, [log('intoto')]],
    'dsse-chain': [DSSEBundleBuilder, [log('dsse')], { certificateChain: true }],
  };
  for (const [name, [Builder, witnesses, more]] of Object.entries(rows)) {
    const data = Buffer.from(`what ${name} signs\n`);
    const builder = new Builder({ signer, witnesses, ...more });
    const bundle = await builder.create(
      name.startsWith('dsse') ? { data: statement(data), type } : { data });
    put(folder, name, data);
    put(folder, `${name}.sigstore.json`, JSON.stringify(bundleToJSON(bundle)));
  }
  put(folder, 'trust/trusted_root.json', JSON.stringify(rootOf(ours)));
  put(folder, 'other/trusted_root.json', JSON.stringify(rootOf(await instance())));
  const who = `version: 1\npublishers:\n- packages: ['*']\n  signers: [{identity: '${SIGNER}', issuer: '${ISSUER}'}]\n`;
  for (const trust of ['trust', 'other']) put(folder, `${trust}/trust.yaml`, who);
}

function judge(root, folder, name) {
  const { Verifier, toTrustMaterial, toSignedEntity } = require('@sigstore/verify');
  const bundle = bundleFromJSON(JSON.parse(fs.readFileSync(path.join(folder, name))));
  const artifact = fs.readFileSync(path.join(folder, name.replace(/\.sigstore\.json$/, '')));
  const verifier = new Verifier(toTrustMaterial(root));
  const signer = verifier.verify(toSignedEntity(bundle, artifact), {
    subjectAlternativeName: SIGNER.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), extensions: { issuer: ISSUER } });
  return signer.identity.subjectAlternativeName;
}

function verify(folder) {
  const root = TrustedRoot.fromJSON(JSON.parse(fs.readFileSync(path.join(folder, 'trusted_root.json'))));
  for (const name of fs.readdirSync(folder).filter((n) => n.endsWith('.sigstore.json')).sort()) {
    let said = 'good';
    try { judge(root, folder, name); } catch (e) { said = `bad: ${e.code || ''} ${e.message}`; }
    console.log(`${name} ${said}`);
  }
}

const [action, folder] = process.argv.slice(2);
Promise.resolve(action === 'make' ? make(folder) : verify(folder)).catch((e) => {
  console.error(e.cause || e);
  process.exit(1);
});
