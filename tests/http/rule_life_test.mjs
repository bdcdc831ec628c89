// The life of a rule over the API: a hostile rule in quarantine while others are served, the stop button, releases, and who is told.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { V, ask, desk, question, rules, talk } from './api.mjs';
import { command, root, start, temporary, until } from './lib.mjs';

const hostile = (name) => readFileSync(path.join(root, 'tests/rules/hostile', name), 'utf8');
const OWN = `${hostile('choices.cf')}
body TEST_REFUSE /please refuse this/
score TEST_REFUSE 30
action TEST_REFUSE reject
`;

let d, mona, ada, hanna;

before(async () => {
	d = await desk({ env: { PORCHLIGHT_TRUSTED_PROXIES: '127.0.0.1' } });
	[mona, ada, hanna] = await Promise.all(['mona', 'ada', 'hanna'].map((n) => d.login(n)));
	await rules(ada, OWN);
});

after(() => d.stop());

const owner = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
const sql = (data, text) => {
	const r = spawnSync('sqlite3', ['-cmd', '.timeout 10000', path.join(data, 'porchlight.db'), text], { encoding: 'utf8', ...owner });
	assert.equal(r.status, 0, r.stderr);
};
const from = (network) => ({ 'x-forwarded-for': `198.51.${network}.7` });
const states = async () => (await mona.get(`${V}/rules/states`)).body.items;

test('a hostile rule: others are served meanwhile, three networks bring it into quarantine, nothing passes (P7)', async () => {
	const crafted = hostile('choices.txt').trim();
	const slow = [];
	for (let i = 0; i < 2; i++) slow.push(ask(d, { body: `Number ${'one two three'.split(' ')[i]} of my questions is this: ${crafted}` }, from(i)));
	const others = await Promise.all([...Array(20).keys()].map((i) => ask(d, { body: `How do I write the ${i}th heading of a list about birds?` }, from(100 + i))));
	for (const r of others) assert.equal(r.body.state, 'queued', r.text);
	for (const r of await Promise.all(slow)) assert.equal(r.body.state, 'held', r.text);
	assert.deepEqual(await states(), []);
	assert.equal((await ask(d, { body: `Something about rivers and then ${crafted}` }, from(9))).body.state, 'held');
	const [state] = await states();
	assert.deepEqual([state.rule, state.state, state.by], ['HOSTILE', 'quarantined', undefined]);
	assert.match(state.reason, /3 networks/);
	/* no more of it is run, and none of it passes */
	assert.equal((await ask(d, { body: `Yet another one, about mountains, ${crafted}` }, from(10))).body.state, 'held');
	await question(d, { body: 'How do I sign what I write?' });
});

test('the admins are told: log, metric, doctor, the list of the rules', async () => {
	await until(() => d.lines.some((l) => /the rule HOSTILE is quarantined now/.test(l)), 'the line in the log');
	assert.match((await d.get('/metrics')).text, /porchlight_rules_held_back\{state="quarantined"\} 1/);
	assert.equal((await ada.get(`${V}/rules`)).body.held_back[0].rule, 'HOSTILE');
	const doctor = command(['doctor'], { data: d.data });
	assert.match(doctor.out, /mend .*1 quarantined/);
});

