// What the command line says and returns when something is wrong, and beside a running server.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { binary, command, PASSWORD, start, temporary, until } from '../http/lib.mjs';

const OWNER = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
const migrated = () => {
	const data = temporary();
	assert.equal(command(['migrate'], { data }).code, 0);
	return data;
};
const sql = (data, text) => {
	const r = spawnSync('sqlite3', [path.join(data, 'porchlight.db'), text], { encoding: 'utf8', ...OWNER });
	assert.equal(r.status, 0, r.stderr);
	return r.stdout;
};
const refused = (r, words, code = 1) => {
	assert.equal(r.code, code, r.out + r.err);
	assert.match(r.err, words);
	assert.doesNotMatch(r.out + r.err, /SELECT|INSERT|Sanitizer/);
};
const gone = (data) => rmSync(data, { recursive: true, force: true });

test('usage is 2, a failed command 1', () => {
	const data = temporary(), other = migrated();
	refused(command([]), /usage:/, 2);
	refused(command(['nonsense']), /usage:/, 2);
	refused(command(['serve', '--port', '1'], { data }), /unknown option --port/, 2);
	refused(command(['user', 'add'], { data }), /usage:/, 2);
	refused(command(['user', 'add', 'x', '--role', 'king'], { data }), /no role king/, 2);
	refused(command(['export', 'one'], { data }), /number/, 2);
	refused(command(['migrate', '--data'], {}), /needs a value/, 2);
	refused(command(['user', 'list'], { data }), /porchlight migrate/);
	refused(command(['user', 'add', 'x', '--password-stdin'], { data: other, input: Buffer.from('caf\xe9 au lait, please\n', 'latin1') }), /UTF-8/);
	refused(command(['migrate'], { data, env: { PORCHLIGHT_LEASE_S: 'long' } }), /lease_s/);
	refused(command(['migrate', '--config', path.join(data, 'none')], { data }), /none|configuration/i);
	assert.equal(command(['help']).code, 0);
	assert.match(command(['version']).out, /^porchlight \d+\.\d+/);
	gone(data);
	gone(other);
});

test('one binary and one data folder are enough (P11)', () => {
	const data = temporary();
	const alone = temporary();
	copyFileSync(binary, path.join(alone, 'porchlight'));
	const run = (...args) => spawnSync(path.join(alone, 'porchlight'), [...args, '--data', data], { cwd: alone, encoding: 'utf8', env: {} });
	for (const args of [['migrate'], ['user', 'add', 'ann', '--role', 'admin'], ['rules', 'check'], ['rules', 'list'], ['user', 'list']]) {
		const r = run(...args);
		assert.equal(r.status, 0, `${args.join(' ')}: ${r.stdout}${r.stderr}`);
	}
	assert.match(run('user', 'list').stdout, /ann/);
	gone(data);
	gone(alone);
});

test('migrate says what is to be done and does it once', () => {
	const data = temporary();
	const before = command(['migrate', '--check'], { data });
	assert.equal(before.code, 1);
	assert.match(before.out, /0 of \d+ migrations are applied; next: 0001_/);
	assert.match(command(['migrate'], { data }).out, /applied 0001_/);
	assert.equal(command(['migrate', '--check'], { data }).code, 0);
	assert.match(command(['migrate'], { data }).out, /up to date/);
	gone(data);
});

test('a newer database, a changed migration and an older database are refused with words', () => {
	let data = migrated();
	sql(data, "INSERT INTO migrations VALUES (9999, '9999_tomorrow', 'x', 0)");
	for (const args of [['serve', '--listen', '127.0.0.1:0'], ['migrate'], ['migrate', '--check']]) refused(command(args, { data }), /newer Porchlight/);
	assert.match(command(['doctor'], { data }).out, /mend .*newer Porchlight/);
	gone(data);
	data = migrated();
	sql(data, "UPDATE migrations SET sha256 = 'x' WHERE number = 1");
	for (const args of [['serve', '--listen', '127.0.0.1:0'], ['migrate']]) refused(command(args, { data }), /0001_.* must never be changed/);
	gone(data);
	data = migrated();
	sql(data, 'DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations)');
	refused(command(['serve', '--listen', '127.0.0.1:0'], { data }), /lacks 1 migration .*porchlight migrate/);
	// Its migration cannot be applied over what is there: undone, and said.
	refused(command(['migrate'], { data }), /failed and was undone/);
	gone(data);
});

