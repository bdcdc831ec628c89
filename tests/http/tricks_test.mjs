// What spammers try, by the name of the trick. Those with a test of their own elsewhere are in the table of tests/README.md.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { V, ask, desk, heldItem, question, rules, talk } from './api.mjs';
import { command, temporary } from './lib.mjs';

const WIKI = 'https://wiki.harbour.test/wiki/';
let d, hanna, mona, ada;
before(async () => {
	d = await desk({ env: { PORCHLIGHT_WIKI_URL: WIKI } });
	[hanna, mona, ada] = await Promise.all(['hanna', 'mona', 'ada'].map((n) => d.login(n)));
	await rules(ada);
});
after(() => d.stop());

const put = (file, body) => ada.request('PUT', `${V}/rules/${encodeURIComponent(file)}`, { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body });
/** A folder of rule files of its own. */
function folder(files) {
	const dir = temporary();
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
		writeFileSync(path.join(dir, name), text);
	}
	return dir;
}
const explain = (dir, text, ...more) => JSON.parse(command(['rules', 'explain', '-', '--rules', dir, '--json', ...more], { input: text }).out);

test('a list that would block the wiki itself is refused with its line, and nothing changes', async () => {
	const before = (await ada.get(`${V}/rules`)).body.generation;
	for (const [name, text, lines] of [
		['a domain', '# from elsewhere\nbad.test\nharbour.test\n', [3]],
		['a pattern', 'bad\\.test\n\n\\bharbour\\.test\\b\n', [3]],
		['a path', 'bad.test\n/wiki/\n', [2]],
		['all of them', '[a-z]\n', [1]],
		['two lines', 'harbour.test\nbad.test\nharbour\\.test/wiki\n', [1, 3]],
	]) {
		const r = await put('lists/foreign.list', text);
		assert.equal(r.status, 422, `${name}: ${r.text}`);
		assert.deepEqual(r.body.errors.map((e) => [e.file, e.line]), lines.map((n) => ['lists/foreign.list', n]), name);
		assert.match(r.body.errors[0].message, /would block the site itself, https:\/\/wiki\.harbour\.test\/wiki\//);
	}
	assert.equal((await ada.get(`${V}/rules`)).body.generation, before);

	/* What the admin has allowed, or another's wiki, may stand in it. */
	assert.equal((await put('lists/foreign.list', 'other-harbour.test\nnotharbour.test\n')).status, 200);
	assert.equal((await put('lists/allow-own.list', 'wiki.harbour.test\n')).status, 200);
	assert.equal((await put('lists/second.list', 'harbour.test\n')).status, 200);

	/* The command says the same as the page. */
	const dir = folder({ 'lists/foreign.list': 'bad.test\nharbour.test\n' });
	const check = command(['rules', 'check', dir], { env: { PORCHLIGHT_WIKI_URL: WIKI } });
	assert.equal(check.code, 1);
	assert.match(check.out + check.err, /lists\/foreign\.list:2:\d+: .*would block the site itself/);
	assert.equal(command(['rules', 'check', dir]).code, 0);
	rmSync(dir, { recursive: true });
});

test('an allow list speaks for the host of an address, and for nothing else in it', () => {
	const dir = folder({ 'lists/allow.list': 'en.wikipedia.org\nwikipedia.org\n', 'lists/bad.list': 'evil-lamps.com\nxn--wikipdia-f1a.org\n' });
	const missed = [];
	const blocked = (text) => explain(dir, text, '--no-builtin').hits.some((h) => h.rule === 'LIST_BAD');
	for (const text of [
		'see https://evil-lamps.com/?en.wikipedia.org now',
		'see https://evil-lamps.com?en.wikipedia.org now',
		'see https://evil-lamps.com#.en.wikipedia.org now',
		'see https://evil-lamps.com:443 en.wikipedia.org now',
		'see https://evil-lamps.com\\.en.wikipedia.org now',
		'see https://evil-lamps.com/en.wikipedia.org/wiki/Cat now',
		'see https://evil-lamps.com/#https://en.wikipedia.org/ now',
		'see https://en.wikipedia.org@evil-lamps.com/ now',
		'see https://en.wikipedia.org:443@evil-lamps.com/wiki now',
		'see https://user:wikipedia.org@evil-lamps.com/ now',
		'see https://en.wikipedia.org.evil-lamps.com/wiki/Cat now',
		'see https://wikipedia.org.evil-lamps.com now',
		'see https:\\\\evil-lamps.com\\en.wikipedia.org now',
		'see https://evil-lamps.com\\@en.wikipedia.org/ now',
		'see https://EVIL-lamps.com/wikipedia.org now',
		'see https://%65vil-lamps.com/wikipedia.org now',
		'see https://evil-lamps.com./en.wikipedia.org now',
		'see https://ｅｖｉｌ-lamps.com/en.wikipedia.org now',
		'see https://www.wikipédia.org/wiki now',
		'see https://evil\u200b-lamps.com/en.wikipedia.org now',
		'see evil-lamps\u2060.com now',
		'see https://evil-lamps。com/ now',
		'see <a href="&#104;ttps://evil-lamps&#46;com/">en.wikipedia.org</a> now',
		'see [https://evil-lamps.com/ en.wikipedia.org] now',
		'see [url=//evil-lamps.com/]wikipedia.org[/url] now',
		'write to wiki@evil-lamps.com now',
		'see https://en.wikipedia.org/w/index.php?title=x&returnto=https://evil-lamps.com/ now',
	])
		if (!blocked(text)) missed.push(text);
	assert.deepEqual(missed, []);
	for (const text of ['see https://en.wikipedia.org/wiki/Evil-lamps.com now', 'see https://de.wikipedia.org/wiki/Katze now', 'see https://notevil-lamps.com/ now'])
		assert.ok(!blocked(text), text);
	rmSync(dir, { recursive: true });
});

test('a listed name in disguise is seen and marked, and prose is no name', () => {
	const dir = folder({ 'lists/allow.list': 'wikipedia.org\n', 'lists/names.list': 'evil-lamps.com\ncasino.net\n',
		'lists/patterns.list': '\\bevil-lamps\\.com\\b\n\\.top(?:/|$)\ncasino\n//[a-z]+\\.net\\b\n' });
	const seen = (text) => explain(dir, text, '--no-builtin').hits;
	const missed = [];
	for (const name of ['evil-lamps dot com', 'evil-lamps(dot)com', 'evil-lamps [.] com', 'evil-lamps [ . ] com', 'evil-lamps ( dot ) com', 'evil-lamps<dot>com', 'hxxp://evil-lamps.com',
		'hxxps://evil-lamps[.]com/x', 'evil-lamps . com', 'evil-lamps .com', 'evil-lamps. com', 'evil-lamps,com', 'evil-lamps-dot-com', 'evil-lamps d0t com', 'evil-lamps punkt com',
		'evil-lamps точка com', '看evil-lamps点com', 'evil-lamps．com', 'evil-lamps•com', 'ｅｖｉｌ－ｌａｍｐｓ．ｃｏｍ', 'www dot evil-lamps dot com', 'evil-lamps.com@', '"evil-lamps" "." "com"',
		'https://evil-lamps.com:80a/', 'evil-lamps.com:80:443', 'https://evil-lamps.com%zz/', 'https://good.example/?u=evil-lamps.com/x', 'https://good.example/?u=evil-lamps%252Ecom',
		'https://good.example/?u=%2568ttps%253A%252F%252Fevil-lamps.com%252F', 'https://wikipedia.org/?u=%2568ttps%253A%252F%252Fevil-lamps.com%252F']) {
		const hits = seen(`see ${name} now`), text = Buffer.from(`see ${name} now`);
		for (const rule of ['LIST_NAMES', 'LIST_PATTERNS']) {
			const h = hits.find((x) => x.rule === rule);
			if (!h || h.class !== 'url' || h.field !== 'body' || !/lamps|ｌａｍｐｓ/.test(text.subarray(h.start, h.end).toString())) missed.push([name, rule, h]);
		}
	}
	/* Spelled out, in others' letters, hidden in another address, behind other names: marked where it stands. */
	const cyrillic = 'evil-lamps.\u0441\u043em', coded = Buffer.from('https://evil-lamps.com/').toString('base64url');
	for (const name of ['e v i l - l a m p s . c o m', 'evil-lamps . c o m', 'e v i l - l a m p s.com', 'e v i l - l a m p s dot c o m', 'evil-lamps.\u0421\u041e\u041c', cyrillic, `http://${cyrillic}/`, '\u0435vil-lamps . com',
		'ᴇᴠɪʟ-ʟᴀᴍᴘs.ᴄᴏᴍ', '🅴🆅🅸🅻-🅻🅰🅼🅿🆂.🅲🅾🅼', 'e\u0336v\u0336i\u0336l\u0336-\u0336lamps.com', 'evil-lamps\u202e.com', 'ev\u200dil-lamps.com', '\u202emoc.spmal-live\u202c', 'evil-lamps 🔴 com', 'evil-lamps🔥.🔥com', 'evil-lamps●com',
		'evil-lamps&dot;com', 'evil&ZeroWidthSpace;-lamps.com', `https://good.example/?u=${coded}`, `https://good.example/r/${coded}`, `https://good.example/?u=${Buffer.from(coded).toString('base64')}`,
		`https://good.example/?u=${Buffer.from('evil-lamps.com').toString('hex')}`, `data:text/html;base64,${coded}`, 'https://web.archive.org/save/evil-lamps.com/',
		'ev il-lamps.com', 'evil-lam\nps.com/x', 'www.evil- lamps.com', 'evil-lamps.c om', 'evil-la[mb]mps.com', 'evil-lamps[remove this].com', 'evil-lamps (take out) .com', 'evil-lampsREMOVETHIS.com', 'evil-lamps.NOSPAM.com', 'evil-lampsDOTcom',
		'evil-lamps%2Ecom', '%65vil-lamps%2ecom/x', 'evil-lamps.c0m', 'evil-lamps dot c0m', 'evil-lamps[.]c0m', 'https://evil--lamps-com.translate.goog/?x=1', 'https://r.example/evil-lamps.com']) {
		const hits = seen(`see ${name} now`), end = Buffer.byteLength(`see ${name}`);
		for (const rule of ['LIST_NAMES', 'LIST_PATTERNS']) {
			const h = hits.find((x) => x.rule === rule);
			if (!h || h.field !== 'body' || h.start < 4 || h.end > end + 1) missed.push([name, rule, h]);
		}
	}
	assert.deepEqual(missed, []);
	const caught = [];
	for (const text of ['It is the dot com era, and I wore a polka dot top', 'We talked about the casino. Net result: nothing changed', 'we talked about the casino. net sales rose', 'at the end of the sentence. net result, none',
		'Das war das Ende vom Casino. Net war es nicht', 'Fui ao casino, com amigos', "C'est au point top, à ce point de départ", 'это точка зрения. Точка', '我有一点问题。我不知道怎么办',
		'see https://wikipedia.org/wiki/?title=Evil-lamps.com now', 'evil lamps. computers',
		'see https://wikipedia.org/wiki/Evil-lamps%2Ecom now', 'that is no evil.The lamps.Com was a word', 'evil_lamps[0].top(1), x.evil.lamps[i].com', 'https://ev1l-lamps.com/ is another than the one with an i', 'the top is at 1.2.0p of a.to point, a.mp3 from go.to',
		'I work at e. g. com, and J. R. R. Tolkien did not', 'Take vitamin C. Net result: better', 'the file a-b-c.top.gz of x.y.z, v1.2.3-r4', 'for (i = 0; i < n; i++) { a[i] = b.c; }', 'M-a-r-y, T. O. P. Jones', '/ˈkæs.ɪ.noʊ/ is how it is said',
		'see https://good.example/wiki/Evil-lamps.com now', 'see https://good.example/w/index.php?oldid=1234567890abcdef&diff=cur now']) {
		const hits = seen(text).filter((h) => !(h.rule === 'LIST_NAMES' && h.text === 'casino.net'));
		if (hits.length) caught.push([text, hits.map((h) => [h.rule, h.text])]);
		/* No link of it is counted. */
		if (!text.includes('://')) assert.ok(!explain(dir, text).hits.some((h) => /links|hosts/.test(h.rule)), text);
	}
	assert.deepEqual(caught, []);
	rmSync(dir, { recursive: true });
});

test('more names than are looked at are unknown, not clean', () => {
	const dir = folder({ 'lists/names.list': 'evil-lamps.com\n', 'a.cf': 'score LIST_NAMES 8\n' });
	const decoys = (n) => Array.from({ length: n }, (_, i) => `a${i} dot com`).join(', ');
	for (const [name, text, action, error] of [['some', `${decoys(200)}, evil-lamps dot com`, 'hold', false], ['many', `${decoys(600)}, evil-lamps dot com`, 'hold', true], ['one again and again', `${'a dot com, '.repeat(600)} and nothing`, 'accept', undefined]]) {
		const v = explain(dir, text, '--no-builtin'), h = v.hits.find((x) => x.rule === 'LIST_NAMES');
		assert.equal(v.action, action, `${name}: ${JSON.stringify(v.hits)}`);
		assert.equal(h && h.where === 'unknown', error, name);
	}
	rmSync(dir, { recursive: true });
});

test('probing: near copies of a refused text get the same answer, which says nothing of rules or scores', async () => {
	const words = 'please refuse this offer of garden gnomes that glow at night, cheap and sent to every house in the whole town by next week';
	const first = await ask(d, { body: words });
	assert.equal(first.body.state, 'rejected', first.text);
	const shape = (r) => [r.status, r.body.state, r.body.note, Object.keys(r.body).sort().join()];
	for (let i = 0; i < 12; i++) {
		/* one word less each time, until nothing of the rule is left */
		const probe = await ask(d, { body: `${words.replace('please refuse this', ['please refuse', 'please', 'refuse this', 'kindly see this'][i % 4])} ${'abcdefghijkl'[i]}` });
		assert.deepEqual(shape(probe), shape(first), `probe ${i}`);
		assert.doesNotMatch(probe.text, /TEST_REFUSE|score|"hits"|generation/);
		assert.doesNotMatch((await d.get(`${V}/questions/${probe.body.token}`)).text, /TEST_REFUSE|score|"hits"|generation/);
		assert.doesNotMatch((await d.get(`/q/${probe.body.token}`)).text, /TEST_REFUSE|near.cop/i);
	}
	/* Another's question about the same is judged for itself. */
	assert.equal((await ask(d, { body: 'Where do I find the article about garden gnomes, and may I add a picture?' })).body.state, 'queued');
});

test('probing: whichever reason holds or refuses a text, the answer and the page are the same but for its words', async () => {
	assert.equal((await put('lists/probed.list', 'probed-lamps.test\n')).status, 200);
	const made = await put('local.d/probed.cf', `score LIST_PROBED 8
body PROBED_LOW /violet otters/
score PROBED_LOW 6
body PROBED_HIGH /amber otters/
score PROBED_HIGH 12
body __PROBED_PART /silver otters/
meta PROBED_META (__PROBED_PART && !PROBED_LOW)
score PROBED_META 9
body PROBED_ACTION /copper otters/
score PROBED_ACTION 0.01
action PROBED_ACTION hold
body PROBED_REFUSE /golden otters/
score PROBED_REFUSE 3
action PROBED_REFUSE reject
body PROBED_MUCH /ivory otters/
score PROBED_MUCH 90
action PROBED_MUCH reject
`);
	assert.equal(made.status, 200, made.text);
	const wholes = { held: [], rejected: [] };
	for (const [state, words] of [['held', 'violet otters'], ['held', 'amber otters'], ['held', 'silver otters'], ['held', 'copper otters'], ['held', 'otters of https://probed-lamps.test/'],
		['rejected', 'golden otters'], ['rejected', 'ivory otters'], ['rejected', 'golden otters, amber otters, ivory otters']]) {
		const body = `Is there an article on ${words}?`;
		const r = await ask(d, { body });
		assert.equal(r.body.state, state, words);
		const views = [r.text, (await d.get(`${V}/questions/${r.body.token}`)).text, (await d.get(`/q/${r.body.token}`)).text, JSON.stringify(r.headers), String(r.status)];
		/* What is each question's own: its link, its words, its time, the page's nonce; and how long headers make that. */
		wholes[state].push(views.map((v) => v.replaceAll(r.body.token, 'TOKEN').replaceAll(words, 'WORDS').replace(/https:\/\/probed-lamps\.test\/|otters of /g, '')
			.replace(/name="form" value="[^"]+"/g, 'FORM').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|"content-length":"\d+"|"date":"[^"]+"|\d\d:\d\d/g, 'OWN')));
	}
	for (const [state, [first, ...others]] of Object.entries(wholes)) for (const other of others) assert.deepEqual(other, first, state);
	assert.doesNotMatch(JSON.stringify(wholes), /PROBED|probed/);
});

test('a language that is claimed silences nothing', async () => {
	const seen = [];
	for (const lang of ['en', 'ru', 'zh', 'ar', 'tlh', undefined]) {
		const title = `Claimed ${lang}`;
		const r = await ask(d, { title, lang, body: `Играйте в онлайн казино, бонус за регистрацию, выводите деньги сразу: https://kazino-${lang}.test/ пишите в телеграм @kazino${lang}, +7 900 123-45-67` });
		assert.equal(r.status, 201, r.text);
		const item = (await heldItem(mona, r.body.state === 'rejected' ? 'rejected' : 'held', (x) => x.title === title));
		assert.ok(item, `${lang}: ${r.body.state}`);
		seen.push(item.hits.filter((h) => ['rule', 'url', 'shape'].includes(h.class)).map((h) => `${h.class} ${h.rule} ${h.score}`).sort().join());
	}
	assert.match(seen[0], /rule .*shape /, 'more than one class');
	assert.equal(new Set(seen).size, 1, `the same reasons whatever is claimed: ${seen.join('; ')}`);
});

test('the command explains what a moderator sees: the same rules, words, weights and action (P5)', async () => {
	const body = 'please hold this: is the best online casino bonus at https://casino.test/win a good source?';
	const title = 'Explained: please hold this title';
	await ask(d, { title, body });
	const item = await heldItem(mona, 'held', (x) => x.title === title);
	const stored = (await mona.get(`${V}/tickets/${item.ticket}/verdicts/${item.n}`)).body;
	const said = JSON.parse(command(['rules', 'explain', '-', '--subject', title, '--json'], { data: d.data, input: body }).out);
	/* How it came is not in a text on the command line; everything else is. */
	const of = (hits) => hits.filter((h) => h.class !== 'behaviour').map(({ rule, score, count, class: c, where, text, describe, printed }) => ({ rule, score, count, c, where, text, describe, printed }));
	assert.ok(of(said.hits).length > 2);
	assert.equal(said.hits.find((h) => h.rule === 'TEST_HOLD').field, 'title', 'the title is read, too');
	assert.deepEqual(said.guards.map((g) => g.name), stored.guards.map((g) => g.name));
	assert.ok(Math.abs(said.score - stored.score + (stored.classes.behaviour ?? 0)) < 0.001, `${said.score} ${stored.score}`);
	assert.deepEqual(of(said.hits), of(stored.hits));
	assert.equal(said.generation, stored.generation);
	assert.equal(said.action, stored.action);
	for (const h of item.hits.filter((x) => x.class !== 'behaviour')) {
		const same = said.hits.find((x) => x.rule === h.rule);
		assert.deepEqual([h.score, h.describe, h.text], [same.score, same.describe, same.text], h.rule);
	}
	const print = command(['rules', 'explain', '-', '--subject', title], { data: d.data, input: body }).out;
	for (const h of said.hits) assert.ok(print.includes(h.rule) && print.includes(h.describe ?? ''), h.rule);
});

test('every tool for rules: its answer as JSON, and 0, 1 or 2', () => {
	const good = folder({ 'a.cf': 'body A /apple/\ntest A ok an apple\n', 'x.jsonl': '{"label":"spam","lang":"en","body":"an apple"}\n{"label":"ham","lang":"en","body":"a pear"}\n' });
	const bad = folder({ 'a.cf': 'body A /(apple/\n' });
	const marked = folder({ 'a.cf': '\ufeffbody A /apple/\r\ntest A ok an apple\r\n', 'lists/a.list': '\ufeffspam.example\r\n', 'x.jsonl': '\ufeff{"label":"spam","body":"an apple"}\r\n' });
	const file = path.join(good, 'x.jsonl');
	const run = (...args) => command(['rules', ...args], { data: d.data });
	for (const args of [['check', marked], ['eval', path.join(marked, 'x.jsonl'), '--rules', marked]])
		assert.deepEqual([run(...args)].map((r) => [r.code, /warning/.test(r.err + r.out)]), [[0, false]], `${args[0]}: files as some editors write them`);
	for (const [args, keys] of [
		[['check', good], ['ok']],
		[['test', 'A', '--rules', good], []],
		[['explain', 'an apple'], ['score', 'action', 'generation', 'facts', 'hits']],
		[['eval', file], ['spam', 'ham', 'by_lang']],
		[['eval', file, '--sequence'], ['spam', 'ham', 'by_lang']],
		[['eval', file, '--learn', file], ['spam', 'ham', 'by_lang']],
		[['bench', file], []],
		[['replay', path.join(good, 'a.cf')], []],
		[['learn', file], ['lines', 'learned', 'undo']],
		[['list'], ['rules', 'generation']],
	]) {
		const r = run(...args, '--json');
		assert.equal(r.code, 0, `${args[0]}: ${r.out}${r.err}`);
		const v = JSON.parse(r.out);
		for (const k of keys) assert.ok(k in v, `${args[0]}: ${k}`);
		assert.equal(run(...args).code, 0, args[0]);
	}
	for (const args of [['check', bad], ['test', 'NO_SUCH_RULE'], ['eval', path.join(good, 'none.jsonl')], ['bench', path.join(good, 'none.jsonl')], ['list', '--rules', bad], ['replay', path.join(good, 'none.cf')], ['learn', path.join(good, 'none.jsonl')]])
		assert.equal(run(...args).code, 1, args.join(' '));
	for (const args of [[], ['nonsense'], ['explain'], ['eval'], ['list', '--no-such-option']]) assert.equal(run(...args).code, 2, args.join(' '));
	rmSync(good, { recursive: true });
	rmSync(marked, { recursive: true });
	rmSync(bad, { recursive: true });
});

test('an address that a stranger leaves, perhaps somebody else\'s, is written to by nobody and read by nobody (P9)', async () => {
	const mailbox = 'victim.of.this@mailbox.test';
	const r = await ask(d, { title: 'With an address', email: mailbox });
	assert.equal(r.status, 201, r.text);
	const { id } = (await mona.get(`${V}/queue?view=unassigned`)).body.items.find((t) => t.title === 'With an address');
	for (const who of [mona, ada])
		for (const where of [`${V}/tickets/${id}`, `${V}/tickets/${id}/verdicts/1`, `${V}/tickets/${id}/transcript?format=json`, `${V}/queue?view=all`, `/desk/t/${id}`])
			assert.doesNotMatch((await who.get(where)).text, /victim\.of\.this/, where);
	for (const where of [`${V}/questions/${r.body.token}`, `/q/${r.body.token}`, `${V}/questions/${r.body.token}/transcript?format=txt`])
		assert.doesNotMatch((await d.get(where)).text, /victim\.of\.this/, where);
	assert.doesNotMatch(JSON.stringify(d.log ?? ''), /victim\.of\.this/);
});

test('chat lines split, doubled or sent in another order are judged as what they say together', async () => {
	const made = await put(
		'local.d/pieces.cf',
		`body __PIECE_GOODS /\\bcheap beacons\\b/
body __PIECE_WAY /\\bwrite to beaconman\\b/
meta TEST_PIECES (__PIECE_GOODS && __PIECE_WAY)
score TEST_PIECES 8
`,
	);
	assert.equal(made.status, 200, made.text);
	const orders = {
		split: ['I have cheap', 'beacons here, please', 'write to', 'beaconman'],
		doubled: ['cheap beacons', 'cheap beacons', 'write to beaconman'],
		're-ordered': ['you can write to beaconman', 'who has', 'cheap beacons'],
		'cut in a word, the others far away': [`I have cheap beacons. ${'We looked at the sea for long. '.repeat(12)}`, 'you can write to beac', 'onman'],
	};
	for (const [name, lines] of Object.entries(orders)) {
		const q = await talk(d, hanna, { body: `How do I cite a map, and is it ${name}?` });
		let last;
		for (const body of lines) {
			const r = await d.json('POST', `${q.path}/messages`, { body });
			assert.equal(r.status, 201, r.text);
			last = r.body.n;
		}
		assert.ok(await heldItem(mona, 'held', (i) => i.ticket === q.id && i.n === last), `${name}: the last piece was not held`);
		assert.equal((await hanna.json('POST', `${q.t}/close`, { fence: q.fence, reason: 'other' })).status, 200);
	}
});

test('half in the title or the name, the rest in a line or with a rating: judged as what they say together', async () => {
	const made = await put(
		'local.d/halves.cf',
		`body __HALF_GOODS /\\bcheap rafts\\b/
body __HALF_WAY /\\bwrite to raftman\\b/
meta TEST_HALVES (__HALF_GOODS && __HALF_WAY)
score TEST_HALVES 8
`,
	);
	assert.equal(made.status, 200, made.text);
	const heldNow = async (q, n) => Boolean(await heldItem(mona, 'held', (i) => i.ticket === q.id && i.n === n));
	for (const more of [{ title: 'About cheap rafts' }, { name: 'cheap rafts' }]) {
		const q = await talk(d, hanna, { body: 'How do I cite a chart?', ...more });
		const r = await d.json('POST', `${q.path}/messages`, { body: 'You can write to raftman' });
		assert.ok(await heldNow(q, r.body.n), JSON.stringify(more));
		assert.equal((await hanna.json('POST', `${q.t}/close`, { fence: q.fence, reason: 'other' })).status, 200);
	}
	const far = await question(d, { body: 'How do I cite a map of cheap rafts?' });
	let last;
	for (const body of ['please', 'you', 'can', 'write to', 'raftman']) last = await d.json('POST', `${far.path}/messages`, { body });
	assert.ok(await heldItem(mona, 'held', (i) => i.n === last.body.n), 'the question is read with every line that is judged in full');
	const q = await talk(d, hanna, { title: 'About cheap rafts', body: 'How do I cite a chart of the coast?' });
	assert.equal((await hanna.json('POST', `${q.t}/close`, { fence: q.fence, reason: 'other' })).status, 200);
	const rated = await d.json('POST', `${q.path}/rating`, { helped: true, comment: 'You can write to' });
	assert.equal(rated.status, 200, rated.text);
	assert.equal((await d.json('POST', `${q.path}/rating`, { helped: true, comment: 'raftman' })).status, 200);
	const log = (await mona.get(q.t)).body.log;
	const comments = log.filter((e) => e.data?.what === 'rating');
	assert.deepEqual(comments.map((e) => Boolean(e.data.held)), [false, true], 'the second comment ends the sentence');
});

test('a helper who cuts an offer into lines is asked about the last of them; quoting spam and links is no offer', async () => {
	const q = await talk(d, hanna, { body: 'How do I cite a lamp?' });
	const say = (body, more) => hanna.json('POST', `${q.t}/messages`, { body, fence: q.fence, ...more });
	for (const body of [
		'In the reference you wrote "Call now: 0800 123456, win a prize", please remove the phone number.',
		'Buy cheap viagra at http://pills.example.com is what that account adds everywhere. See http://a.example http://b.example http://c.example http://d.example',
		'If someone offers to publish your article for a fee, it is a scam; forward the mail to paid@wiki.example.org.',
		'Send me the link to the draft, please, and write to me here when you have it.',
		'The archive has the number +44 20 7946 0958.',
		'I could write the article, and for',
	]) {
		const r = await say(body);
		assert.equal(r.status, 201, `${body}: ${r.text}`);
	}
	const asked = await say('200 dollars I can do it today');
	assert.deepEqual([asked.status, asked.body.field], [422, 'confirm'], asked.text);
	assert.equal((await say('200 dollars I can do it today', { confirm: true })).status, 201);
	const after = await say('As said, the button is above the text.');
	assert.equal(after.status, 201, `what was confirmed is not asked about again: ${after.text}`);
});

test('marks that turn text around stay inside the field that holds them', async () => {
	const turn = '\u202e\u2066';
	const q = await question(d, { name: `Evil${turn}nam`, title: `A title${turn}elt`, page: `Page${turn}egap`, body: `Some words${turn}sdrow` });
	const seen = (await d.get(q.path)).body;
	assert.equal(seen.title, 'A titleelt', 'a one-line field keeps none of them');
	const page = (await d.get(`/q/${q.token}`)).text;
	const places = page.split(turn).length - 1;
	assert.equal(places, 1, 'only the text itself has them');
	assert.match(page, new RegExp(`dir="auto"[^>]*>(?:\\s|<p[^>]*>)*Some words${turn}sdrow`), 'in an element that ends them');
	assert.doesNotMatch((await mona.get('/desk')).text, /[\u202a-\u202e\u2066-\u2069]/, 'the queue shows one-line fields only');
});

// Sent to the desk itself, in each place where a stranger writes; while they are judged, others are served.
const LONG = { body: 15000, title: 200, name: 60, page: 300 };
const cut = (text, bytes) => {
	let out = '';
	for (const c of text) {
		if (Buffer.byteLength(out + c) > bytes) break;
		out += c;
	}
	return out;
};
const odd = {
	'an address as long as a text may be': `https://a.test/${'b/'.repeat(8000)}`,
	'a host of a thousand labels': `https://${'a.'.repeat(4000)}test/`,
	'addresses in addresses': `https://a.test/?u=${'https://b.test/?u='.repeat(800)}`,
	'a wall of combining marks': `e${'\u0301\u0316\u20dd'.repeat(2500)}`,
	'right-to-left overrides': '\u202e\u2067reverof \u202cti dda\u2069'.repeat(400),
	'invisible marks': `v${'\u200b\u2060\ufeff'.repeat(1600)}i`,
	'tag characters and private ones': '\u{e0041}\u{e0020}\u{f0000}\ue000'.repeat(1000),
	'noncharacters': '\ufffe\uffff\u{1fffe}\ufdd0'.repeat(1200),
	'one letter': 'a'.repeat(15000),
	'open tags': '<b>'.repeat(5000),
	'open brackets': '[[{{'.repeat(3500),
	'entities': '&amp;#x26;'.repeat(1500),
};
test('odd texts in every field are answered, readable by staff, and others are served meanwhile', async () => {
	for (const [name, text] of Object.entries(odd)) {
		const more = Object.fromEntries(Object.entries(LONG).map(([field, bytes]) => [field, cut(text, bytes - 40)]));
		const [r, other] = await Promise.all([
			ask(d, { ...more, title: cut(`${name} ${text}`, 200), body: `How do I add a source? ${more.body}` }),
			ask(d, { title: `Beside ${name}`, body: `Where is the page of ${name}, and who looks after it?` }),
		]);
		assert.equal(r.status, 201, `${name}: ${r.text.slice(0, 300)}`);
		assert.equal(other.status, 201, name);
		assert.ok(['queued', 'challenged', 'held', 'rejected'].includes(r.body.state), name);
		for (const [who, where] of [[d, `${V}/questions/${r.body.token}`], [d, `/q/${r.body.token}`], [mona, `${V}/held?list=held`], [hanna, '/desk']])
			assert.equal((await who.get(where)).status, 200, `${name}: ${where}`);
	}
	/* More than a text may be is said to be that. */
	for (const [text, status] of [[`https://a.test/${'b'.repeat(60 << 10)}`, 422], ['\u0301'.repeat(30 << 10), 422], ['\u0301'.repeat(64 << 10), 413]]) {
		const r = await ask(d, { body: `e${text}` });
		assert.equal(r.status, status, r.text);
	}
});

test('bytes that are no UTF-8, and half a character as JSON spells it, are refused in every field', async () => {
	const send = (where, type, bytes) => d.request('POST', where, { headers: { 'content-type': type, 'content-length': bytes.length }, body: bytes });
	const broken = {
		'an overlong slash': 'c0af', 'an overlong slash of three': 'e080af', 'an overlong NUL': 'c080', 'a lone surrogate': 'eda080', 'a pair of surrogates': 'eda081edb080',
		'beyond the last character': 'f4908080', 'half a character': 'e282', 'a stray byte': '80', 'no byte of UTF-8': 'ff',
	};
	for (const [name, hex] of Object.entries(broken))
		for (const field of ['body', 'title', 'name', 'page', 'lang', 'email']) {
			const words = { body: 'How do I add a source?', lang: 'en', [field]: '@' };
			const [before, behind] = JSON.stringify(words).split('@');
			const r = await send(`${V}/questions`, 'application/json', Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from(behind)]));
			assert.equal(r.status, 400, `${name} in ${field}: ${r.text}`);
			const [front, rest] = new URLSearchParams(words).toString().split('%40');
			const page = await send('/', 'application/x-www-form-urlencoded', Buffer.from(front + hex.replace(/../g, '%$&') + rest));
			assert.equal(page.status, 400, `${name} in ${field} of the form`);
		}
	for (const escape of ['\\ud800', '\\udc00', '\\ud800x', '\\udc00\\ud800', '\\u0000']) {
		const r = await send(`${V}/questions`, 'application/json', Buffer.from(`{"body":"How do I add ${escape} a source?"}`));
		assert.equal(r.status, 400, `${escape}: ${r.text}`);
	}
	assert.equal((await ask(d, { body: 'How do I add 😀 to a source?' })).status, 201);
});

test('an address of 60 KiB, a flood of invisible marks and a wall of combining marks are answered, not suffered', async () => {
	const dir = folder({ 'some.cf': 'body SOME /some words/\n' });
	for (const [name, text] of [
		['address', `http://a.test/${'b/'.repeat(30000)}`],
		['invisible', `v${'\u200b'.repeat(20000)}i`],
		['combining', `e${'\u0301'.repeat(32000)}`],
	]) {
		const v = explain(dir, `some words ${text}`);
		assert.ok(v.hits.some((h) => h.rule === 'SOME'), `${name}: ${JSON.stringify(v).slice(0, 300)}`);
		const r = await ask(d, { body: `${text.slice(0, 5000)} How do I add a source?` });
		assert.equal(r.status, 201, name);
		assert.ok(['queued', 'held'].includes(r.body.state), name);
	}
	rmSync(dir, { recursive: true, force: true });
});