test('any moderator stops a rule, only an admin releases it', async () => {
	await question(d, { body: 'please refuse this, it is an offer' }, 'rejected');
	assert.equal((await hanna.json('POST', `${V}/rules/TEST_REFUSE/stop`, {})).status, 403);
	assert.equal((await mona.json('POST', `${V}/rules/NO_SUCH/stop`, {})).status, 404);
	assert.equal((await mona.json('POST', `${V}/rules/TEST_REFUSE/stop`, { reason: 'x'.repeat(400) })).body.field, 'reason');
	const r = await mona.json('POST', `${V}/rules/TEST_REFUSE/stop`, { reason: 'It hits people who quote it' });
	assert.equal(r.status, 200, r.text);
	const stopped = r.body.items.find((x) => x.rule === 'TEST_REFUSE');
	assert.equal(stopped.state, 'stopped');
	assert.equal(stopped.by, mona.account.display);
	await question(d, { body: 'Somebody wrote to me "please refuse this": what does it mean?' });
	assert.equal((await mona.json('POST', `${V}/rules/TEST_REFUSE/release`)).status, 403);
	assert.equal((await ada.json('POST', `${V}/rules/TEST_REFUSE/release`)).status, 200);
	assert.equal((await ada.json('POST', `${V}/rules/TEST_REFUSE/release`)).status, 404);
	await question(d, { body: 'please refuse this, another offer' }, 'rejected');
	const audit = (await ada.get(`${V}/audit?action=rule.`)).body.items.map((x) => `${x.action} ${x.detail} ${x.account?.name ?? '-'}`);
	for (const line of ['rule.quarantined HOSTILE -', `rule.stopped TEST_REFUSE ${mona.account.display}`, `rule.release TEST_REFUSE ${ada.account.display}`]) assert.ok(audit.includes(line), `${line} in ${audit}`);
});

test('a draft is replayed over what was asked; over the ham budget it is saved with a reason only', async () => {
	const q = await question(d, { body: 'My village wants a lighthouse festival page, may I write it?' });
	const held = await question(d, { body: 'please refuse this lighthouse festival offer' }, 'rejected');
	const { items } = (await mona.get(`${V}/held?list=rejected`)).body;
	const refused = items.find((x) => /festival offer/.test(x.body));
	assert.equal((await mona.json('POST', `${V}/judgements`, { items: [{ ticket: refused.ticket }], label: 'ham' })).body.changed, 1);
	assert.equal((await d.get(held.path)).body.state, 'queued');
	assert.equal((await d.get(q.path)).body.state, 'queued');

	const text = `${OWN}body FESTIVAL /lighthouse festival/\nscore FESTIVAL 40\naction FESTIVAL reject\n`.replace('score TEST_REFUSE 30', 'score TEST_REFUSE 1').replace('action TEST_REFUSE reject', '');
	const draft = { file: 'local.d/test.cf', text };
	const r = await ada.json('POST', `${V}/rules/replay`, draft);
	assert.equal(r.status, 200, r.text);
	assert.deepEqual([r.body.ham, r.body.victims, r.body.unsure, r.body.within], [1, 0, 1, true], r.text);
	assert.equal(r.body.rules.find((x) => x.rule === 'FESTIVAL').hits, 2);
	assert.equal((await ada.json('POST', `${V}/rules/replay`, { ...draft, days: 0 })).body.field, 'days');
	assert.equal((await ada.json('POST', `${V}/rules/replay`, { file: draft.file })).status, 422);
	const wrong = await ada.json('POST', `${V}/rules/replay`, { ...draft, text: 'body X /(/' });
	assert.equal(wrong.status, 422);
	assert.equal(wrong.body.errors[0].line, 1);
	assert.equal((await mona.json('POST', `${V}/rules/replay`, draft)).status, 403);

	const folder = temporary();
	const file = path.join(folder, 'festival.cf');
	writeFileSync(file, 'body FESTIVAL /lighthouse festival/\nscore FESTIVAL 4\n');
	const run = command(['rules', 'replay', file, '--since', '1d', '--json'], { data: d.data });
	assert.equal(run.code, 0, run.err);
	assert.equal(JSON.parse(run.out).unsure, 1);
	assert.match(command(['rules', 'replay', file], { data: d.data }).out, /rule FESTIVAL: 2 hits.*\n(.*\n)*ham budget: 0 of 0: kept/);
	assert.equal(command(['rules', 'replay', file, '--since', 'today'], { data: d.data }).code, 2);
	rmSync(folder, { recursive: true });

	/* What serves refuses the good text as well; once it is let in by the rules, refusing it again is over the budget. */
	const at = `${V}/rules/local.d%2Ftest.cf`;
	const put = (body) => ada.request('PUT', at, { headers: { 'content-type': 'application/json', 'if-match': '*' }, body: JSON.stringify(body) });
	assert.equal((await put({ text: 'body TEST_HOLD /please hold this/\n' })).status, 200);
	const over = await put({ text });
	assert.equal(over.status, 422, over.text);
	assert.equal(over.body.field, 'override');
	assert.equal(over.body.errors[0].warning, true);
	assert.equal((await put({ text, override: true })).body.field, 'comment');
	assert.equal((await put({ text, override: true, comment: 'Festivals are spam this week' })).status, 200);
	assert.match((await ada.get(`${at}/history`)).body.items[0].comment, /^Over the ham budget \(1 of 1 good texts\): Festivals/);
});

