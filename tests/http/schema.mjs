// Holds answers to the OpenAPI document: a small validator for what the document uses of JSON Schema, stricter in one point: a field
// that is not described is a complaint, so that nothing is served that nobody wrote down. Where CALLED names a folder, each process leaves
// there what it called and what came; tests/http/called.mjs reads that after the whole suite.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const doc = JSON.parse(readFileSync(fileURLToPath(new URL('../../templates/openapi.json', import.meta.url)), 'utf8'));

function resolve(node) {
	while (node && node.$ref) {
		node = node.$ref
			.replace(/^#\//, '')
			.split('/')
			.reduce((at, key) => at[key], doc);
		if (!node) throw new Error('a $ref that leads nowhere');
	}
	return node;
}

/** All parts of an allOf as one object schema. */
function flatten(schema) {
	schema = resolve(schema);
	if (!schema.allOf) return schema;
	const parts = schema.allOf.map(flatten);
	return {
		type: 'object',
		properties: Object.assign({}, ...parts.map((p) => p.properties ?? {})),
		required: parts.flatMap((p) => p.required ?? []),
	};
}

const typeOf = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Complaints as texts; empty when the value fits. */
export function validate(schema, value, where = '$') {
	schema = flatten(schema);
	const types = schema.type === undefined ? undefined : [schema.type].flat();
	const is = typeOf(value);
	if (types && !types.includes(is) && !(is === 'integer' && types.includes('number'))) return [`${where} is ${is}, not ${types.join(' or ')}`];
	const bad = [];
	if (schema.enum && !schema.enum.includes(value)) bad.push(`${where} is ${JSON.stringify(value)}, none of ${schema.enum.join(', ')}`);
	if (is === 'string') {
		if (schema.pattern && !new RegExp(schema.pattern).test(value)) bad.push(`${where} does not fit ${schema.pattern}`);
		if (schema.format === 'date-time' && !TIME.test(value)) bad.push(`${where} is no time: ${value}`);
		if (schema.maxLength !== undefined && value.length > schema.maxLength) bad.push(`${where} is too long`);
	}
	if ((is === 'integer' || is === 'number') && schema.minimum !== undefined && value < schema.minimum) bad.push(`${where} is below ${schema.minimum}`);
	if (is === 'array' && schema.items) value.forEach((v, i) => bad.push(...validate(schema.items, v, `${where}[${i}]`)));
	if (is === 'object' && schema.properties) {
		for (const key of schema.required ?? []) if (!(key in value)) bad.push(`${where}.${key} is missing`);
		for (const [key, v] of Object.entries(value)) {
			if (!(key in schema.properties)) bad.push(`${where}.${key} is not described`);
			else bad.push(...validate(schema.properties[key], v, `${where}.${key}`));
		}
	}
	return bad;
}

const templates = Object.keys(doc.paths).map((template) => ({
	template,
	parts: template.split('/'),
	open: (template.match(/{/g) ?? []).length,
}));

/** The described operation of a request, or undefined. */
export function operation(method, url) {
	const parts = url.split('?')[0].split('/');
	const fits = templates
		.filter((t) => t.parts.length === parts.length && t.parts.every((p, i) => p.startsWith('{') ? parts[i] !== '' : p === parts[i]))
		.sort((a, b) => a.open - b.open);
	for (const { template } of fits) {
		const op = doc.paths[template][method === 'HEAD' ? 'get' : method.toLowerCase()];
		if (op) return { template, op };
	}
	return undefined;
}

/** Complaints about an answer. */
export function complaints(method, url, r) {
	const found = operation(method, url);
	if (!found) return [];
	const name = `${method} ${found.template} -> ${r.status}`;
	if (r.status === 405) return r.headers.allow ? [] : [`${name}: no Allow`];
	const answer = resolve(found.op.responses[r.status]);
	if (!answer) return [`${name} is not described (${r.text.slice(0, 200)})`];
	const bad = [];
	if (r.headers['cache-control'] === undefined && url.startsWith('/api/v1/') && !url.endsWith('openapi.json')) bad.push(`${name}: no Cache-Control`);
	if ((r.status === 429 || r.status === 503) && !(Number(r.headers['retry-after']) > 0)) bad.push(`${name}: no Retry-After`);
	if (!answer.content) {
		if (r.text !== '') bad.push(`${name} has a body: ${r.text.slice(0, 100)}`);
		return bad;
	}
	const type = (r.headers['content-type'] ?? '').split(';')[0];
	const content = answer.content[type];
	if (!content) return [...bad, `${name} is ${type || 'of no type'}, described are ${Object.keys(answer.content).join(', ')}`];
	if (!/json$/.test(type)) return bad;
	if (r.body === undefined) return [...bad, `${name} is not JSON: ${r.text.slice(0, 100)}`];
	if (r.status >= 400 && r.body.status !== r.status) bad.push(`${name} says ${r.body.status} inside`);
	return [...bad, ...validate(content.schema, r.body).map((b) => `${name}: ${b}`)];
}

const called = new Set();
if (process.env.CALLED) process.on('exit', () => called.size && writeFileSync(path.join(process.env.CALLED, String(process.pid)), [...called].join('\n')));

/** Remembers that this was called and what came. */
export function noteCall(method, url, status) {
	const found = operation(method, url);
	if (found) called.add(`${method} ${found.template} ${status}`);
}
