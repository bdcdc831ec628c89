// Outside opinions: the real rspamd, and peers in place of it, of StopForumSpam and of Akismet that misbehave.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { V, ask, desk, heldItem, question, until } from './api.mjs';
import { command, sleep, temporary } from './lib.mjs';

/** What a question's verdict says of outside services, read from the database: accepted questions show it to nobody. */
function opinions(d, title) {
	const sql = `SELECT v.body FROM verdicts v JOIN tickets t ON t.id = v.ticket WHERE t.title = '${title}' AND v.n = 1`;
	const r = spawnSync('sqlite3', ['-readonly', path.join(d.data, 'porchlight.db'), sql], { encoding: 'utf8' });
	assert.equal(r.status, 0, r.stderr);
	return JSON.parse(r.stdout).facts.opinions ?? [];
}

/** Asks, in other words each time, until every service had answered within the moment that a question waits for it: on a busy machine one may
 *  be late. Gives the title that was asked under and what was said. */
async function heard(d, words, state = 'queued') {
	let title, said;
	for (let i = 0; !said?.length || said.some((o) => o.known !== 'yes'); i++) {
		assert.ok(i < 100, `never in time: ${JSON.stringify(said)}`);
		if (i > 5) await sleep(1000); // one that was late five times rests
		title = i ? `${words.title} ${i}` : words.title;
		const r = await ask(d, { ...words, title, body: `${words.body}${i ? ` I ask for the ${i}th time.` : ''}` });
		said = opinions(d, title.replace(/\s+/g, ' '));
		if (said.length && said.every((o) => o.known === 'yes')) assert.equal(r.body.state, state, r.text);
	}
	return { title, said };
}

describe('rspamd', () => {
	let d, mona, child, folder, port;
	before(async () => {
		port = await new Promise((resolve) => {
			const s = net.createServer().listen(0, '127.0.0.1', () => {
				const p = s.address().port;
				s.close(() => resolve(p));
			});
		});
		folder = mkdtempSync(path.join(os.tmpdir(), 'porchlight-rspamd-'));
		writeFileSync(
			path.join(folder, 'rules.lua'),
			`local function words(points, pattern)
	return { name = 'TEST_' .. points, type = 'normal', score = points, callback = function(task)
		for _, part in ipairs(task:get_text_parts() or {}) do
			if tostring(part:get_content()):find(pattern, 1, true) then return true end
		end
		return (task:get_subject() or ''):find(pattern, 1, true) ~= nil
	end }
end
rspamd_config:register_symbol(words(7, 'Laternen für alle'))
rspamd_config:register_symbol(words(20, 'buy my lanterns now'))
`,
		);
		writeFileSync(
			path.join(folder, 'rspamd.conf'),
			`options { pidfile = "${folder}/pid"; filters = []; control_socket = "${folder}/control mode=0600"; temp_dir = "${folder}";
	url_tld = "/usr/share/rspamd/effective_tld_names.dat"; dns { nameserver = ["127.0.0.1"]; timeout = 0.1s; retransmits = 1; } }
logging { type = "console"; level = "error"; }
worker "normal" { bind_socket = "127.0.0.1:${port}"; count = 1; }
actions { reject = 15; add_header = 6; greylist = 4; }
lua = "${folder}/rules.lua"
`,
		);
		child = spawn('rspamd', ['-c', path.join(folder, 'rspamd.conf'), '-f', ...(process.getuid() === 0 ? ['-i'] : [])], { stdio: 'ignore', detached: true });
		const ping = () =>
			new Promise((resolve) => {
				http.get({ host: '127.0.0.1', port, path: '/ping', agent: false }, (r) => resolve(r.resume().statusCode === 200)).on('error', () => resolve(false));
			});
		await until(ping, 'rspamd', 60_000);
		d = await desk({ env: { PORCHLIGHT_FORM_TOKEN: 'off', PORCHLIGHT_OPINION_RSPAMD: `http://127.0.0.1:${port}/` } });
		mona = await d.login('mona');
	});
	after(async () => {
		await d?.stop();
		const gone = new Promise((resolve) => child.on('exit', resolve));
		child.kill('SIGTERM');
		// On a busy machine it has been seen to wait for a helper of its own for ever: then all of them are ended.
		const patience = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 10_000);
		await gone;
		clearTimeout(patience);
		rmSync(folder, { recursive: true, force: true });
	});

	test('what it says becomes a reason in its own words, and alone it holds at most', async () => {
		const scores = async (words, state) => (await heard(d, words, state)).said.map((o) => [o.service, o.score]);
		assert.deepEqual(await scores({ title: 'Quiet', body: 'How do I light a porch?' }), [['rspamd', 0]]);
		assert.deepEqual(await scores({ title: 'Some', body: 'Guten Tag. Hier gibt es Laternen für alle, sagt man.' }), [['rspamd', 2]]);
		const { title } = await heard(d, { title: 'Much', body: 'Please buy my lanterns now' }, 'held');
		const item = await heldItem(mona, 'held', (i) => i.title === title);
		assert.ok(item.reasons.some((r) => /rspamd gives it 20\.0 points and says "reject"/.test(r)), JSON.stringify(item.reasons));
		const v = (await mona.get(`${V}/tickets/${item.ticket}/verdicts/1`)).body;
		assert.deepEqual(v.hits.filter((h) => h.class === 'opinion').map((h) => [h.rule, h.score]), [['opinion/rspamd', 4]]);
	});

	test('it reads the title and long words of any language, and a title cannot write headers', async () => {
		const long = 'ﷺ'.repeat(60);
		assert.equal((await heard(d, { title: `${long}: Laternen für alle`, body: 'An ordinary question.' })).said[0].score, 2);
		const turned = await heard(d, { title: 'x\r\nSubject: buy my lanterns now', body: 'An ordinary question, again.' }, 'held');
		assert.equal(turned.said[0].score, 4, 'as the text of the title, which it is');
	});

	test('the page about privacy tells of it', async () => {
		assert.match((await d.get('/about')).text, /outside spam filter/);
	});
});

