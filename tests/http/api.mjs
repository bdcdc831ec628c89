// What the tests of the JSON API share: a desk with people, questions, rules that hold or refuse.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { start, until } from './lib.mjs';

export const V = '/api/v1';
export const STAFF = { trixie: 'trial', hanna: 'helper', hugo: 'helper', mona: 'moderator', mats: 'moderator', ada: 'admin' };

/** A desk with nobody counting requests; the words "please hold this" and "please refuse this" do what they say. */
export function desk(options = {}) {
	return start({ people: STAFF, ...options, env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_TOPICS: 'editing,images', ...options.env } });
}

export const RULES = `
body TEST_HOLD /please hold this/
describe TEST_HOLD A test asked for it
score TEST_HOLD 8
body TEST_REFUSE /please refuse this/
score TEST_REFUSE 30
action TEST_REFUSE reject
`;

/** Puts RULES in place. */
export async function rules(admin, text = RULES) {
	const r = await admin.request('PUT', `${V}/rules/local.d%2Ftest.cf`, { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body: text });
	assert.equal(r.status, 200, r.text);
	return r;
}

/** Every link that was given out, to look for where it must not be. */
export const tokens = new Set();

export async function ask(d, more = {}, headers) {
	const r = await d.json('POST', `${V}/questions`, { body: 'How do I add a reference to the article about lighthouses?', lang: 'en', client_id: randomUUID(), ...more }, headers);
	if (r.body?.token) tokens.add(r.body.token);
	return r;
}

/** Asks and gives { token, path }. */
export async function question(d, more = {}, state = 'queued') {
	const r = await ask(d, more);
	assert.equal(r.status, 201, r.text);
	assert.equal(r.body.state, state, r.text);
	return { token: r.body.token, path: `${V}/questions/${r.body.token}` };
}

/** The id of the queued question with this title. */
export async function idOf(helper, title) {
	for (let cursor; ; ) {
		const r = await helper.get(`${V}/queue?view=unassigned${cursor ? `&cursor=${cursor}` : ''}`);
		const found = r.body.items.find((t) => t.title === title);
		if (found) return found.id;
		cursor = r.body.cursor;
		assert.ok(cursor, `no question "${title}" in the queue`);
	}
}

/** Asks and lets `helper` (no trial helper) claim it: { token, path, id, t, fence }. */
export async function talk(d, helper, more = {}) {
	const title = more.title ?? `Question ${randomUUID()}`;
	const q = await question(d, { ...more, title });
	const id = await idOf(helper, title);
	const r = await helper.json('POST', `${V}/tickets/${id}/claim`, {});
	assert.equal(r.status, 200, r.text);
	return { ...q, id, t: `${V}/tickets/${id}`, fence: r.body.lease.fence };
}

/** The ticket behind the only question of a desk in one of the moderators' lists. */
export async function heldItem(moderator, list, find) {
	const r = await moderator.get(`${V}/held?list=${list}`);
	assert.equal(r.status, 200, r.text);
	return r.body.items.find(find);
}

export { until, randomUUID };
