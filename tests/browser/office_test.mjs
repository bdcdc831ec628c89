// The pages behind the desk: prepared replies, bans, keys, rule modes, one's own account. Each without scripts, by keyboard, on a phone, in Arabic.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../http/lib.mjs';
import { browser, leave, looksGood, signIn, smallTargets, visit } from './lib.mjs';

let b, desk, ann;
before(async () => {
	desk = await start({
		env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_TOPICS: 'Editing, Images' },
		people: { ann: 'admin', ben: 'helper', cleo: 'helper', mod: 'moderator', tim: 'trial' },
	});
	ann = await desk.login('ann');
	b = await browser();
});
after(async () => {
	await b?.close();
	await desk?.stop();
});

const LONG = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(12);
const field = (page, name) => page.locator(`main [name="${name}"]:not([type=hidden])`);
const done = (page, words) => page.locator('main [role=status]', { hasText: words }).waitFor();
const actions = async () => (await ann.get('/api/v1/audit')).body.items.map((r) => r.action);

/** On a narrow phone in Arabic: nothing over the edge, nothing for axe, targets for fingers. */
async function onPhone(name, path) {
	const page = await visit(b, desk, { width: 360, height: 740, lang: 'ar' });
	await signIn(page, desk, name);
	await page.goto(path);
	assert.equal(await page.locator('html').getAttribute('dir'), 'rtl');
	await looksGood(page, `${path} on a phone`);
	assert.deepEqual(await smallTargets(page), [], `${path}: targets of at least 44 px`);
	await leave(page);
}

/** A form sent without its token changes nothing. */
async function needsToken(login, path, fields) {
	const client = await desk.login(login);
	const r = await desk.client({ cookie: client.headers.cookie }).form(path, fields);
	assert.equal(r.status, 403, `${path} without the token`);
}

test('prepared replies: an empty page, added without scripts, kept through an error, changed, removed', async () => {
	const ben = await visit(b, desk, { script: false });
	await signIn(ben, desk, 'ben');
	await ben.getByRole('link', { name: 'Replies' }).click();
	await ben.getByRole('heading', { name: 'There is no prepared reply yet' }).waitFor();
	await field(ben, 'title').fill('Sources');
	await field(ben, 'body').fill('x'.repeat(17000));
	await field(ben, 'topic').selectOption('Editing');
	await ben.getByRole('button', { name: 'Save' }).click();
	await ben.locator('#body-wrong').waitFor();
	assert.equal(await field(ben, 'title').inputValue(), 'Sources');
	assert.equal((await field(ben, 'body').inputValue()).length, 17000);
	assert.equal(await field(ben, 'topic').inputValue(), 'Editing');
	await field(ben, 'body').fill('Hello!\n\nArticles need **sources**.');
	await ben.getByRole('button', { name: 'Save' }).click();
	await done(ben, 'Saved.');
	const kept = (await ann.get('/api/v1/canned')).body.items;
	assert.deepEqual(kept.map((c) => [c.title, c.body, c.topic]), [['Sources', 'Hello!\n\nArticles need **sources**.', 'Editing']]);

	// The same form once more, as by the Back button: still one reply.
	const client = await desk.login('ben');
	const again = await client.form('/desk/canned', { csrf: client.headers['x-csrf-token'], title: 'Sources', body: 'Hello!\r\n\r\nArticles need **sources**.', topic: 'Editing' });
	assert.equal(again.status, 303);
	assert.equal((await ann.get('/api/v1/canned')).body.items.length, 1);

	await ben.getByRole('link', { name: 'Change “Sources”' }).click();
	await field(ben, 'title').fill(LONG.slice(0, 110));
	await ben.getByRole('button', { name: 'Save' }).click();
	await done(ben, 'Saved.');
	await onPhone('ben', '/desk/canned');

	// Another helper reads and uses it, but does not change it; a moderator may.
	const cleo = await visit(b, desk);
	await signIn(cleo, desk, 'cleo');
	await cleo.goto('/desk/canned');
	await cleo.getByText('Articles need **sources**.').waitFor();
	assert.equal(await cleo.locator('main article a').count(), 0);
	const hers = await desk.login('cleo');
	assert.equal((await hers.form(`/desk/canned/${kept[0].id}/remove`, { csrf: hers.headers['x-csrf-token'] })).status, 403);
	assert.equal((await hers.form('/desk/canned', { csrf: hers.headers['x-csrf-token'], id: kept[0].id, title: 'Mine', body: 'now' })).status, 403);
	await leave(cleo);

	const tim = await visit(b, desk);
	await signIn(tim, desk, 'tim');
	await tim.goto('/desk/canned');
	assert.equal(await tim.locator('main form').count(), 0, 'people on trial read only');
	await leave(tim);

	// Removing asks first; a second press of the same button is harmless.
	await ben.getByRole('link', { name: /^Remove “/ }).click();
	await onPhone('ben', `/desk/canned?remove=${kept[0].id}`);
	await ben.getByRole('button', { name: 'Yes, remove it' }).click();
	await done(ben, 'Removed.');
	assert.equal((await client.form(`/desk/canned/${kept[0].id}/remove`, { csrf: client.headers['x-csrf-token'] })).status, 303);
	await ben.getByRole('heading', { name: 'There is no prepared reply yet' }).waitFor();
	await needsToken('ben', '/desk/canned', { title: 'a', body: 'b' });
	const said = await actions();
	for (const a of ['canned.add', 'canned.change', 'canned.end']) assert.ok(said.includes(a), a);
	assert.equal(said.filter((a) => a === 'canned.add').length, 1);
	await leave(ben);
});