test('what is doubtful about an edit is said when it is checked and saved, and does not keep it from being saved', async () => {
	const at = `${V}/rules/local.d%2Fdoubt.cf`;
	const text = 'body MILD_WORD /lighthouse festival/\nscore MILD_WORD 0.2\nuri ANY_ADDRESS /^http/\nscore ANY_ADDRESS 0.1\n';
	const said = (list) => list.filter((x) => x.warning).map((x) => `${x.file}:${x.line} ${x.message}`).sort();
	const expected = [/^local\.d\/doubt\.cf:1 MILD_WORD hits 1 of the last 1 good texts \(100\.0 %\)/, /^local\.d\/doubt\.cf:3 ANY_ADDRESS .*every web address/];
	const fits = (list) => expected.forEach((re, i) => assert.match(said(list)[i] ?? '', re));

	const checked = await ada.json('POST', `${V}/rules/check`, { file: 'local.d/doubt.cf', text });
	assert.equal(checked.body.ok, true, checked.text);
	fits(checked.body.errors);
	const fields = { csrf: ada.csrf, file: 'local.d/doubt.cf', etag: '', text, do: 'check' };
	const looked = (await ada.form('/desk/rules/edit', fields)).text;
	assert.match(looked, /This would work/);
	assert.match(looked, /id="doubts"[^]*MILD_WORD hits 1 of the last 1 good texts/);
	assert.doesNotMatch(looked, /id="errors"|value="override"/);

	const put = await ada.request('PUT', at, { headers: { 'content-type': 'application/json', 'if-none-match': '*' }, body: JSON.stringify({ text }) });
	assert.equal(put.status, 200, put.text);
	fits(put.body.warnings);
	/* The folder is looked at again and nothing has changed: it is still said, on the page of that file alone. */
	d.child.kill('SIGHUP');
	await until(async () => said((await ada.get(`${V}/rules`)).body.errors).length === 2, 'the warnings of what serves');
	assert.match((await ada.get('/desk/rules/edit?file=local.d/doubt.cf')).text, /id="doubts"/);
	assert.doesNotMatch((await ada.get('/desk/rules/edit?file=local.d/test.cf')).text, /id="doubts"/);

	const run = command(['rules', 'check', '--json'], { data: d.data });
	assert.equal(run.code, 0, run.err);
	fits(JSON.parse(run.out).errors.filter((x) => x.file === 'local.d/doubt.cf'));
});

