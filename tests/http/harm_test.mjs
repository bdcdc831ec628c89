// Somebody may be in danger: such a text is never refused, moderators hear of it at once and find it before all others, and it stays
// with them until one of them has looked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, ask, desk, idOf, question, rules, talk, until } from './api.mjs';

let d, hanna, mona, ada;
before(async () => {
	d = await desk();
	[hanna, mona, ada] = await Promise.all(['hanna', 'mona', 'ada'].map((n) => d.login(n)));
	await rules(ada);
});
after(() => d.stop());

const list = async (name) => (await mona.get(`${V}/held?list=${name}`)).body;
const counts = async () => (await list('held')).counts;
const judge = (items, label) => mona.json('POST', `${V}/judgements`, { items, label });
const heard = (stream, id) => until(async () => { const e = await stream.next('ticket'); return e.data.harm && e.data.id === id ? e.data : null; }, 'the alert');

test('an accepted question: in the queue as any other, and with the moderators until one has looked', async () => {
	const [helper, moderator] = await Promise.all([hanna.sse(`${V}/desk/events`), mona.sse(`${V}/desk/events`)]);
	await question(d, { title: 'My page', body: 'They deleted my page and I want to die. What can I do about it?' });
	const id = await idOf(hanna, 'My page');
	await heard(moderator, id);
	await until(() => helper.all.some((e) => e.data.id === id), 'the helpers to hear of the question');
	assert.ok(!helper.all.some((e) => e.data.harm), 'the alert is for moderators');
	helper.close();
	moderator.close();

	assert.deepEqual([(await counts()).harm, (await counts()).harm_list], [1, 'reports']);
	const [item] = (await list('reports')).items;
	assert.deepEqual([item.ticket, item.n, item.harm, item.state, item.reports[0].by], [id, 1, true, 'queued', 'desk']);
	assert.match((await mona.get('/desk')).text, /id="harm" role="alert"><p[^>]*data-count="1"><a href="\/desk\/moderation\?list=reports">/);
	assert.doesNotMatch((await hanna.get('/desk')).text, /id="harm"/);

	/* looked at: gone, and back when that is undone */
	const done = await judge([{ ticket: id, n: 1 }], 'ham');
	assert.equal(done.body.changed, 1, done.text);
	assert.equal((await counts()).harm, 0);
	assert.match((await mona.get('/desk')).text, /id="harm" role="alert"><\/div>/);
	await mona.json('POST', `${V}/judgements/${done.body.undo}/undo`, {});
	assert.equal((await counts()).harm, 1);
	await judge([{ ticket: id, n: 1 }], 'ham');
});

test('what would be refused is held, and stands before what came earlier', async () => {
	await question(d, { title: 'First', body: 'please hold this one about ponds' }, 'held');
	await question(d, { title: 'Second', body: 'please hold this other one about stairs' }, 'held');
	await question(d, { title: 'Third', body: 'please refuse this, I want to die' }, 'held');
	const held = await list('held');
	assert.deepEqual(held.items.map((x) => x.title), ['Third', 'First', 'Second']);
	assert.deepEqual(held.items.map((x) => x.harm === true), [true, false, false]);
	assert.deepEqual([held.counts.harm, held.counts.harm_list, held.counts.reports], [1, 'held', 0]);
	/* page by page they come in the same order, each once */
	const seen = [];
	for (let cursor = ''; cursor !== undefined; ) {
		const page = (await mona.get(`${V}/held?list=held&limit=1${cursor && `&cursor=${cursor}`}`)).body;
		seen.push(...page.items.map((x) => x.title));
		cursor = page.cursor;
	}
	assert.deepEqual(seen, ['Third', 'First', 'Second']);
	const done = await judge([{ ticket: held.items[0].ticket, n: 1 }], 'ham');
	assert.equal((await counts()).harm, 0);
	await mona.json('POST', `${V}/judgements/${done.body.undo}/undo`, {});
	assert.deepEqual([(await counts()).harm, (await list('held')).items[0].title], [1, 'Third']);
	await judge(held.items.map((x) => ({ ticket: x.ticket, n: x.n })), 'ham');
});