test('prepared replies by keyboard, and used in a conversation', async () => {
	const page = await visit(b, desk);
	await signIn(page, desk, 'mod');
	await page.goto('/desk/canned');
	await looksGood(page, 'prepared replies, empty');
	await field(page, 'title').focus();
	await page.keyboard.type('Welcome');
	await page.keyboard.press('Tab');
	await page.keyboard.type('Welcome! What would you like to write about?');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await done(page, 'Saved.');
	await looksGood(page, 'prepared replies');
	await desk.json('POST', '/api/v1/questions', { body: 'How do I begin with an article about our mill?', title: 'Where to begin' });
	await page.goto('/desk');
	await page.keyboard.press('g');
	await page.waitForURL(/\/desk\/t\//);
	await page.locator('#canned option', { hasText: 'Welcome' }).waitFor({ state: 'attached' });
	await page.keyboard.press('r');
	await page.keyboard.press('/');
	await page.locator('#canned').selectOption({ label: 'Welcome' });
	assert.equal(await page.locator('#text').inputValue(), 'Welcome! What would you like to write about?');
	await leave(page);
});

test('bans: from a question, without scripts, what is typed is kept, lifted twice', async () => {
	const mod = await visit(b, desk, { script: false });
	await signIn(mod, desk, 'mod');
	await mod.getByRole('link', { name: 'Bans' }).click();
	await mod.getByRole('heading', { name: 'Nobody is banned' }).waitFor();
	const asked = await desk.json('POST', '/api/v1/questions', { body: 'Buy our wonderful carpets, they are the best carpets of all.', title: 'Carpets' });
	assert.equal(asked.status, 201);
	const { id } = (await ann.get('/api/v1/search?q=carpets')).body.items[0].ticket;
	await mod.goto(`/desk/t/${id}`);
	await mod.locator('#more summary').click();
	await mod.getByRole('link', { name: 'Ban this sender' }).click();
	await mod.getByRole('heading', { name: `Ban the sender of question ${id}` }).waitFor();
	await field(mod, 'days').selectOption('3');
	await field(mod, 'reason').evaluate((x) => x.removeAttribute('maxlength'));
	await field(mod, 'reason').fill(LONG.repeat(2));
	await mod.getByRole('button', { name: 'Ban this sender' }).click();
	await mod.locator('#reason-wrong').waitFor();
	assert.equal(await field(mod, 'days').inputValue(), '3');
	assert.equal(await field(mod, 'reason').inputValue(), LONG.repeat(2));
	await field(mod, 'reason').fill(LONG.slice(0, 400));
	await mod.getByRole('button', { name: 'Ban this sender' }).click();
	await done(mod, 'waits for a moderator');
	const list = (await ann.get('/api/v1/bans')).body.items;
	assert.equal(list.length, 1);
	assert.equal(Math.round((Date.parse(list[0].expires) - Date.parse(list[0].created)) / 86400e3), 3);
	await onPhone('mod', '/desk/bans');
	await onPhone('mod', `/desk/bans?ticket=${id}`);

	// Once more, as by a second click: one ban, which ends as late as before.
	const client = await desk.login('mod');
	assert.equal((await client.form('/desk/bans', { csrf: client.headers['x-csrf-token'], ticket: id, days: '1', reason: 'again' })).status, 303);
	const same = (await ann.get('/api/v1/bans')).body.items;
	assert.deepEqual(same.map((x) => x.expires), list.map((x) => x.expires));

	// It holds, and the page says how often. Nothing here is an address.
	assert.equal((await desk.json('POST', '/api/v1/questions', { body: 'How do I rename an article about a mill?' })).body.state, 'held');
	await mod.goto('/desk/bans');
	assert.equal(await mod.locator('td.num').innerText(), '1');
	assert.doesNotMatch(await mod.content(), /127\.0\.0\.1|::1/);
	assert.equal((await client.form('/desk/bans', { csrf: client.headers['x-csrf-token'], ticket: '987654', days: '7' })).status, 404);
	await mod.getByRole('button', { name: /^Lift the ban/ }).click();
	await done(mod, 'The ban has ended.');
	assert.equal((await client.form(`/desk/bans/${list[0].id}/lift`, { csrf: client.headers['x-csrf-token'] })).status, 303, 'lifted twice');
	assert.equal((await desk.json('POST', '/api/v1/questions', { body: 'How do I rename an article about a bridge?' })).body.state, 'queued');
	await needsToken('mod', '/desk/bans', { ticket: id, days: '7' });
	const said = await actions();
	for (const a of ['ban.add', 'ban.end']) assert.ok(said.includes(a), a);
	await leave(mod);

	const ben = await desk.login('ben');
	assert.equal((await ben.get('/desk/bans')).status, 403);
	assert.equal((await ben.form('/desk/bans', { csrf: ben.headers['x-csrf-token'], ticket: id, days: '7' })).status, 403);
});

test('a ban from the moderation page, by keyboard', async () => {
	const page = await visit(b, desk);
	await desk.json('POST', '/api/v1/questions', { body: 'We offer guest posts and backlinks from high authority sites. First page of Google guaranteed in 30 days. Contact me on WhatsApp +1 555 0100 for the price list.', title: 'Offer' });
	await signIn(page, desk, 'mod');
	await page.goto('/desk/moderation');
	await page.locator('.case', { hasText: 'Offer' }).getByRole('link', { name: 'Ban this sender' }).focus();
	await page.keyboard.press('Enter');
	await field(page, 'reason').waitFor();
	await looksGood(page, 'banning');
	await field(page, 'days').focus();
	await page.keyboard.press('Tab');
	await page.keyboard.type('Link sellers');
	await page.keyboard.press('Enter');
	await done(page, 'waits for a moderator');
	await looksGood(page, 'bans');
	await page.getByRole('button', { name: /^Lift the ban/ }).focus();
	await page.keyboard.press('Enter');
	await done(page, 'The ban has ended.');
	await leave(page);
});