test('a file that is no database is damaged, not new', () => {
	const data = temporary();
	writeFileSync(path.join(data, 'porchlight.db'), 'This is a letter to my grandmother. '.repeat(200), { mode: 0o600 });
	if (OWNER.uid) spawnSync('chown', [`${OWNER.uid}`, path.join(data, 'porchlight.db')]);
	refused(command(['serve', '--listen', '127.0.0.1:0'], { data }), /damaged/);
	gone(data);
});

const asRoot = process.getuid() === 0 ? test : () => {};
asRoot('root does not serve', () => {
	const data = temporary();
	spawnSync('chown', ['0:0', data]);
	refused(command(['serve', '--listen', '127.0.0.1:0'], { data }), /belongs to root.*chown/);
	gone(data);
	refused(command(['serve', '--listen', '127.0.0.1:0'], { data }), /does not run as root/);
	assert.ok(!existsSync(data));
});

test('beside a running server', async (t) => {
	const desk = await start({ people: { ann: 'helper' } });
	const { data } = desk;
	const run = (...args) => command(args, { data });

	await t.test('a second serve, migrate and restore are refused', () => {
		for (const args of [['serve', '--listen', '127.0.0.1:0'], ['migrate'], ['restore', 'x'], ['demo']]) refused(run(...args), /in use by another Porchlight/);
	});
	await t.test('a port in use is named', async () => {
		const other = temporary();
		refused(command(['serve', '--listen', `127.0.0.1:${desk.port}`], { data: other }), new RegExp(`${desk.port}`));
		refused(command(['serve', '--listen', 'nowhere'], { data: other }), /ADDRESS:PORT/);
		gone(other);
	});
	await t.test('people are added, listed, disabled; sessions of the disabled end', async () => {
		const ann = await desk.login('ann');
		assert.equal((await ann.get('/api/v1/queue')).status, 200);
		const r = run('user', 'add', 'bob');
		assert.equal(r.code, 0, r.err);
		const file = r.out.match(/is in (\S+);/)[1];
		assert.equal(statSync(file).mode & 0o777, 0o600);
		const password = readFileSync(file, 'utf8').trim().split(' ')[1];
		assert.ok(!r.out.includes(password) && !r.err.includes(password) && !desk.stderr.includes(password));
		await desk.login('bob', password);
		refused(run('user', 'add', 'bob'), /taken|exists|already/i);
		const list = JSON.parse(run('user', 'list', '--json').out);
		assert.deepEqual(list.map((p) => [p.id, p.name, p.role, p.disabled]), [['1', 'ann', 'helper', false], ['2', 'bob', 'helper', false]]);
		assert.equal(run('user', 'disable', 'ann').code, 0);
		await until(async () => (await ann.get('/api/v1/queue')).status === 401, 'the session to end');
		refused(run('user', 'disable', 'nobody-of-that-name'), /nobody called/);
		assert.equal(command(['user', 'password', 'bob', '--password-stdin'], { data, input: `${PASSWORD}\n` }).code, 0);
		await desk.login('bob');
	});
	await t.test('export, backup and doctor', async () => {
		const asked = await desk.json('POST', '/api/v1/questions', { body: 'Where is the old mill on the map?', client_id: randomUUID() });
		assert.equal(asked.status, 201);
		assert.match(run('export', '1').out, /old mill/);
		assert.equal(JSON.parse(run('export', '1', '--format', 'json').out).log[0].body, 'Where is the old mill on the map?');
		refused(run('export', '99'), /no ticket 99/);
		const copy = path.join(data, 'copy.db');
		assert.equal(run('backup', copy, '--with-keys').code, 0);
		assert.equal(statSync(copy).mode & 0o777, 0o600);
		assert.equal(statSync(`${copy}.keys/link.key`).mode & 0o777, 0o600);
		refused(run('backup', copy), /exists already/);
		assert.equal(sql(data, 'PRAGMA integrity_check').trim(), 'ok');
		const doctor = run('doctor');
		assert.equal(doctor.code, 0, doctor.out + doctor.err);
	});
	await t.test('SIGHUP takes in the configuration or says why not', async () => {
		desk.child.kill('SIGHUP');
		await until(() => /configuration was read again/.test(desk.stderr), 'the log line');
		assert.equal((await desk.get('/healthz')).status, 200);
	});
	await t.test('SIGTERM ends within five seconds with streams open', async () => {
		const asked = await desk.json('POST', '/api/v1/questions', { body: 'Is the tower open on Sundays?', client_id: randomUUID() });
		await desk.sse(`/api/v1/questions/${asked.body.token}/events`);
		assert.ok((await desk.stop({ keep: true })) < 5000);
	});
	await t.test('restore brings the copy back, and what was erased since stays erased', async () => {
		const copy = path.join(data, 'copy.db');
		// Something after the copy, which the restore takes away again.
		const again = await start({ data, migrate: false });
		const late = await again.json('POST', '/api/v1/questions', { body: 'This one came after the copy, sorry.', client_id: randomUUID() });
		assert.equal(late.status, 201);
		await again.stop({ keep: true });
		assert.match(run('export', '1').out, /old mill/);
		writeFileSync(path.join(data, 'not.db'), 'nothing');
		refused(run('restore', path.join(data, 'not.db')), /damaged|copied/);
		assert.match(run('export', '1').out, /old mill/);
		// Keys of which one cannot be read leave the old ones where they are.
		const keys = () => readdirSync(path.join(data, 'keys')).sort().map((f) => [f, readFileSync(path.join(data, 'keys', f), 'hex')]);
		const before = keys();
		const odd = path.join(`${copy}.keys`, 'odd.key');
		mkdirSync(odd);
		refused(run('restore', copy, '--with-keys'), /odd\.key could not be copied/);
		rmdirSync(odd);
		assert.deepEqual(keys(), before);
		assert.ok(!existsSync(path.join(data, 'keys.before-restore')) && !existsSync(path.join(data, 'restoring')));
		assert.equal(run('restore', copy, '--with-keys').code, 0);
		assert.match(run('export', '1').out, /old mill/);
		assert.equal(run('doctor').code, 0);
		const restored = await start({ data, migrate: false });
		assert.equal((await restored.get(`/api/v1/questions/${late.body.token}`)).status, 404);
		await restored.stop({ keep: true });
	});
	gone(data);
});