test('a line in a running talk, shown or held, and no more than five of one talk', async () => {
	const q = await talk(d, hanna);
	const moderator = await mona.sse(`${V}/desk/events`);
	const say = async (body) => (await d.json('POST', `${q.path}/messages`, { body })).body.n;
	const shown = await say('nobody answers me, I want to die');
	assert.deepEqual([(await heard(moderator, q.id)).n, (await counts()).harm, (await counts()).harm_list], [shown, 1, 'reports']);
	assert.match(JSON.stringify((await hanna.get(q.t)).body.log), /nobody answers me/, 'the helper reads it');
	const held = await say('please hold this: I will kill you');
	assert.deepEqual([(await heard(moderator, q.id)).n, (await counts()).harm, (await counts()).harm_list], [held, 2, 'held']);
	moderator.close();
	assert.deepEqual((await list('held')).items.map((x) => x.n), [held]);
	assert.deepEqual((await list('reports')).items.map((x) => x.n), [shown]);

	/* a held line that was let in and taken back as spam is held again where nobody has read it */
	const spam = await judge([{ ticket: q.id, n: held }], 'spam');
	assert.equal((await counts()).harm, 1);
	await mona.json('POST', `${V}/judgements/${spam.body.undo}/undo`, {});
	assert.deepEqual((await list('held')).items.map((x) => x.n), [held]);

	for (let i = 0; i < 8; i++) await say(`I want to die, line ${i} of many`);
	assert.equal((await counts()).harm, 5, 'one talk does not bury the others');
	await judge([...(await list('held')).items, ...(await list('reports')).items].map((x) => ({ ticket: x.ticket, n: x.n })), 'ham');
	assert.equal((await counts()).harm, 0);
});

test('an appeal: moderators hear of it at once, and it stays with them until one has looked; the appeal says why', async () => {
	const refused = async (words) => {
		const r = await ask(d, { body: `please refuse this offer of ${words}` });
		assert.equal(r.body.state, 'rejected', r.text);
		return r.body.token;
	};
	const first = await refused('quiet ponds'), second = await refused('tall stairs and more of them');
	assert.equal((await counts()).harm, 0);
	const moderator = await mona.sse(`${V}/desk/events`);
	const appeal = async (token, text) => assert.equal((await d.json('POST', `${V}/questions/${token}/appeal`, { body: text })).status, 200);
	await appeal(first, 'I only asked about ponds, see https://bit.ly/ponds');
	await appeal(second, 'Nobody listens and I want to die');
	const id = (await list('appeals')).items.find((x) => x.appeal.startsWith('Nobody')).ticket;
	const alert = await until(async () => { const x = await moderator.next('ticket'); return x.data.harm && x.data.id === id ? x.data : null; }, 'the alert');
	moderator.close();
	assert.deepEqual([(await counts()).harm, (await counts()).harm_list], [1, 'reports']);
	const [report] = (await list('reports')).items;
	assert.deepEqual([report.ticket, report.n, report.harm, report.reports[0].by], [alert.id, alert.n, true, 'desk']);
	assert.match(report.body, /Nobody listens/);

	/* Each appeal tells what its own words gave rise to, beside what the question did. */
	const { items } = await list('appeals');
	assert.deepEqual(items.map((x) => [x.appeal.slice(0, 6), x.harm === true]), [['I only', false], ['Nobody', true]]);
	assert.ok(items[0].reasons.some((r) => /^In the appeal: .*short address/.test(r)), JSON.stringify(items[0].reasons));
	assert.ok(items[1].reasons.some((r) => /^In the appeal: /.test(r)), JSON.stringify(items[1].reasons));
	assert.ok(items[1].reasons.some((r) => !/^In the appeal: /.test(r)), JSON.stringify(items[1].reasons));

	await judge(items.map((x) => ({ ticket: x.ticket, n: 1 })), 'ham');
	assert.equal((await counts()).harm, 1, 'who judged the question need not have read the appeal');
	await judge([{ ticket: report.ticket, n: report.n }], 'ham');
	assert.equal((await counts()).harm, 0);
});