test('the page: a moderator stops a rule, the admin sees it and releases it, what is typed wrong stays', async () => {
	const page = async (who, where = '/desk/rules/states') => (await who.get(where)).text;
	const form = (who, where, fields) => who.form(where, { csrf: who.csrf, ...fields });
	assert.doesNotMatch(await page(mona), /action="[^"]*\/desk\/rules\/release"/);
	assert.match(await page(mona, '/desk/rules/states?rule=FESTIVAL'), /name="rule"[^>]* value="FESTIVAL"/);
	const unknown = await form(mona, '/desk/rules/stop', { rule: 'NO_SUCH', reason: 'It hits my aunt' });
	assert.equal(unknown.status, 404);
	assert.match(unknown.text, /value="NO_SUCH"[^>]*aria-invalid/);
	assert.match(unknown.text, /value="It hits my aunt"/);
	const long = await form(mona, '/desk/rules/stop', { rule: 'FESTIVAL', reason: 'x'.repeat(301) });
	assert.equal(long.status, 422);
	assert.equal((await hanna.get('/desk/rules/states')).status, 403);
	assert.equal((await form(hanna, '/desk/rules/stop', { rule: 'FESTIVAL' })).status, 403);
	assert.equal((await form(mona, '/desk/rules/stop', { rule: 'FESTIVAL', reason: 'Festivals <b>are</b> fine' })).status, 303);
	assert.match(await page(mona), /FESTIVAL<\/bdi><\/th>.*Stopped.*Festivals &lt;b&gt;are&lt;\/b&gt; fine/);
	assert.match(await page(ada, '/desk/rules'), /rules? do(es)? not act as/);
	/* Its row says so beside the mode that its file names. */
	const row = async () => (await page(ada, '/desk/rules')).split('<tr>').find((x) => x.includes('/desk/rules/FESTIVAL/mode'));
	assert.match(await row(), /class="chip warn"[^>]*>Stopped<\/a> <form/);
	assert.equal((await form(mona, '/desk/rules/release', { rule: 'FESTIVAL' })).status, 403);
	for (let i = 0; i < 2; i++) assert.equal((await form(ada, '/desk/rules/release', { rule: 'FESTIVAL' })).status, 303, 'released twice');
	assert.doesNotMatch(await row(), /class="chip warn"/);
	assert.doesNotMatch(await page(ada), /FESTIVAL<\/bdi><\/th>/);
});