test('SIGHUP with a broken configuration changes nothing; mended, it is taken in whole', async () => {
	const data = temporary();
	const file = path.join(data, 'porchlight.conf');
	const write = (text) => {
		writeFileSync(file, text);
		chmodSync(file, 0o644);
	};
	write('desk_name = First Desk\nlease_s = 600\n');
	const desk = await start({ data, args: ['--config', file], expect: [/configuration stays as it was/] });
	const name = async () => (await desk.get('/about')).text.match(/(First|Second|Third) Desk/)?.[1];
	assert.equal(await name(), 'First');
	write('desk_name = Second Desk\nlease_s = soon\n');
	desk.child.kill('SIGHUP');
	await until(() => /configuration stays as it was: .*lease_s/.test(desk.stderr), 'the log line');
	assert.equal(await name(), 'First');
	write('desk_name = Third Desk\nlease_s = 700\n');
	desk.child.kill('SIGHUP');
	await until(async () => (await name()) === 'Third', 'the new name');
	await desk.stop({ keep: true });
	gone(data);
});

test('erased words stay erased when an older copy is restored', async () => {
	const desk = await start();
	const word = `w${randomUUID().slice(0, 8)}`; // the file holds the texts of the rules, too
	const asked = await desk.json('POST', '/api/v1/questions', { body: `My teacher lives at the ${word}.`, client_id: randomUUID() });
	const copy = path.join(desk.data, 'copy.db');
	assert.equal(command(['backup', copy], { data: desk.data }).code, 0);
	const erased = await desk.request('DELETE', `/api/v1/questions/${asked.body.token}`);
	assert.ok(erased.status < 300, erased.text);
	await desk.stop({ keep: true });
	const r = command(['restore', copy], { data: desk.data });
	assert.equal(r.code, 0, r.err);
	assert.ok(!readFileSync(path.join(desk.data, 'porchlight.db')).includes('lives at the'), 'the words are in the restored file');
	assert.ok(readFileSync(copy).includes(word));
	assert.ok(!readFileSync(path.join(desk.data, 'porchlight.db')).includes(word), 'a word is in the restored index');
	const again = await start({ data: desk.data, migrate: false });
	const now = await again.get(`/api/v1/questions/${asked.body.token}`);
	assert.equal(now.status, 200);
	assert.equal(now.body.state, 'erased');
	assert.doesNotMatch(now.text, new RegExp(word));
	await again.stop({ keep: true });
	gone(desk.data);
});

