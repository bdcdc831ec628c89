// The table of routes and its description: each in the other, with the codes its kind of route can answer.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, start } from './lib.mjs';
import { doc, validate } from './schema.mjs';

export function rows() {
	const folder = path.join(root, 'src', 'web', 'routes');
	const out = [];
	for (const file of readdirSync(folder).filter((f) => f.endsWith('.def')))
		for (const m of readFileSync(path.join(folder, file), 'utf8').matchAll(
			/^ROUTE\((\w+),\s*"([^"]+)",\s*WHO_(\w+),\s*([^,]+),\s*(\w+),\s*"((?:[^"\\]|\\.)*)"\)/gm,
		))
			out.push({ method: m[1], path: m[2], who: m[3], flags: m[4], handler: m[5], doc: m[6] });
	return out;
}

const described = [];
for (const [template, operations] of Object.entries(doc.paths))
	for (const [method, op] of Object.entries(operations)) described.push({ method: method.toUpperCase(), path: template.replace(/{(\w+)}/g, ':$1'), op });

const api = rows().filter((r) => /ROUTE_API/.test(r.flags));

test('every route of the API is described, and nothing else', () => {
	const key = (r) => `${r.method} ${r.path}`;
	assert.ok(api.length > 60);
	assert.deepEqual(described.map(key).sort(), api.map(key).sort());
});

test('the description tells who may, as the table does', () => {
	for (const r of api) {
		const { op } = described.find((d) => d.method === r.method && d.path === r.path);
		assert.equal(op['x-who'], r.who.toLowerCase(), `${r.method} ${r.path}`);
		if (r.path.startsWith('/api/')) assert.equal(op.summary, r.doc);
	}
});

test('the codes that a kind of route can answer are described', () => {
	for (const r of api.filter((x) => x.path.startsWith('/api/'))) {
		const { op } = described.find((d) => d.method === r.method && d.path === r.path);
		const codes = Object.keys(op.responses).map(Number);
		const need = [503];
		if (!['ANYBODY', 'LINK'].includes(r.who)) need.push(401, 403);
		if (r.path.includes(':')) need.push(404);
		if (op.requestBody) need.push(400, 413, 415, 422);
		if (/ROUTE_PASSWORD/.test(r.flags) && !/accounts/.test(r.path)) need.push(429);
		if (/ROUTE_ASK/.test(r.flags)) need.push(429);
		for (const code of need) assert.ok(codes.includes(code), `${r.method} ${r.path} lacks ${code}`);
		assert.ok(codes.some((c) => c < 300), `${r.method} ${r.path} never succeeds`);
		if (/ROUTE_STREAM/.test(r.flags)) assert.ok(op.responses[200].content['text/event-stream']);
	}
});

test('every schema is used and every $ref leads somewhere', () => {
	const text = JSON.stringify(doc);
	for (const m of text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)) assert.ok(doc.components[m[1]][m[2]], m[0]);
	for (const kind of ['schemas', 'responses'])
		for (const name of Object.keys(doc.components[kind])) assert.ok(text.includes(`#/components/${kind}/${name}"`), `${name} is not used`);
});

test('the validator complains', () => {
	const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1 }, at: { type: 'string', format: 'date-time' } }, required: ['n'] };
	assert.deepEqual(validate(schema, { n: 1, at: '2026-01-31T12:00:00.5Z' }), []);
	assert.equal(validate(schema, {}).length, 1);
	assert.equal(validate(schema, { n: 0 }).length, 1);
	assert.equal(validate(schema, { n: '1' }).length, 1);
	assert.equal(validate(schema, { n: 1, at: 'yesterday' }).length, 1);
	assert.equal(validate(schema, { n: 1, more: true }).length, 1);
	assert.equal(validate({ type: 'array', items: schema }, [{ n: 1 }, {}]).length, 1);
	assert.equal(validate({ allOf: [schema, { type: 'object', properties: { x: { enum: ['a'] } }, required: ['x'] }] }, { n: 1, x: 'b' }).length, 1);
});

test('it is served as it is kept', async () => {
	const desk = await start();
	try {
		const r = await desk.get('/api/v1/openapi.json');
		assert.equal(r.status, 200);
		assert.match(r.headers['content-type'], /^application\/json/);
		assert.deepEqual(r.body, doc);
		assert.match(r.body.openapi, /^3\.1\./);
	} finally {
		await desk.stop();
	}
});
