// The pages behind the desk: prepared replies, bans, keys, rule modes, one's own account. Each without scripts, by keyboard, on a phone, in Arabic.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { rules } from '../http/api.mjs';
import { PASSWORD, start, until } from '../http/lib.mjs';
import { browser, composing, leave, looksGood, signIn, smallTargets, visit } from './lib.mjs';

let b, desk, ann;
before(async () => {
	desk = await start({
		env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_TOPICS: 'Editing, Images' },
		people: { ann: 'admin', ben: 'helper', cleo: 'helper', mod: 'moderator', tim: 'trial' },
	});
	ann = await desk.login('ann');
	await rules(ann);
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
	await signIn(page, name);
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
	await signIn(ben, 'ben');
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
	await signIn(cleo, 'cleo');
	await cleo.goto('/desk/canned');
	await cleo.getByText('Articles need **sources**.').waitFor();
	assert.equal(await cleo.locator('main article a').count(), 0);
	const hers = await desk.login('cleo');
	assert.equal((await hers.form(`/desk/canned/${kept[0].id}/remove`, { csrf: hers.headers['x-csrf-token'] })).status, 403);
	assert.equal((await hers.form('/desk/canned', { csrf: hers.headers['x-csrf-token'], id: kept[0].id, title: 'Mine', body: 'now' })).status, 403);
	await leave(cleo);

	const tim = await visit(b, desk);
	await signIn(tim, 'tim');
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
	await signIn(page, 'mod');
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
	await composing(page);
	await page.locator('#canned option', { hasText: 'Welcome' }).waitFor({ state: 'attached' });
	await page.keyboard.press('r');
	await page.keyboard.press('/');
	await page.locator('#canned').selectOption({ label: 'Welcome' });
	assert.equal(await page.locator('#text').inputValue(), 'Welcome! What would you like to write about?');
	await leave(page);
});