test('an audit whose newest rows were cut shows in doctor; a restore starts its head anew', async () => {
	const desk = await start({ people: { ada: 'admin' } });
	const copy = path.join(desk.data, 'copy.db');
	assert.equal(command(['backup', copy], { data: desk.data }).code, 0);
	await desk.login('ada');
	await desk.stop({ keep: true });
	const head = path.join(desk.data, 'audit.head');
	const [seq, hash] = readFileSync(head, 'utf8').trim().split(' ');
	assert.match(hash, /^[0-9a-f]{64}$/);
	assert.match(command(['doctor'], { data: desk.data }).out, /ok +audit/);
	writeFileSync(head, `${Number(seq) + 1} ${hash}\n`);
	const doctor = command(['doctor'], { data: desk.data });
	assert.equal(doctor.code, 1);
	assert.match(doctor.out, /mend .*the audit was cut: row/);
	assert.equal(command(['restore', copy], { data: desk.data }).code, 0);
	assert.match(command(['doctor'], { data: desk.data }).out, /ok +audit/);
	gone(desk.data);
});

test('a missing rules folder: the built-in rules judge, the log says so, and the desk is ready', async () => {
	const desk = await start({ env: { PORCHLIGHT_RULES: '/nonexistent/rules' }, expect: [/rules/, /rule/] });
	assert.match(desk.stderr, /rule files is missing/);
	assert.equal((await desk.get('/healthz')).status, 200);
	assert.match(desk.stderr, /the built-in rule set serves/);
	assert.equal((await desk.get('/readyz')).status, 200);
	assert.equal((await desk.json('POST', '/api/v1/questions', { body: 'Does anybody know the painter?', client_id: randomUUID() })).status, 201);
	await desk.stop();
});

test('a rule file that is broken by hand: the last good rules go on, also across a restart, and the desk stays ready', async () => {
	const data = migrated();
	const before = await start({ data, migrate: false });
	await before.stop({ keep: true });
	writeFileSync(path.join(data, 'rules', 'broken.cf'), 'body BROKEN /(/\n');
	const desk = await start({ data, migrate: false, expect: [/rule/, /broken\.cf/] });
	assert.match(desk.stderr, /broken\.cf:1:/);
	const ready = await desk.get('/readyz');
	assert.equal(ready.status, 200, ready.text);
	await desk.stop({ keep: true });
	gone(data);
});

test('a list that is good until the wiki has another address: the last good rules go on, also at the next start', async () => {
	const data = temporary();
	const wiki = (url) => ({ PORCHLIGHT_WIKI_URL: url });
	const before = await start({ data, env: wiki('https://wiki.example.org/'), people: { ada: 'admin' } });
	const ada = await before.login('ada');
	for (const [file, body] of [['lists/mine.list', 'forum\\.example\\.net\n'], ['local.d/mine.cf', 'body MINE /purple elephants/\nscore MINE 8\n']]) {
		const r = await ada.request('PUT', `/api/v1/rules/${encodeURIComponent(file)}`, { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body });
		assert.equal(r.status, 200, r.text);
	}
	const { generation } = (await ada.get('/api/v1/rules')).body;
	await before.stop({ keep: true });
	const moved = wiki('https://forum.example.net/');
	const desk = await start({ data, migrate: false, env: moved, expect: [/desk\/rulebook/] });
	assert.match(desk.stderr, /mine\.list:1:\d+: this line would block the site itself/);
	assert.match(desk.stderr, /the last good rule set serves/);
	const rules = (await (await desk.login('ada')).get('/api/v1/rules')).body;
	assert.deepEqual([rules.generation, rules.good, rules.errors[0].file], [generation, false, 'lists/mine.list']);
	const asked = await desk.json('POST', '/api/v1/questions', { body: 'Where do the purple elephants live?', client_id: randomUUID() });
	assert.equal(asked.body.state, 'held', 'a rule of the site');
	assert.match(command(['doctor'], { data, env: moved }).out, /mend .*the rules have errors/);
	await desk.stop({ keep: true });
	gone(data);
});

