// kill -9 under load, again and again; then: was anything lost, doubled or disordered that had been acknowledged?
//
//     const r = await chaos({ program, rounds, seconds, challenged });   // { acknowledged, lost, doubled, disordered, kills, words }
//
// Writers on both sides of some talks, and newcomers who ask, each one request at a time with a client_id. What the kill
// interrupted is sent again with the same client_id after the restart, as a careful client does. `program` serves during the
// rounds (on a disk that forgets what was not synced, see vfs_lossy.c); the setting up before and the looking after are done
// by the ordinary binary. With `challenged` the desk is in attack mode: each newcomer proves themselves, and that is acknowledged too.
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sleep, start, temporary } from '../http/lib.mjs';
import { solve } from '../http/proof.mjs';

const TALKS = 6;
const NEWCOMERS = 4;

// Ordinary and always different words, so that the gate has nothing to say about them.
const nouns = 'bridge mill station river church museum library harbour forest valley tower market garden school theatre'.split(' ');
const verbs = 'moved opened closed rebuilt painted measured described photographed visited restored'.split(' ');
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const sentence = (key) =>
	`About ${key}: I read that the ${pick(nouns)} near the ${pick(nouns)} was ${pick(verbs)} in ${1500 + Math.floor(Math.random() * 500)}, and then the ${pick(nouns)} was ${pick(verbs)} too.`;
const keyOf = (text) => text?.match(/^About (\S+):/)?.[1];

/** Talks that are live before the first kill. */
async function begin(data, env, challenged) {
	const desk = await start({ data, env, people: { ann: 'helper', mona: 'moderator' } });
	const ann = await desk.login('ann');
	const talks = [];
	for (let i = 0; i < TALKS; i++) {
		const asked = await desk.json('POST', '/api/v1/questions', { body: sentence(`start-${i}`), title: `talk ${i}`, client_id: randomUUID() });
		if (asked.body?.state !== 'queued') throw new Error(`a question was not queued: ${asked.text}`);
		talks.push({ i, token: asked.body.token, acks: [], asker: 0, helper: 0 });
	}
	const queue = await ann.get('/api/v1/queue?view=unassigned');
	for (const item of queue.body.items) {
		const talk = talks[Number(item.title.split(' ')[1])];
		const claim = await ann.json('POST', `/api/v1/tickets/${item.id}/claim`, {});
		if (claim.status !== 200) throw new Error(`a claim failed: ${claim.text}`);
		talk.id = item.id;
		talk.fence = claim.body.lease.fence;
		const first = await ann.json('POST', `/api/v1/tickets/${talk.id}/messages`, { body: sentence(`hello-${talk.i}`), fence: talk.fence });
		if (first.status !== 201) throw new Error(`the first answer failed: ${first.text}`);
	}
	if (challenged) {
		const attack = await (await desk.login('mona')).json('POST', '/api/v1/attack', { step: 1 });
		if (attack.status !== 200) throw new Error(`attack mode did not begin: ${attack.text}`);
	}
	await desk.stop();
	return { talks, headers: ann.headers };
}