describe('StopForumSpam and Akismet', () => {
	let d, peer, other, seen, how, elsewhere;
	const answers = {
		'/api': { success: 1, emailhash: { value: 'x', appears: 1, frequency: 9, confidence: 90 } },
		'/1.1/comment-check': 'true',
	};
	before(async () => {
		seen = [];
		elsewhere = 0;
		other = http.createServer((rq, rs) => (elsewhere++, rs.end('true'))).listen(0, '127.0.0.1');
		peer = http.createServer((rq, rs) => {
			let body = '';
			rq.on('data', (b) => (body += b));
			rq.on('end', () => {
				seen.push({ url: rq.url, body, headers: rq.headers });
				how(rq, rs);
			});
		});
		await new Promise((resolve) => peer.listen(0, '127.0.0.1', resolve));
		const at = `http://127.0.0.1:${peer.address().port}`;
		d = await desk({
			env: { PORCHLIGHT_OPINION_STOPFORUMSPAM: at, PORCHLIGHT_OPINION_AKISMET: at, PORCHLIGHT_OPINION_AKISMET_KEY: 'k3y-of-the-desk' },
		});
	});
	after(async () => {
		await d?.stop();
		peer.closeAllConnections?.();
		peer.close();
		other.close();
	});
	const behave = (rq, rs) => rs.end(typeof answers[rq.url] === 'string' ? answers[rq.url] : JSON.stringify(answers[rq.url]));

	test('both are asked side by side and weigh together; they get hashes and words, and no address', async () => {
		how = behave;
		const { said } = await heard(d, { title: 'Both', body: 'My own words & signs: ä=ö?', name: 'Fritz Walter', email: 'Fritz@Example.org' }, 'held');
		assert.deepEqual(said.map((o) => [o.service, o.known, o.score]), [['stopforumspam', 'yes', 2.7], ['akismet', 'yes', 3]]);
		const sfs = seen.find((s) => s.url === '/api');
		const fields = new URLSearchParams(sfs.body);
		assert.deepEqual([...fields], [['emailhash', createHash('md5').update('fritz@example.org').digest('hex')], ['json', '1']]);
		const akismet = new URLSearchParams(seen.find((s) => s.url === '/1.1/comment-check').body);
		assert.equal(akismet.get('comment_content'), 'Both\n\nMy own words & signs: ä=ö?');
		assert.equal(akismet.get('user_ip'), '127.0.0.1');
		assert.equal(akismet.get('api_key'), 'k3y-of-the-desk');
		for (const s of seen) assert.doesNotMatch(`${s.url} ${s.body} ${JSON.stringify(s.headers)}`, /Fritz|Example\.org/i);
		assert.doesNotMatch(d.stderr, /k3y-of-the-desk|comment-check/);
	});

	test('without an e-mail address StopForumSpam is not asked', async () => {
		how = (rq, rs) => rs.end('false');
		seen.length = 0;
		const { said } = await heard(d, { title: 'No mail', body: 'A question without an address.' });
		assert.deepEqual(said.map((o) => [o.service, o.score]), [['akismet', 0]]);
		assert.deepEqual([...new Set(seen.map((s) => s.url))], ['/1.1/comment-check']);
	});

	const junk = {
		'says nothing at all': () => {},
		'hangs up': (rq) => rq.socket.destroy(),
		'fails': (rq, rs) => (rs.writeHead(500), rs.end('true')),
		'sends the reader elsewhere': (rq, rs) => (rs.writeHead(302, { location: `http://127.0.0.1:${other.address().port}/` }), rs.end()),
		'answers in another form': (rq, rs) => rs.end('<h1>true</h1>'),
		'answers without end': (rq, rs) => {
			const more = () => rs.write('true'.repeat(16384)) && setImmediate(more);
			rs.on('drain', more);
			rs.on('error', () => {});
			more();
		},
		'sends a deep document': (rq, rs) => rs.end('['.repeat(100000)),
		'claims a thousand percent': (rq, rs) => rs.end(JSON.stringify({ success: 1, emailhash: { appears: 1, confidence: 1000 } })),
	};
	const endRow = (name) => {
		how = behave;
		return heard(d, { title: `Before: ${name}`, email: 'a@example.org', body: `Before the peer ${name}, a question.` }, 'held');
	};
	for (const [name, way] of Object.entries(junk))
		test(`a peer that ${name} is unknown: the question goes on without it`, async () => {
			await endRow(name);
			how = way;
			await question(d, { title: name, body: `While the peer ${name}, a question.`, email: 'a@example.org' });
			assert.deepEqual(opinions(d, name).map((o) => [o.service, o.known, o.score]), [['stopforumspam', 'unknown', 0], ['akismet', 'unknown', 0]]);
			assert.equal(elsewhere, 0, 'a redirect was followed');
		});

	test('one that keeps failing is left alone, said once, and missed by nobody', async () => {
		await endRow('is down');
		const told = () => d.lines.filter((l) => /akismet gives no opinions/.test(l)).length;
		const before = told();
		how = (rq) => rq.socket.destroy();
		for (let i = 0; i < 5; i++) await question(d, { title: `Row ${i}`, body: `Question ${i} while the peer is down, about ${'abcde'[i]}.` });
		seen.length = 0;
		await question(d, { title: 'After', body: 'One more while it is left alone.' });
		assert.deepEqual(seen, []);
		assert.deepEqual(opinions(d, 'After'), []);
		await until(() => told() > before, 'the line in the log');
		assert.equal(told(), before + 1);
	});
});