test('keys that others may read are refused, and the doctor says so', () => {
	const data = migrated();
	assert.equal(command(['user', 'add', 'x', '--password-stdin'], { data, input: `${PASSWORD}\n` }).code, 0);
	chmodSync(path.join(data, 'keys', 'link.key'), 0o644);
	refused(command(['serve', '--listen', '127.0.0.1:0'], { data }), /link\.key/);
	const doctor = command(['doctor'], { data });
	assert.equal(doctor.code, 1);
	assert.match(doctor.out, /mend .*link\.key.*chmod 600/);
	gone(data);
});

test('the doctor sees what keeps a desk from its work', async () => {
	const desk = await start();
	const { data } = desk;
	await desk.stop({ keep: true });
	const mends = (env) => command(['doctor'], { data, env }).out.split('\n').filter((l) => /^mend/.test(l)).join('\n');
	assert.equal(mends(), '');
	assert.equal(mends({ PORCHLIGHT_PUBLIC_URL: 'https://help.example.org', PORCHLIGHT_TRUSTED_PROXIES: '127.0.0.1' }), '');
	assert.match(mends({ PORCHLIGHT_PUBLIC_URL: 'https://help.example.org' }), /trusted_proxies names none/);
	assert.match(mends({ PORCHLIGHT_RULES: '/nonexistent/rules' }), /rules folder \/nonexistent\/rules is missing: the last good set goes on$/);
	rmSync(path.join(data, 'rules'), { recursive: true });
	assert.match(mends(), /rules folder .*rules is missing: the last good set goes on, and the next start writes it out again/);
	chmodSync(path.join(data, 'porchlight.db'), 0o400);
	assert.match(mends(), /database cannot be written/);
	gone(data);
});

test('a copy without its keys: the links that people have are good, and no other is given for them', async () => {
	const desk = await start();
	const words = { body: 'Which way does the old mill turn?', client_id: randomUUID() };
	const asked = await desk.json('POST', '/api/v1/questions', words);
	const copy = path.join(desk.data, 'copy.db');
	assert.equal(command(['backup', copy], { data: desk.data }).code, 0);
	await desk.stop({ keep: true });
	const data = temporary();
	assert.equal(command(['restore', copy], { data }).code, 0);
	const again = await start({ data, migrate: false });
	assert.equal((await again.get(`/api/v1/questions/${asked.body.token}`)).status, 200);
	const repeat = await again.json('POST', '/api/v1/questions', words);
	assert.equal(repeat.status, 409, repeat.text);
	assert.equal(repeat.body.token, undefined);
	await again.stop({ keep: true });
	gone(data);
	gone(desk.data);
});