export async function chaos({ program, rounds = 8, seconds = 2, challenged = false }) {
	const data = temporary();
	const rules = mkdtempSync(path.join(os.tmpdir(), 'porchlight-rules-'));
	chmodSync(rules, 0o755);
	const env = { PORCHLIGHT_RULES: rules, PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_FORM_TOKEN: 'off', PORCHLIGHT_CLAIM_CAP: '100', PORCHLIGHT_LEASE_S: '86400', PORCHLIGHT_CHALLENGE: challenged ? 'auto' : 'off' };
	const result = { acknowledged: 0, lost: 0, doubled: 0, disordered: 0, kills: 0, words: [] };
	const say = (what, words) => {
		result[what]++;
		if (result.words.length < 20) result.words.push(`${what}: ${words}`);
	};

	const { talks, headers } = await begin(data, env, challenged).catch((e) => {
		throw Object.assign(e, { beforehand: true });
	});
	let desk;
	let ann;

	const questions = []; // { body, client_id, token, proven? }
	let up = false;
	let done = false;
	const send = async (where, body, extra, also = []) => {
		while (!done) {
			if (up) {
				try {
					const r = await desk.json('POST', where, body, extra);
					if ([200, 201, ...also].includes(r.status)) return r;
					if (r.status !== 503) throw Object.assign(new Error(`${where.replace(/questions\/[^/]+/, 'questions/TOKEN')}: ${r.status} ${r.text}`), { answered: true });
				} catch (e) {
					if (e.answered) throw e;
				}
			}
			await sleep(5);
		}
		return null;
	};
	const talker = async (talk, side) => {
		const where = side === 'helper' ? `/api/v1/tickets/${talk.id}/messages` : `/api/v1/questions/${talk.token}/messages`;
		while (!done) {
			const key = `${talk.i}-${side}-${talk[side]++}`;
			const body = { body: sentence(key), client_id: randomUUID(), ...(side === 'helper' ? { fence: talk.fence } : {}) };
			const r = await send(where, body, side === 'helper' ? headers : {});
			if (r) talk.acks.push({ key, n: r.body.n, side });
		}
	};
	// An answer that was lost on its way is sent again and met by 409: the question has gone on.
	const prove = async (asked, { state, challenge }) => {
		if (state !== 'challenged') throw new Error(`a question was not challenged but ${state}`);
		const r = await send(`/api/v1/questions/${asked.token}/challenge`, { pow: solve(challenge) }, {}, [409]);
		if (r?.status === 200 && r.body.state !== 'queued') throw new Error(`a proven question was not queued but ${r.body.state}`);
		asked.proven = Boolean(r);
	};
	const newcomer = async (i) => {
		for (let k = 0; !done; k++) {
			const q = { body: sentence(`new-${i}-${k}`), client_id: randomUUID() };
			const r = await send('/api/v1/questions', q);
			if (!r) return;
			const asked = { ...q, token: r.body.token };
			questions.push(asked);
			if (challenged) await prove(asked, r.body);
		}
	};
	const broken = [];
	const load = [];
	const run = (p) => load.push(p.catch((e) => broken.push(e)));
	for (const talk of talks) {
		run(talker(talk, 'asker'));
		run(talker(talk, 'helper'));
	}
	for (let i = 0; i < NEWCOMERS; i++) run(newcomer(i));

	for (let round = 0; round < rounds; round++) {
		desk = await start({ data, env, program, migrate: false });
		up = true;
		await sleep(seconds * 1000 * (0.5 + Math.random()));
		up = false;
		await desk.stop({ signal: 'SIGKILL', keep: true });
		result.kills++;
	}
	done = true;
	await Promise.all(load);
	if (broken.length) say('lost', `${broken.length} clients met what they should not: ${broken[0].message}`);

	// What is there now?
	desk = await start({ data, env, migrate: false });
	ann = await desk.login('ann');
	const readAll = async (client, where) => {
		const log = [];
		for (let after = 0; ; after = log.at(-1).n) {
			const r = await client.get(`${where}?after=${after}`);
			if (r.status !== 200) return { status: r.status, log };
			log.push(...r.body.log);
			if (!r.body.more || !r.body.log.length) return { status: 200, log };
		}
	};
	for (const talk of talks) {
		const { log } = await readAll(ann, `/api/v1/tickets/${talk.id}`);
		log.forEach((x, at) => x.n !== at + 1 && say('disordered', `talk ${talk.i}: number ${x.n} at place ${at + 1}`));
		const at = new Map();
		for (const x of log) {
			const key = keyOf(x.body);
			if (!key) continue;
			if (at.has(key)) say('doubled', `talk ${talk.i}: ${key} at ${at.get(key)} and ${x.n}`);
			at.set(key, x.n);
		}
		const last = { asker: 0, helper: 0 };
		for (const { key, n, side } of talk.acks) {
			result.acknowledged++;
			if (!at.has(key)) say('lost', `talk ${talk.i}: ${key}, acknowledged as ${n}`);
			else if (at.get(key) !== n || n <= last[side]) say('disordered', `talk ${talk.i}: ${key}, acknowledged as ${n}, is ${at.get(key)}`);
			last[side] = n;
		}
	}
	const tokens = new Set();
	for (const q of questions) {
		result.acknowledged++;
		const r = await desk.get(`/api/v1/questions/${q.token}`);
		const there = r.status === 200 && r.body.log.filter((x) => x.body === q.body).length;
		if (!there) say('lost', `a question: ${r.status}`);
		else if (there > 1 || tokens.has(q.token)) say('doubled', 'a question');
		if (q.proven) {
			result.acknowledged++;
			const ways = r.body?.log?.filter((x) => x.kind === 'state' && x.data.from === 'challenged').length;
			if (r.body?.state !== 'queued' || !ways) say('lost', `a proof: the question is ${r.body?.state}`);
			else if (ways > 1) say('doubled', 'a proof');
		}
		tokens.add(q.token);
	}
	// Twice the same question under two links is doubled too.
	const seen = new Set();
	for (let cursor = ''; ; ) {
		const r = await ann.get(`/api/v1/queue?view=unassigned${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
		for (const item of r.body.items) {
			const key = keyOf(item.title) ?? item.title;
			if (seen.has(key)) say('doubled', `in the queue: ${key}`);
			seen.add(key);
		}
		cursor = r.body.cursor;
		if (!cursor) break;
	}
	await desk.stop();
	rmSync(data, { recursive: true, force: true });
	rmSync(rules, { recursive: true, force: true });
	return result;
}