test('an admin keeps a rule from ageing, by the API and by the page', async () => {
	const of = async () => (await states()).filter((x) => x.rule === 'TEST_REFUSE');
	assert.equal((await mona.json('POST', `${V}/rules/TEST_REFUSE/pin`)).status, 403);
	assert.equal((await ada.json('POST', `${V}/rules/NO_SUCH/pin`)).status, 404);
	assert.equal((await ada.json('POST', `${V}/rules/TEST_REFUSE/unpin`)).status, 404);
	assert.equal((await ada.json('POST', `${V}/rules/TEST_REFUSE/pin`)).status, 200);
	assert.equal((await ada.json('POST', `${V}/rules/TEST_REFUSE/unpin`)).status, 200);
	assert.deepEqual(await of(), []);
	assert.equal((await ada.json('POST', `${V}/rules/TEST_REFUSE/pin`)).status, 200);
	assert.deepEqual((await of()).map((x) => [x.state, x.held_back, x.by]), [['pinned', false, ada.account.display]]);
	const book = (await ada.get(`${V}/rules`)).body;
	assert.deepEqual([book.held_back, book.ageing].map((list) => list.some((x) => x.rule === 'TEST_REFUSE')), [false, false]);
	assert.equal(JSON.parse(command(['rules', 'list', '--json'], { data: d.data }).out).rules.find((x) => x.rule === 'TEST_REFUSE').state, 'pinned');
	assert.doesNotMatch((await d.get('/metrics')).text, /held_back\{state="pinned"\}/);
	assert.match((await mona.get('/desk/rules/states')).text, /TEST_REFUSE<\/bdi><\/th>.*Kept/);
	assert.doesNotMatch((await mona.get('/desk/rules/states')).text, /\/desk\/rules\/pin"/);
	const form = (who, fields) => who.form('/desk/rules/pin', { csrf: who.csrf, ...fields });
	assert.equal((await form(mona, { rule: 'TEST_REFUSE', do: 'unpin' })).status, 403);
	assert.match((await ada.get('/desk/rules/states')).text, /value="TEST_REFUSE"><button name="do" value="unpin"/);
	for (let i = 0; i < 2; i++) assert.equal((await form(ada, { rule: 'TEST_REFUSE', do: 'unpin' })).status, 303);
	assert.deepEqual(await of(), []);
	const unknown = await form(ada, { rule: 'NO_SUCH', do: 'pin' });
	assert.equal(unknown.status, 404);
	assert.match(unknown.text, /id="pin-rule"[^>]*value="NO_SUCH"[^>]*aria-invalid/);
	assert.equal((await form(ada, { rule: 'TEST_REFUSE', do: 'pin' })).status, 303);
	const audit = (await ada.get(`${V}/audit?action=rule.`)).body.items.filter((x) => x.detail === 'TEST_REFUSE' && /pinned/.test(x.action)).map((x) => x.action);
	assert.deepEqual(audit, ['rule.pinned', 'rule.unpinned', 'rule.pinned', 'rule.unpinned', 'rule.pinned']);
});

test('a rule that is ageing still acts, one that is dormant does not, and everybody who has to know is told', async () => {
	const lay = (rule, kind) => sql(d.data, `INSERT INTO rule_states VALUES ('${rule}', ${kind}, 0, ${Date.now()}, 0, 'No good hit for long.', 0)`);
	/* None of these is near enough to another to share its fate. */
	const refuse = async (words, state) => question(d, { body: `${words}: a lighthouse festival` }, state);
	lay('FESTIVAL', 5);
	const [ageing] = (await ada.get(`${V}/rules`)).body.ageing;
	assert.deepEqual([ageing.rule, ageing.state, ageing.held_back], ['FESTIVAL', 'ageing', false]);
	assert.equal(Date.parse(ageing.until) - Date.parse(ageing.since), 14 * 86400000);
	await refuse('Once upon a time in a village by the sea', 'rejected');
	assert.match((await ada.get('/desk/rules')).text, /One rule has found nothing for long/);
	assert.match((await ada.get('/desk/rules/states')).text, new RegExp(`FESTIVAL</bdi></th>.*Rested soon.*Rested from <time datetime="${ageing.until}">${ageing.until.slice(0, 10)}<`));
	await until(() => d.lines.some((l) => /the rule FESTIVAL is ageing now/.test(l)), 'the line in the log');
	assert.match(command(['rules', 'list'], { data: d.data }).out, /\nFESTIVAL +\S+ +ageing /);
	lay('FESTIVAL', 6);
	assert.match(command(['doctor'], { data: d.data }).out, /note +rules without a good hit for long: 1 will be dormant soon, 1 are/);
	assert.match((await d.get('/metrics')).text, /held_back\{state="dormant"\} 1/);
	assert.ok((await ada.get(`${V}/rules`)).body.held_back.some((x) => x.rule === 'FESTIVAL' && x.state === 'dormant'));
	await refuse('My grandmother kept bees under seven old apple trees', 'queued');
	assert.equal((await ada.json('POST', `${V}/rules/FESTIVAL/release`)).status, 200);
	await refuse('Whoever builds clocks of wood needs patience and glue', 'rejected');
});

test('a desk that comes back after half a year lets what is of no use age by itself, and rest a fortnight later', async () => {
	const DAY = 86400000;
	const data = temporary();
	const first = await start({ data, people: { ada: 'admin' } });
	await rules(await first.login('ada'), 'body TEST_UNUSED /nobody ever wrote this/\nscore TEST_UNUSED 2\n');
	await first.stop({ keep: true });
	const becomes = async (state, days) => {
		const later = await start({ data, migrate: false, env: { PORCHLIGHT_CLOCK_OFFSET_MS: String(days * DAY) } });
		const admin = await later.login('ada');
		await until(async () => (await admin.get(`${V}/rules/states`)).body.items.some((x) => x.rule === 'TEST_UNUSED' && x.state === state), `the rule ${state}`);
		await later.stop({ keep: true });
	};
	/* Somebody judged meanwhile: without that nothing ages. */
	sql(data, `INSERT INTO labels (undo, ticket, n, label, account, at, moved, entry, trust, undone) WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL
		SELECT i + 1 FROM c WHERE i < 50) SELECT 'act' || i, 100000 + i, 1, 1, 1, ${Date.now() + 160 * DAY}, 0, 0, 0, 0 FROM c`);
	await becomes('ageing', 170);
	await becomes('dormant', 185);
	rmSync(data, { recursive: true, force: true });
});

test('figures by language, and the texts that a rule was wrong about', async () => {
	const { items } = (await ada.get(`${V}/rules/stats`)).body;
	const refuse = items.find((x) => x.rule === 'TEST_REFUSE');
	assert.equal(refuse.langs.en.ham, 1);
	assert.equal(refuse.last_good, undefined);
	assert.ok(items.find((x) => x.rule === 'HOSTILE').limits >= 3);
	const wrong = (await mona.get(`${V}/rules/TEST_REFUSE/wrong`)).body.items;
	assert.equal(wrong.length, 1);
	assert.equal(wrong[0].action, 'reject');
	assert.equal((await hanna.get(`${V}/rules/TEST_REFUSE/wrong`)).status, 403);
});

test('what a rule alone holds or refuses is let in as one, teaches nothing, and is undone as one', async () => {
	const at = `${V}/rules/local.d%2Fundo.cf`;
	const put = (text, how) => ada.request('PUT', at, { headers: { 'content-type': 'application/json', ...how }, body: JSON.stringify({ text }) });
	const RULES = 'body TOO_WIDE /harbour/\nscore TOO_WIDE 20\naction TOO_WIDE reject\nbody RIGHT /bargain bin/\nscore RIGHT 8\n';
	assert.equal((await put(RULES, { 'if-none-match': '*' })).status, 200);
	const alone = [];
	for (const s of ['old harbour', 'harbour of my town', 'fish of our harbour']) alone.push(await question(d, { body: `May I write about the ${s}, please?` }, 'rejected'));
	const both = await question(d, { body: 'The harbour, from the bargain bin, is it a subject?' }, 'rejected');
	const judged = await question(d, { body: 'Where do I ask about a harbour map of 1820?' }, 'rejected');
	const spam = (await mona.get(`${V}/held?list=rejected`)).body.items.find((x) => /1820/.test(x.body));
	await mona.json('POST', `${V}/judgements`, { items: [{ ticket: spam.ticket }], label: 'spam' });
	const before = (await ada.get(`${V}/rules/stats`)).body.items.find((x) => x.rule === 'TOO_WIDE');
	const state = async (q) => (await d.get(q.path)).body.state;

	/* The page counts, says that the rule goes on, and leads to its list. */
	const page = (await mona.get('/desk/rules/undo?rule=TOO_WIDE')).text;
	assert.match(page, /3 texts are held or refused because of this rule alone/);
	assert.match(page, /The rule goes on/);
	assert.match((await mona.get('/desk/moderation?list=rejected&rule=TOO_WIDE')).text, /fish of our/);
	assert.match(page, /href="[^"]*\/desk\/moderation\?list=rejected&amp;rule=TOO_WIDE"/);
	assert.equal((await hanna.get('/desk/rules/undo?rule=TOO_WIDE')).status, 403);
	const unknown = await mona.get('/desk/rules/undo?rule=NO_SUCH');
	assert.equal(unknown.status, 404);
	assert.match(unknown.text, /id="undo-rule"[^>]*value="NO_SUCH"[^>]*aria-invalid/);
	assert.equal(await state(alone[0]), 'rejected', 'looking changes nothing');

	assert.equal((await hanna.json('POST', `${V}/rules/TOO_WIDE/undo`)).status, 403);
	assert.equal((await mona.json('POST', `${V}/rules/NO_SUCH/undo`)).status, 404);
	const r = await mona.json('POST', `${V}/rules/TOO_WIDE/undo`);
	assert.equal(r.status, 200, r.text);
	assert.deepEqual([r.body.changed, r.body.kept, r.body.more], [3, 0, false], r.text);
	for (const q of alone) assert.equal(await state(q), 'queued');
	assert.equal(await state(both), 'rejected', 'another rule would have held it');
	assert.equal(await state(judged), 'spam', 'what a moderator decided stays');
	const stats = (await ada.get(`${V}/rules/stats`)).body.items.find((x) => x.rule === 'TOO_WIDE');
	assert.deepEqual([stats.spam, stats.ham], [before.spam, before.ham], 'nobody said that these texts are good');
	assert.ok((await ada.get(`${V}/audit?action=rule.undo`)).body.items.some((x) => x.detail === 'TOO_WIDE: 3'));

	assert.equal((await mona.json('POST', `${V}/judgements/${r.body.undo}/undo`)).body.changed, 3);
	for (const q of alone) assert.equal(await state(q), 'rejected');

	/* By the page, with the rule stopped; there it can be undone, too. */
	await mona.json('POST', `${V}/rules/TOO_WIDE/stop`, {});
	assert.doesNotMatch((await mona.get('/desk/rules/undo?rule=TOO_WIDE')).text, /The rule goes on/);
	const done = await mona.form('/desk/rules/undo', { csrf: mona.csrf, rule: 'TOO_WIDE' });
	assert.equal(done.status, 303);
	assert.match(done.headers.location, /did=ham&undo=[\w-]+&changed=3/);
	for (const q of alone) assert.equal(await state(q), 'queued');
	assert.equal((await mona.json('POST', `${V}/rules/TOO_WIDE/undo`)).body.changed, 0);
	assert.match((await mona.get('/desk/rules/undo?rule=TOO_WIDE')).text, /Nothing is held or refused because of this rule alone/);
});

test('the page replays a file before it is saved, and changes nothing', async () => {
	const answered = await talk(d, hanna, { body: 'How do I describe a funicular in the article on my town?', title: 'Funiculars' });
	assert.equal((await hanna.json('POST', `${answered.t}/messages`, { body: 'In a section of its own.', fence: answered.fence })).status, 201);
	const edit = (who, fields) => who.form('/desk/rules/edit', { csrf: who.csrf, file: 'local.d/play.cf', etag: '', text: 'body PLAYED /funicular/\nscore PLAYED 8\n', do: 'replay', days: '7', ...fields });
	const r = await edit(ada);
	assert.equal(r.status, 200, r.text);
	const shown = r.text.split('id="replay"')[1];
	assert.match(shown, /texts? of the last 7 days: \d+ good/);
	assert.match(shown, /Stricter with 0 spam, 1 good and 0 other texts/);
	assert.match(shown, /stricter with more good texts than is allowed/);
	assert.match(shown, /href="[^"]*\/desk\/t\/\d+"><bdi>Funiculars<\/bdi><\/a><\/th><td[^>]*>accept<\/td><td[^>]*>hold<\/td><td[^>]*>Good<\/td><td class="mono"[^>]*><span><bdi>PLAYED</);
	assert.match(shown, /<bdi>PLAYED<\/bdi><\/th><td class="num"[^>]*>1<\/td>/);
	assert.match(r.text, /<option value="7" selected>/);
	assert.match(r.text, /^body PLAYED/m, 'what was typed stays');
	assert.equal((await ada.get(`${V}/rules/local.d%2Fplay.cf`)).status, 404);
	assert.match((await edit(ada, { days: 'many' })).text, /<option value="30" selected>/);
	const wrong = await edit(ada, { text: 'body PLAYED /(/\n' });
	assert.equal(wrong.status, 422);
	assert.match(wrong.text, /local.d\/play.cf:1:/);
	assert.doesNotMatch(wrong.text, /id="replay"/);
	assert.equal((await edit(mona)).status, 403);
	assert.doesNotMatch((await ada.get('/desk/rules/edit?file=local.d/test.cf')).text, /id="replay"/);
});

test('a file changed in the folder is live at once, and tried on good texts afterwards', async () => {
	const file = path.join(d.data, 'rules/local.d/byhand.cf');
	writeFileSync(file, 'body BY_HAND /funicular/\nscore BY_HAND 8\n', { mode: 0o644 });
	const about = async () => (await ada.get(`${V}/rules`)).body.errors.filter((x) => /Since the files were changed in the folder/.test(x.message));
	await until(async () => (await about()).length === 1, 'what is said of the change');
	assert.equal((await about())[0].warning, true);
	assert.match((await about())[0].message, /hold or refuse 1 of the last \d+ good texts more/);
	assert.ok((await ada.get(`${V}/rules`)).body.errors.some((x) => x.file === 'local.d/byhand.cf' && /BY_HAND hits 1 of the last/.test(x.message)));
	assert.match((await ada.get('/desk/rules')).text, /Since the files were changed in the folder/);
	await until(() => d.lines.some((l) => /warn desk\/rulebook.*Since the files were changed/.test(l)), 'the line in the log');
	await question(d, { body: 'What is a funicular?' }, 'held');
	rmSync(file);
	await until(async () => (await about()).length === 0, 'nothing more to be said');
});

test('what rules cost is shown, slowest first', async () => {
	const { timed, slowest } = (await ada.get(`${V}/rules`)).body;
	assert.ok(timed > 0 && slowest.length > 0 && slowest.length <= 20);
	assert.ok(slowest.every((x, i) => x.us > 0 && (i === 0 || x.us <= slowest[i - 1].us)), JSON.stringify(slowest));
	const page = (await ada.get('/desk/rules')).text.split('What rules cost').at(-1);
	assert.match(page, new RegExp(`file=${slowest[0].file.replace('/', '(/|%2F|&#x2F;)')}&amp;line=${slowest[0].line}#text">${slowest[0].rule}<`));
	assert.ok((await ada.get(`${V}/rules/stats`)).body.items.some((x) => x.us > 0));
});

test('the command line lists what each rule did, and what is held back', async () => {
	const run = command(['rules', 'list', '--json'], { data: d.data });
	assert.equal(run.code, 0, run.err);
	const rule = (name) => JSON.parse(run.out).rules.find((x) => x.rule === name);
	const stats = (await ada.get(`${V}/rules/stats`)).body.items.find((x) => x.rule === 'TOO_WIDE');
	assert.deepEqual([rule('TOO_WIDE').hits, rule('TOO_WIDE').right, rule('TOO_WIDE').wrong], [stats.hits, 1, 0]);
	assert.equal(rule('TOO_WIDE').last_good, stats.last_good);
	assert.equal(rule('TOO_WIDE').held_back, 'stopped');
	assert.deepEqual([rule('RIGHT').hits, rule('RIGHT').held_back], [1, undefined]);
	assert.match(command(['rules', 'list'], { data: d.data }).out, /\nTOO_WIDE +20\.00 +stopped +\d+ +1 +0 +\d{4}-\d\d-\d\d local\.d\/undo\.cf:1/);
	const nowhere = command(['rules', 'list', '--json'], { data: '/nonexistent' });
	assert.equal(JSON.parse(nowhere.out).rules[0].hits, undefined);
	assert.equal(nowhere.err, '');
});

test('the record says in words what was done, in every language', async () => {
	const words = Object.fromEntries(['en', 'de', 'ar'].map((l) => [l, JSON.parse(readFileSync(path.join(root, `templates/i18n/${l}.json`), 'utf8'))]));
	/* Everything the source can write, and everything that this file's tests wrote. */
	const source = execFileSync('grep', ['-rhoE', '"(account|attack|ban|canned|hours|judgement|key|rule|rules|session|ticket|trial)\\.[a-z-]+"', path.join(root, 'src/desk')], { encoding: 'utf8' });
	const codes = new Set(source.trim().split('\n').map((x) => x.slice(1, -1)).filter((x) => !/\.(key|cf|list)$/.test(x)));
	for (const s of ['quarantined', 'capped', 'overturned', 'stopped', 'ageing', 'dormant', 'pinned']) codes.add(`rule.${s}`);
	for (const event of ['release', 'spam', 'undo']) codes.add(`ticket.${event}`);
	const items = (await ada.get(`${V}/audit`)).body.items;
	for (const x of items) codes.add(x.action);
	assert.ok(codes.size > 40, [...codes].join());
	for (const [l, m] of Object.entries(words)) for (const c of codes) assert.ok(m[`act-${c.replace('.', '-')}`], `${l}: ${c}`);
	const text = (await ada.get('/desk/audit')).text;
	for (const x of items) assert.ok(!text.includes(`>${x.action}<`), x.action);
	assert.match(text, /<bdi>stopped a rule<\/bdi>/);
});