test('a site question without its answers is told by the doctor', () => {
	const data = migrated();
	const doctor = (site_question) => command(['doctor'], { data, env: { PORCHLIGHT_SITE_QUESTION: site_question } }).out;
	assert.match(doctor('en: Who hosts us? = Ada, Ada L. | de: Wer betreibt das? = Ada |'), /ok +configuration/);
	assert.match(doctor(''), /ok +configuration/);
	for (const bad of ['en: Who hosts us? = Ada | de: Wer betreibt das?', 'de: Wer betreibt das? = ,', 'Wer? =', ' = Ada', 'en: Who hosts us? = Ada | de: = Ada', 'de:'])
		assert.match(doctor(bad), /mend +site_question: "/, bad);
	assert.match(doctor('en: Who hosts us? = Ada | de: Wer betreibt das?'), /"de: Wer betreibt das\?"/);
	gone(data);
});

test('suggested pages that nobody would be shown are told by the doctor', () => {
	const data = migrated();
	const doctor = (pages, wiki = 'https://wiki.example.org/wiki/') => command(['doctor'], { data, env: { PORCHLIGHT_HELP_PAGES: pages, PORCHLIGHT_WIKI_URL: wiki } }).out;
	assert.match(doctor('en: Help:References = reference, cite; Help:Images & maps = image; | de: Hilfe:Bilder = Bild, Foto |'), /ok +configuration/);
	assert.match(doctor('', ''), /ok +configuration/);
	for (const bad of ['no words here', 'en: Help:References = cite; Help:Empty = , ', ' = cite', 'de: Hilfe:Bilder = Bild | en: Help:[x] = cite', 'en: Help:References = cite | de: = Bild', 'de: = Bild', 'de:'])
		assert.match(doctor(bad), /mend +help_pages: "/, bad);
	assert.match(doctor('en: Help:References = cite | de: = Bild'), /mend +help_pages: "= Bild" is not `page of the wiki = word, word`/);
	assert.match(doctor('en: Help:References = cite', ''), /mend +help_pages needs wiki_url/);
	assert.match(command(['doctor'], { data, env: { PORCHLIGHT_TEMPLATES: '/nonexistent/templates' } }).out, /mend +the templates folder \/nonexistent/);
	gone(data);
});

test('a value that nobody could use is refused by each command, and by a server that is told to read it again', async () => {
	const config = path.join(temporary(), 'porchlight.conf');
	writeFileSync(config, 'desk_name = One\n');
	const desk = await start({ args: ['--config', config], expect: [/the configuration stays as it was: trusted_proxies/] });
	for (const [key, bad, good] of [
		['public_url', ['help.example.org', 'ftp://help.example.org', 'https://', 'https://help.example.org/?x'], 'https://help.example.org/desk'],
		['wiki_url', ['wiki.example.org', 'https:///wiki', 'https://wiki.example.org/a b'], 'https://wiki.example.org/wiki/'],
		['languages', ['', 'e!,de', 'english please'], 'en, de,pt-BR,zh-Hans'],
		['bands', ['6,3,15', '1,2', '3,6,15,20', 'nan,nan,nan'], '3, 6, 90'],
		['trusted_proxies', ['localhost', '127.0.0.1/33'], '127.0.0.1, 10.0.0.0/8,::1'],
	]) {
		for (const value of bad) {
			const refusal = command(['user', 'list'], { data: desk.data, env: { [`PORCHLIGHT_${key.toUpperCase()}`]: value } });
			assert.equal(refusal.code, 1, `${key} = ${value}`);
			assert.match(refusal.err, new RegExp(`^porchlight: ${key}`), value);
		}
		assert.equal(command(['user', 'list'], { data: desk.data, env: { [`PORCHLIGHT_${key.toUpperCase()}`]: good } }).code, 0, `${key} = ${good}`);
	}
	writeFileSync(config, 'desk_name = Other\ntrusted_proxies = localhost\n');
	desk.child.kill('SIGHUP');
	await until(() => /trusted_proxies: localhost/.test(desk.stderr), 'the refusal of the new configuration');
	assert.doesNotMatch((await desk.get('/')).text, /Other/, 'all or nothing');
	await desk.stop();
	gone(path.dirname(config));
});

test('a variable that is no key is told by the doctor and in the log', async () => {
	const desk = await start({ env: { PORCHLIGHT_RATE_LIMIT: 'off' } });
	const told = /variables set nothing, because there is no such key: PORCHLIGHT_RATE_LIMIT\n/;
	assert.match(desk.stderr, told);
	assert.match(command(['doctor'], { data: desk.data, env: { PORCHLIGHT_RATE_LIMIT: 'off' } }).out, told);
	assert.doesNotMatch(command(['doctor'], { data: desk.data, env: { PORCHLIGHT_RATE_LIMITS: 'off' } }).out, /no such key/);
	await desk.stop();
});

test('a data folder that cannot be written is said', () => {
	const data = temporary();
	chmodSync(data, 0o500);
	refused(command(['serve', '--listen', '127.0.0.1:0'], { data }), /cannot be written/);
	chmodSync(data, 0o700);
	gone(data);
});