describe('rspamd, when something else answers at its address', () => {
	let d, mona, peer, how;
	before(async () => {
		peer = http.createServer((rq, rs) => rq.resume().on('end', () => how(rq, rs)));
		await new Promise((resolve) => peer.listen(0, '127.0.0.1', resolve));
		d = await desk({ env: { PORCHLIGHT_FORM_TOKEN: 'off', PORCHLIGHT_OPINION_RSPAMD: `http://127.0.0.1:${peer.address().port}` } });
		mona = await d.login('mona');
	});
	after(async () => {
		await d?.stop();
		peer.closeAllConnections?.();
		peer.close();
	});
	const good = JSON.stringify({ score: 7, required_score: 15, action: 'greylist', symbols: {} });
	const unknown = {
		'says nothing at all': () => {},
		'hangs up in the middle': (rq, rs) => (rs.writeHead(200, { 'content-length': 1000 }), rs.write('{"score":'), setImmediate(() => rs.destroy())),
		'fails': (rq, rs) => (rs.writeHead(500), rs.end(good)),
		'answers with a page': (rq, rs) => rs.end('<h1>It works</h1>'),
		'answers without a score': (rq, rs) => rs.end('{"action":"reject"}'),
		'gives words for a score': (rq, rs) => rs.end('{"score":"7","required_score":15,"action":"reject"}'),
		'answers with a list': (rq, rs) => rs.end(`[${good}]`),
		'sends a deep document': (rq, rs) => rs.end('{"a":'.repeat(50000)),
		'answers without end': (rq, rs) => {
			const more = () => rs.write(' '.repeat(65536)) && setImmediate(more);
			rs.on('drain', more);
			rs.on('error', () => {});
			more();
		},
	};
	for (const [name, way] of Object.entries(unknown))
		test(`a peer that ${name} is unknown: the question goes on without it`, async () => {
			how = (rq, rs) => rs.end(good); // ends any row of failures
			await ask(d, { title: `Before: ${name}`, body: `Before the peer ${name}, a question.` });
			how = way;
			await question(d, { title: name, body: `While the peer ${name}, a question.` });
			assert.deepEqual(opinions(d, name).map((o) => [o.service, o.known, o.score]), [['rspamd', 'unknown', 0]]);
		});

	test('whatever score it claims, it holds at most, and its words stay text', async () => {
		how = (rq, rs) => rs.end('{"score":1e300,"required_score":15,"action":"<b>reject</b>\\u202e","symbols":{"<script>x</script>":{"score":1e300}}}');
		const r = await ask(d, { title: 'Much', body: 'A question while the peer claims much.' });
		assert.ok(['queued', 'held'].includes(r.body.state), r.text);
		if (r.body.state === 'held') assert.doesNotMatch((await mona.get('/desk/moderation')).text, /<b>reject|<script>x/);
	});
});

test('off by default; an address that is none, or Akismet without a key, is refused in words', () => {
	const data = temporary();
	const said = (env) => command(['doctor'], { data, env }).err;
	assert.match(said({ PORCHLIGHT_OPINION_RSPAMD: 'ftp://x' }), /opinion_rspamd must be an address/);
	assert.match(said({ PORCHLIGHT_OPINION_AKISMET: 'https://user:word@x' }), /opinion_akismet must be an address/);
	assert.match(said({ PORCHLIGHT_OPINION_AKISMET: 'https://x.example' }), /needs opinion_akismet_key/);
	rmSync(data, { recursive: true, force: true });
});