test('bans: from a question, without scripts, what is typed is kept, lifted twice', async () => {
	const mod = await visit(b, desk, { script: false });
	await signIn(mod, 'mod');
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
	await desk.json('POST', '/api/v1/questions', { body: 'please hold this letter about a castle', title: 'Offer' });
	await signIn(page, 'mod');
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

test('one\'s own account: name, password, switches of this device', async () => {
	const page = await visit(b, desk);
	await signIn(page, 'cleo');
	await page.locator('.me summary').click();
	await page.getByRole('link', { name: 'Your account' }).click();
	await looksGood(page, 'one\'s own account');
	await field(page, 'name').fill('cleo');
	await page.keyboard.press('Enter');
	await page.locator('#name-wrong').waitFor();
	assert.equal(await field(page, 'name').inputValue(), 'cleo', 'the login name is refused and stays in the form');
	await field(page, 'name').fill('Cleo of the mill');
	await page.keyboard.press('Enter');
	await done(page, 'Your name is changed.');
	await page.waitForLoadState();
	assert.equal(await page.locator('.me summary').innerText(), 'Cleo of the mill');

	// The switches here and in the menu are the same, and stay.
	const keys = page.locator('#prefs').getByLabel('Keyboard shortcuts');
	const enter = page.locator('#prefs').getByLabel('Enter sends');
	assert.equal(await keys.isChecked(), true);
	await keys.focus();
	await page.keyboard.press('Space');
	await enter.check();
	assert.equal(await page.locator('#keys-on').isChecked(), false);
	await page.reload();
	assert.equal(await keys.isChecked(), false);
	assert.equal(await enter.isChecked(), true);
	await page.locator('h1').click();
	await page.keyboard.press('?');
	assert.equal(await page.locator('dialog#keys').isVisible(), false, 'no shortcut any more');
	await keys.check();
	await page.locator('h1').click();
	await page.keyboard.press('?');
	assert.equal(await page.locator('dialog#keys').isVisible(), true);
	await leave(page);
	await onPhone('cleo', '/desk/me');

	// Without scripts: a wrong password, too short a one, and the change, which ends other sessions.
	const other = await desk.login('cleo');
	const plain = await visit(b, desk, { script: false });
	await signIn(plain, 'cleo');
	await plain.goto('/desk/me');
	await plain.getByText('need scripts').waitFor();
	await field(plain, 'old').fill('not my password');
	await field(plain, 'new').fill('a new horse battery');
	await plain.getByRole('button', { name: 'Change password' }).click();
	await plain.locator('#old-wrong').waitFor();
	const short = await other.form('/desk/me/password', { csrf: other.headers['x-csrf-token'], old: PASSWORD, new: 'short' });
	assert.equal(short.status, 422);
	assert.match(short.text, /id="new-wrong"/);
	await field(plain, 'old').fill(PASSWORD);
	await field(plain, 'new').fill('a new horse battery');
	await plain.getByRole('button', { name: 'Change password' }).click();
	await done(plain, 'Your password is changed.');
	assert.equal((await other.get('/api/v1/session')).status, 401);
	await leave(plain);
	await needsToken('ben', '/desk/me', { name: 'Somebody' });
	await needsToken('ben', '/desk/me/password', { old: PASSWORD, new: 'another horse' });
	assert.ok((await actions()).some((a) => /account\.|people\.|password/.test(a)));
});

test('keys: made once, shown once, used, ended; an admin ends anybody\'s', async () => {
	const page = await visit(b, desk, { script: false });
	await signIn(page, 'ben');
	await page.goto('/desk/me');
	await page.getByRole('link', { name: 'Keys for programs' }).click();
	await page.getByText('There is no key.').waitFor();
	const own = new URL(page.url()).pathname;
	assert.equal(await page.getByLabel('administer').count(), 0, 'no scope that is of no use');
	await page.getByLabel('read').uncheck();
	await field(page, 'label').fill('Wall board');
	await field(page, 'days').selectOption('30');
	await page.getByRole('button', { name: 'Make a key' }).click();
	await page.locator('#scopes-wrong').waitFor();
	assert.equal(await field(page, 'label').inputValue(), 'Wall board');
	assert.equal(await field(page, 'days').inputValue(), '30');
	await page.getByLabel('read').check();
	await page.getByRole('button', { name: 'Make a key' }).click();
	const key = await page.locator('.linkbox input').inputValue();
	assert.match(key, /^plk_/);
	const program = desk.client({ authorization: `Bearer ${key}` });
	assert.equal((await program.get('/api/v1/queue')).status, 200);
	assert.equal((await program.json('POST', '/api/v1/queue/next', {})).status, 403, 'it may only read');
	await page.goto(own);
	assert.doesNotMatch(await page.content(), /plk_/, 'shown once');

	// A second click makes no second key.
	const client = await desk.login('ben');
	const again = await client.form(own, { csrf: client.headers['x-csrf-token'], label: 'Wall board', read: '1', days: '30' });
	assert.equal(again.status, 409);
	assert.match(again.text, /id="label-wrong"/);
	assert.equal((await client.get('/api/v1/keys')).body.items.length, 1);
	await needsToken('ben', own, { label: 'x', read: '1' });
	await onPhone('ben', own);

	// Somebody else's are not to be seen; a key makes no key.
	const cleo = await desk.login('tim');
	assert.equal((await cleo.get(own)).status, 403);
	assert.equal((await cleo.form(own, { csrf: cleo.headers['x-csrf-token'], label: 'y', read: '1' })).status, 403);
	const writer = await client.json('POST', '/api/v1/keys', { label: 'Writer', scopes: ['read', 'write'] });
	assert.equal((await desk.client({ authorization: `Bearer ${writer.body.key}` }).form(own, { label: 'more', read: '1' })).status, 403);

	// An admin comes by the people page, sees the labels, and ends one, twice.
	const admin = await visit(b, desk);
	await signIn(admin, 'ann');
	await admin.goto('/desk/people');
	await admin.getByRole('link', { name: /^Keys of ben/i }).or(admin.locator(`a[href$="${own}"]`)).first().click();
	await admin.getByText('Wall board').waitFor();
	assert.equal(await admin.locator('main form.card').count(), 0, 'keys are made for oneself only');
	await looksGood(admin, 'keys');
	await admin.getByRole('button', { name: 'End the key “Wall board”' }).focus();
	await admin.keyboard.press('Enter');
	await done(admin, 'does not work any more');
	assert.equal((await program.get('/api/v1/queue')).status, 401);
	const boss = await desk.login('ann');
	assert.equal((await boss.form(`${own}/999/end`, { csrf: boss.headers['x-csrf-token'] })).status, 303);
	const said = await actions();
	for (const a of ['key.add', 'key.end']) assert.ok(said.includes(a), a);
	await leave(admin);
	await leave(page);
});

test('rule modes: a rule put on watch weighs nothing, its figures stand beside it', async () => {
	const admin = await visit(b, desk, { script: false });
	await signIn(admin, 'ann');
	await admin.goto('/desk/rules/edit?file=local.d/kites.cf');
	await admin.locator('#text').fill('body KITES /flying kites/\nscore KITES 4\ndescribe KITES Sells kites\n');
	await admin.getByRole('button', { name: 'Save', exact: true }).click();
	await done(admin, 'Saved.');
	const ask = async (title) => (await desk.json('POST', '/api/v1/questions', { body: 'Our club is flying kites. Is that worth an article of its own?', title })).body.state;
	assert.equal(await ask('Kites'), 'held');
	const held = (await ann.get('/api/v1/held?rule=KITES')).body.items;
	assert.equal((await ann.json('POST', '/api/v1/judgements', { items: held.map((i) => ({ ticket: i.ticket, n: i.n })), label: 'ham' })).status, 200);
	await admin.goto('/desk/rules');
	const row = admin.locator('tr:has(select)', { has: admin.getByText('KITES', { exact: true }) });
	assert.deepEqual(await row.locator('td.num').allInnerTexts(), ['4.0', '1', '0', '1'], 'weight, hits, right, wrong');
	await row.locator('select').selectOption('watch');
	await row.getByRole('button').click();
	await done(admin, 'KITES is “watch” from now on.');
	assert.equal(await admin.locator('tr:has(select)', { hasText: 'KITES' }).locator('select').inputValue(), 'watch');
	assert.equal(await ask('Kites again, in May'), 'queued');
	// The same again by a second click, a mode and a rule that are not.
	const client = await desk.login('ann');
	const csrf = client.headers['x-csrf-token'];
	assert.equal((await client.form('/desk/rules/KITES/mode', { csrf, mode: 'watch' })).status, 303);
	assert.equal((await client.form('/desk/rules/KITES/mode', { csrf, mode: 'loud' })).status, 422);
	assert.equal((await client.form('/desk/rules/NO_SUCH_RULE/mode', { csrf, mode: 'watch' })).status, 404);
	const mod = await desk.login('mod');
	assert.equal((await mod.form('/desk/rules/KITES/mode', { csrf: mod.headers['x-csrf-token'], mode: 'active' })).status, 403);
	await needsToken('ann', '/desk/rules/KITES/mode', { mode: 'active' });
	const history = await client.get('/desk/rules/edit?file=local.d/modes.cf');
	assert.equal((history.text.match(/KITES is now watch/g) ?? []).length, 1, 'who changed it, once');
	await leave(admin);
	const page = await visit(b, desk);
	await signIn(page, 'ann');
	await page.goto('/desk/rules');
	await page.locator('tr', { hasText: 'KITES' }).locator('select').focus();
	await page.keyboard.press('d');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await done(page, 'KITES is “dormant” from now on.');
	await looksGood(page, 'rules with modes');
	await leave(page);
	await onPhone('ann', '/desk/rules');
});

test('a long list of rules: a part of it is shown, a rule is found by a word, a changed one keeps the place', async () => {
	const many = Array.from({ length: 230 }, (_, i) => `body BOAT_${i} /boat number ${i}\\b/\nscore BOAT_${i} 0.1\ndescribe BOAT_${i} ${i === 117 ? 'Hausboot für Gäste' : 'A boat'}\n`).join('');
	assert.equal((await ann.request('PUT', '/api/v1/rules/local.d%2Fboats.cf', { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body: many })).status, 200);
	const rows = (page) => page.locator('tr:has(select)');
	const page = await visit(b, desk, { script: false });
	await signIn(page, 'ann');
	await page.goto('/desk/rules');
	assert.equal(await rows(page).count(), 200);
	await page.getByText(/^1 to 200 of \d+ rules\.$/).waitFor();
	await page.getByRole('button', { name: 'Show more' }).click();
	await page.getByText(/^201 to 400 of \d+ rules\.$/).waitFor();
	assert.equal(await rows(page).locator('th a').first().innerText(), 'BOAT_200', "the desk's own rules come first");
	await page.getByRole('button', { name: 'Show more' }).click();
	await page.getByText(/^401 to (\d+) of \1 rules\.$/).waitFor();
	assert.equal(await page.getByRole('button', { name: 'Show more' }).count(), 0);
	await page.getByLabel('Find a rule').fill('HAUSBOOT FÜR');
	await page.keyboard.press('Enter');
	await page.getByText(/^One rule of \d+ with “HAUSBOOT FÜR”\.$/).waitFor();
	assert.deepEqual(await rows(page).locator('th a').allInnerTexts(), ['BOAT_117']);
	await rows(page).locator('select').selectOption('watch');
	await rows(page).getByRole('button').click();
	await done(page, 'BOAT_117 is “watch” from now on.');
	assert.equal(await page.getByLabel('Find a rule').inputValue(), 'HAUSBOOT FÜR');
	assert.equal(await rows(page).locator('select').inputValue(), 'watch');
	await page.getByLabel('Find a rule').fill('<b>submarine');
	await page.getByRole('button', { name: 'Find', exact: true }).click();
	await page.getByText('No rule has “<b>submarine” in its name').waitFor();
	await page.getByRole('link', { name: 'All rules' }).click();
	assert.equal(await rows(page).count(), 200);
	await page.goto('/desk/rules?from=100000');
	assert.equal(await rows(page).count(), 200, 'past the end it begins anew');
	await leave(page);
	await onPhone('ann', '/desk/rules?find=hausboot');
	await onPhone('ann', '/desk/rules?find=submarine');
	assert.equal((await ann.request('PUT', '/api/v1/rules/local.d%2Fboats.cf', { headers: { 'content-type': 'text/plain', 'if-match': (await ann.get('/api/v1/rules/local.d%2Fboats.cf')).headers.etag }, body: '# Sold\n' })).status, 200);
});

test('a replay beside a rule file: what it would have done is shown before it is saved', async () => {
	await desk.json('POST', '/api/v1/questions', { body: 'Where do I describe the cable car of my town?', title: 'Cable car', lang: 'en' });
	for (const look of [{ script: false }, { width: 1200, height: 800 }, { width: 360, height: 740, lang: 'ar' }]) {
		const admin = await visit(b, desk, look);
		await signIn(admin, 'ann');
		await admin.goto('/desk/rules/edit?file=local.d/cable.cf');
		await field(admin, 'text').fill('body CABLE_CAR /cable car/\nscore CABLE_CAR 8\n');
		await field(admin, 'days').selectOption('7');
		await admin.locator('button[value="replay"]').click();
		const shown = admin.locator('#replay');
		await shown.locator('a', { hasText: 'Cable car' }).waitFor();
		assert.match(await shown.innerText(), /CABLE_CAR/);
		assert.equal(await field(admin, 'days').inputValue(), '7');
		assert.match(await field(admin, 'text').inputValue(), /^body CABLE_CAR/);
		if (look.script !== false) {
			await looksGood(admin, 'a replay');
			await until(() => admin.evaluate(() => document.activeElement.id === 'replay'), 'what came of it to have the focus');
			if (look.width < 400) assert.deepEqual(await smallTargets(admin), []);
		}
		await leave(admin);
	}
	assert.equal((await ann.get('/api/v1/rules/local.d%2Fcable.cf')).status, 404);
});

test('a conversation of a trial helper that did not help: read, looked at, off the list', async () => {
	const asked = (await desk.json('POST', '/api/v1/questions', { body: 'How do I sign a comment?', title: 'Signing comments' })).body;
	const { id } = (await ann.get('/api/v1/search?q=comment')).body.items[0].ticket;
	const tim = await desk.login('tim');
	await tim.json('PATCH', '/api/v1/session', { display: 'Tim from here' });
	const claim = await ann.json('POST', `/api/v1/tickets/${id}/claim`, {});
	assert.equal((await ann.json('POST', `/api/v1/tickets/${id}/transfer`, { fence: claim.body.lease.fence, to: tim.account.id })).status, 200);
	const { fence } = (await tim.get(`/api/v1/tickets/${id}`)).body.lease;
	await tim.json('POST', `/api/v1/tickets/${id}/messages`, { body: 'Read the manual.', fence });
	assert.equal((await tim.json('POST', `/api/v1/tickets/${id}/close`, { fence })).status, 200);
	await desk.json('POST', `/api/v1/questions/${asked.token}/rating`, { helped: false });

	const mod = await visit(b, desk, {});
	await signIn(mod, 'ann');
	await mod.goto('/desk/moderation');
	await mod.getByRole('link', { name: /On trial/ }).click();
	const one = mod.locator('.case', { hasText: 'Signing comments' });
	await one.getByText('Tim from here helped here.').waitFor();
	await one.getByText('did not help').waitFor();
	await onPhone('ann', '/desk/moderation?list=trial');
	await one.click();
	await mod.keyboard.press('s');
	assert.equal((await ann.get(`/api/v1/tickets/${id}`)).body.state, 'closed', 'nothing to decide, also by key');
	await one.getByRole('link', { name: 'Read the conversation' }).click();
	await mod.getByText('Read the manual.').waitFor();
	await mod.goBack();
	await one.getByRole('button', { name: 'Looked at' }).click();
	await mod.getByText('Taken off the list.').waitFor();
	assert.equal(await one.count(), 0);
	await leave(mod);
});

test('a report leads to its message; hidden, shown again, its words erased', async () => {
	const asked = (await desk.json('POST', '/api/v1/questions', { body: 'Where do I find old maps of our village?', title: 'Old maps' })).body;
	const { id } = (await ann.get('/api/v1/search?q=maps')).body.items[0].ticket;
	const cleo = await desk.login('mod');
	const claim = await cleo.json('POST', `/api/v1/tickets/${id}/claim`, {});
	assert.equal(claim.status, 200, claim.text);
	const said = await cleo.json('POST', `/api/v1/tickets/${id}/messages`, { body: 'In the county archive, I think.', fence: claim.body.lease.fence });
	const number = await desk.json('POST', `/api/v1/questions/${asked.token}/messages`, { body: 'Thank you! My telephone number is 555 0199.' });
	assert.equal((await desk.json('POST', `/api/v1/questions/${asked.token}/report`, { n: said.body.n, reason: 'This was rude' })).status, 201);

	const mod = await visit(b, desk, { script: false });
	await signIn(mod, 'ann');
	await mod.goto('/desk/moderation?list=reports');
	await mod.getByRole('link', { name: 'See the message' }).click();
	assert.equal(new URL(mod.url()).hash, `#n${said.body.n}`);
	assert.match(await mod.locator(':target').innerText(), /county archive/);

	// A colleague's report stands in the log and leads there too.
	await ann.json('POST', `/api/v1/tickets/${id}/report`, { n: number.body.n, reason: 'A telephone number' });
	await mod.reload();
	assert.equal(await mod.locator('.event a').getAttribute('href'), `#n${number.body.n}`);

	const line = mod.locator(`#n${number.body.n}`);
	await line.locator('[data-do="hide"]').click();
	await mod.locator('#hide').getByText('555 0199').waitFor();
	await onPhone('ann', new URL(mod.url()).pathname + new URL(mod.url()).search);
	await mod.locator('#hide').getByRole('button', { name: 'Hide' }).click();
	await line.getByText('hidden', { exact: true }).waitFor();
	const asker = async () => (await desk.get(`/q/${asked.token}`)).text;
	assert.doesNotMatch(await asker(), /555 0199/);
	assert.match(await asker(), /A moderator has hidden this message/);

	await line.getByRole('button', { name: /^Show this message/ }).click();
	await line.locator('[data-do="hide"]').waitFor();
	assert.match(await asker(), /555 0199/);
	assert.doesNotMatch(await asker(), /A moderator has hidden this message/);
	const client = await desk.login('ann');
	const csrf = client.headers['x-csrf-token'];
	const last = async () => (await client.get(`/api/v1/tickets/${id}`)).body.log.at(-1).n;
	const before = await last();
	assert.equal((await client.form(`/desk/t/${id}/show`, { csrf, n: number.body.n })).status, 303, 'a second click');
	assert.equal(await last(), before, 'writes nothing');

	await line.locator('[data-do="hide"]').click();
	await mod.locator('#hide').getByRole('button', { name: 'Erase the words' }).click();
	await line.getByText('These words are gone.').waitFor();
	assert.equal(await line.getByRole('button').count(), 0, 'nothing to bring back');
	assert.equal((await client.form(`/desk/t/${id}/show`, { csrf, n: number.body.n })).status, 303);
	assert.doesNotMatch(await asker(), /555 0199/);
	assert.doesNotMatch((await client.get(`/api/v1/tickets/${id}/transcript?format=txt`)).text, /555 0199/);
	assert.doesNotMatch(JSON.stringify((await client.get(`/api/v1/tickets/${id}`)).body), /555 0199/);

	const ben = await desk.login('ben');
	for (const act of ['hide', 'show']) assert.equal((await ben.form(`/desk/t/${id}/${act}`, { csrf: ben.headers['x-csrf-token'], n: said.body.n, level: 'hide' })).status, 403);
	await needsToken('ann', `/desk/t/${id}/hide`, { n: said.body.n, level: 'hide' });
	const record = await actions();
	for (const a of ['ticket.hide', 'ticket.show', 'ticket.suppress']) assert.ok(record.includes(a), a);
	await leave(mod);
});

test('a held question says how long such holds take: not before twenty, and then what was measured', async () => {
	const other = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off' }, people: { ann: 'admin' } });
	const owner = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
	const admin = await other.login('ann');
	const put = await admin.request('PUT', '/api/v1/rules/local.d%2Fdoubt.cf', { headers: { 'content-type': 'text/plain', 'if-none-match': '*' }, body: 'body DOUBT /doubtful word/\nscore DOUBT 4\n' });
	assert.ok(put.status < 300, put.text);
	const about = ['mills', 'bridges', 'rivers', 'owls', 'trains', 'poets', 'castles', 'soup', 'chess', 'islands', 'maps', 'kites', 'clocks', 'moss', 'bells', 'salt', 'lamps', 'foxes', 'towers', 'songs', 'ships'];
	let last;
	for (const what of about) {
		last = (await other.json('POST', '/api/v1/questions', { body: `May I write about ${what} with a doubtful word in it?` })).body;
		assert.equal(last.state, 'held', what);
	}
	const items = (await admin.get('/api/v1/held?list=held&limit=100')).body.items.sort((x, y) => Number(x.ticket) - Number(y.ticket));
	assert.equal(items.length, 21);
	// As if fifteen had waited for five minutes by now, and the others for two hours.
	const sql = `UPDATE tickets SET decided = decided - CASE WHEN id <= ${items[14].ticket} THEN 290000 ELSE 7000000 END`;
	const r = spawnSync('sqlite3', ['-cmd', '.timeout 10000', path.join(other.data, 'porchlight.db'), sql], { encoding: 'utf8', ...owner });
	assert.equal(r.status, 0, r.stderr);
	const page = await visit(b, other, { width: 360, height: 740 });
	const judge = async (some) => {
		const done = await admin.json('POST', '/api/v1/judgements', { items: some.map((i) => ({ ticket: i.ticket, n: i.n })), label: 'ham' });
		assert.equal(done.body.changed, some.length);
	};
	await judge(items.slice(0, 19));
	await page.goto(`/q/${last.token}`);
	await page.getByRole('heading', { name: 'A person will look at this first' }).waitFor();
	assert.equal(await page.getByText('were looked at within').count(), 0, 'nineteen are too few to say something honest');
	await judge(items.slice(19, 20));
	await page.reload();
	await page.getByText('Lately, half of such questions were looked at within 5 minutes, and nine out of ten within 2 hours.').waitFor();
	await looksGood(page, 'a held question');
	const text = await page.locator('main').innerText();
	assert.doesNotMatch(text, /NaN|undefined|\$1/);
	await leave(page);
	await other.stop();
});
