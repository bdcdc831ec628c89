// The pages as HTTP: codes, headers, what is kept of a form, who may see what. How they look and feel is for tests/browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PASSWORD, start } from './lib.mjs';

let desk;
before(async () => {
	desk = await start({ env: { PORCHLIGHT_RATE_LIMITS: 'off', PORCHLIGHT_PUBLIC_URL: 'http://help.example.org/porch', PORCHLIGHT_WIKI_URL: 'https://wiki.example.org/wiki' }, people: { ben: 'helper', ann: 'admin', tom: 'trial' } });
});
after(() => desk?.stop());

const QUESTION = 'How do I add a picture to the article about the mill?';
const ask = async (fields = {}) => {
	const r = await desk.form('/', { body: QUESTION, ...fields });
	assert.equal(r.status, 303, r.text.slice(0, 400));
	return r.headers.location.replace('/porch', '');
};
const signIn = async (name, next = '') => {
	const r = await desk.form('/login', { name, password: PASSWORD, to: next });
	return { r, client: desk.client({ cookie: [r.headers['set-cookie']].flat().map((c) => (c ?? '').split(';')[0]).join('; ') }) };
};

test('the ask page: headers, links below public_url, no cookie for strangers', async () => {
	const r = await desk.get('/');
	assert.equal(r.status, 200);
	assert.equal(r.headers['cache-control'], 'no-store');
	assert.match(r.headers['content-security-policy'], /default-src 'none'; script-src 'self'; style-src 'self'/);
	assert.equal(r.headers['set-cookie'], undefined);
	assert.match(r.text, /href="\/porch\/static\/v[0-9a-f]{16}\/porchlight\.css"/);
	assert.doesNotMatch(r.text, /(href|src|action)="\/(?!porch\/)/, 'every link goes below public_url');
	assert.doesNotMatch(r.text, /<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=/, 'nothing inline');
	const head = await desk.request('HEAD', '/');
	assert.equal(head.status, 200);
	assert.equal(head.text, '');
});

test('a form that cannot be taken comes back with everything in it', async () => {
	for (const [fields, wrong] of [
		[{ body: '' }, 'body'],
		[{ body: 'x '.repeat(8193) }, 'body'],
		[{ body: QUESTION, title: 'long '.repeat(200) }, 'title'],
		[{ body: QUESTION, name: 'n'.repeat(500) }, 'name'],
	]) {
		const r = await desk.form('/', { title: 'Kept <title>', name: 'Kept name', ...fields });
		assert.equal(r.status, 422, wrong);
		assert.match(r.text, new RegExp(`id="${wrong}-wrong"`));
		if (!fields.title) assert.match(r.text, /value="Kept &lt;title&gt;"/);
		if (fields.body) assert.ok(r.text.includes(fields.body.slice(0, 50)), 'the question is still there');
	}
	for (const body of ['Hallo!', 'Bonjour :)', 'مرحبا', 'Привет!', '你好！', '你好', 'こんにちは', 'नमस्ते', 'Olá', 'שלום', '???', '...'])
		assert.equal((await desk.form('/', { body })).status, 422, `${body} is asked for the question itself`);
	for (const body of ['你好，怎么添加图片？', 'Привет! Как добавить фото?', 'Hi, why?', 'help with ref'])
		assert.equal((await desk.form('/', { body })).status, 303, `${body} is a question`);
	const once = await desk.form('/', { body: 'hello there' });
	assert.equal(once.status, 422);
	assert.match(once.text, /name="anyway" value="1"/);
	assert.equal((await desk.form('/', { body: 'hello there', anyway: '1' })).status, 303, 'a greeting is prompted once and never punished');
});

test('who has added as much as fits is told what to wait for, and keeps their words', async () => {
	const where = await ask();
	for (let i = 0; i < 5; i++) assert.equal((await desk.form(`${where}/messages`, { body: `And one more thing, number ${i}` })).status, 303);
	const r = await desk.form(`${where}/messages`, { body: 'And the sixth thing' });
	assert.equal(r.status, 429);
	assert.ok(r.headers['retry-after']);
	assert.match(r.text, /Please wait until somebody has looked at it; then you can send more\. Nothing you sent before is lost\./);
	assert.match(r.text, /And the sixth thing<\/textarea>/);
	const api = await desk.json('POST', `/api/v1/questions/${where.split('/').pop()}/messages`, { body: 'And the sixth thing' });
	assert.deepEqual([api.status, api.body.field], [429, 'body']);
});

test('a held and a closed question say what is so', async () => {
	const ann = await desk.login('ann');
	const title = 'The bridge at the mill';
	const where = await ask({ title });
	const words = async () => (await desk.get(where)).text.match(/<section class="card now[^]*?<\/section>/)[0];
	const id = (await ann.get('/api/v1/queue')).body.items.find((t) => t.title === title).id;
	assert.equal((await ann.json('POST', `/api/v1/tickets/${id}/notreal`, {})).status, 200);
	assert.match(await words(), /A helper was not sure what you would like to know/);
	const item = (await ann.get('/api/v1/held?list=held')).body.items.find((i) => i.ticket === id);
	assert.equal((await ann.json('POST', '/api/v1/judgements', { items: [{ ticket: id, n: item.n }], label: 'spam' })).status, 200);
	assert.match(await words(), /A moderator thought that this was not a question/);
	assert.equal((await desk.form(`${where}/appeal`, { text: 'It is about the bridge.' })).status, 303);
	assert.match(await words(), /A person will read it again[^]*You told us that this was meant as a question/);
	const r = await ann.json('POST', '/api/v1/judgements', { items: [{ ticket: id, n: item.n }], label: 'ham' });
	assert.equal(r.status, 200, r.text);
	const claim = (await ann.json('POST', `/api/v1/tickets/${id}/claim`, {})).body;
	assert.equal((await ann.json('POST', `/api/v1/tickets/${id}/close`, { fence: claim.lease.fence, reason: 'elsewhere' })).status, 200);
	assert.match(await words(), /This conversation is closed/);
	assert.doesNotMatch(await words(), /You took your question back/, 'it was a helper who closed it');
	const own = await ask();
	assert.equal((await desk.form(`${own}/withdraw`)).status, 303);
	assert.match((await desk.get(own)).text, /You took your question back/);
});

test('bad bytes and too many of them are answered with words for people', async () => {
	const type = { 'content-type': 'application/x-www-form-urlencoded' };
	const bad = await desk.request('POST', '/', { headers: { ...type, 'content-length': 9 }, body: 'body=%FF%' });
	assert.equal(bad.status, 400);
	const nul = await desk.form('/', { body: 'a\0b' });
	assert.equal(nul.status, 400);
	const large = 'body=' + 'a'.repeat(70_000);
	const big = await desk.request('POST', '/', { headers: { ...type, 'content-length': large.length }, body: large });
	assert.equal(big.status, 413);
	for (const r of [bad, nul, big]) {
		assert.match(r.headers['content-type'], /text\/html/);
		assert.match(r.text, /<h1/);
		assert.doesNotMatch(r.text, /sqlite|SELECT|src\//i);
	}
	const german = await desk.get('/nowhere', { 'accept-language': 'de' });
	assert.equal(german.status, 404);
	assert.match(german.text, /Hier ist nichts/);
	const method = await desk.request('PUT', '/', { headers: { 'content-length': 0 } });
	assert.equal(method.status, 405);
	assert.match(method.headers.allow, /GET/);
});

test('a conversation: never stored, constant title, nothing of it in the log, unknown ones are 404', async () => {
	const path = await ask({ title: 'A secret title', form: '' });
	const r = await desk.get(path);
	assert.equal(r.status, 200);
	assert.equal(r.headers['cache-control'], 'no-store');
	assert.match(r.text, /<title>Your conversation – Porchlight<\/title>/);
	assert.match(r.text, /noindex/);
	assert.equal((await desk.get(`${path}x`)).status, 404);
	assert.equal((await desk.get('/q/none')).status, 404);
	assert.equal((await desk.form(`${path}x/messages`, { body: 'hello' })).status, 404);
	assert.ok(!desk.stderr.includes(path.split('/').pop()), 'no token in the log');
});

test('the second click on "new link" leads to the first one\'s, and without that page the old link is dead', async () => {
	const path = await ask();
	const form = (await desk.get(path)).text.match(/\/link"><input type="hidden" name="form" value="([^"]+)"/)[1];
	const [first, second] = [await desk.form(`${path}/link`, { form }), await desk.form(`${path}/link`, { form })];
	assert.deepEqual([first.status, second.status, second.headers.location], [303, 303, first.headers.location]);
	assert.equal((await desk.get(first.headers.location.replace('/porch', ''))).status, 200);
	assert.equal((await desk.form(`${path}/link`, { form: `${form.slice(0, -4)}AAAA` })).status, 404);
	assert.equal((await desk.form(`${path}/link`, {})).status, 404);
	assert.equal((await desk.get(path)).status, 404);
});

test('GET changes nothing, not even the pages that ask', async () => {
	const path = await ask();
	for (const what of ['close', 'withdraw', 'erase']) {
		assert.equal((await desk.get(`${path}/${what}`)).status, 200);
		assert.match((await desk.get(path)).text, /Your question is here/);
	}
	for (const what of ['messages', 'reopen', 'appeal', 'rating', 'link']) assert.equal((await desk.get(`${path}/${what}`)).status, 405, what);
	const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
	for (const what of ['erase', 'withdraw', 'link']) {
		const r = await desk.form(`${path}/${what}`, {}, foreign);
		assert.equal(r.status, 403, what);
		assert.match((await desk.get(path)).text, /Your question is here/);
	}
});

test('words of strangers are text in every place', async () => {
	const evil = '"><img src=x onerror=alert(1)>';
	const path = await ask({ body: `Why does ${evil} not work in my article?`, title: evil, name: evil, page: evil });
	const { client } = await signIn('ben');
	const pages = [await desk.get(path), await desk.get(`/?page=${encodeURIComponent(evil)}&title=${encodeURIComponent(evil)}`), await client.get('/desk'), await client.get(`/desk?q=${encodeURIComponent(evil)}`)];
	for (const r of pages) {
		assert.equal(r.status, 200);
		assert.doesNotMatch(r.text, /<img/);
	}
	const outside = await desk.get('/?page=' + encodeURIComponent('https://evil.example/'));
	assert.doesNotMatch(outside.text, /href="https:\/\/evil\.example/);
});

test('staff pages: login first, then the role, then the token of the session', async () => {
	const closed = await desk.get('/desk/t/1');
	assert.equal(closed.status, 303);
	assert.match(closed.headers.location, /\/login\?next=\/desk\/t\/1$/);
	assert.equal((await desk.form('/login', { name: 'ben', password: 'wrong' })).status, 401);
	for (const to of ['//evil.example', 'https://evil.example', '/desk\\evil', '/deskevil']) {
		const { r } = await signIn('ben', to);
		assert.equal(r.status, 303);
		assert.equal(r.headers.location, '/porch/desk', to);
	}
	const { r, client } = await signIn('ben', '/desk/figures');
	assert.equal(r.headers.location, '/porch/desk/figures');
	assert.match([r.headers['set-cookie']].flat().join(), /HttpOnly/i);
	for (const where of ['/desk/moderation', '/desk/rules', '/desk/people', '/desk/audit']) assert.equal((await client.get(where)).status, 403, where);
	assert.match((await client.get('/desk/rules')).text, /href="\/porch\/desk">To the desk</, 'the way back of helpers is not the ask form');
	assert.equal((await client.form('/desk/next', {})).status, 403, 'without the token nothing is done');
	assert.equal((await client.get('/desk/t/99999')).status, 404);
	const csrf = (await client.get('/desk')).text.match(/name="csrf" value="([^"]+)"/)[1];
	const out = await client.form('/logout', { csrf });
	assert.equal(out.status, 303);
	assert.match((await client.get('/desk')).headers.location, /\/login/);
});

test('a session that ended while somebody wrote: the words are on the login and behind it', async () => {
	await ask();
	const { client } = await signIn('ben');
	const csrf = (await client.get('/desk')).text.match(/name="csrf" value="([^"]+)"/)[1];
	const where = (await client.form('/desk/next', { csrf })).headers.location.replace('/porch', '');
	const composer = (await client.get(where)).text;
	const fence = composer.match(/name="fence" value="(\d+)"/)[1];
	assert.equal((await client.form('/logout', { csrf })).status, 303);
	const login = (page, more = {}) => {
		const hidden = Object.fromEntries([...page.matchAll(/<input type="hidden" name="(to|reply)" value="([^"]*)">/g)].map((m) => [m[1], m[2]]));
		const kept = page.match(/<textarea id="kept" name="kept"[^>]*>\n([^<]*)<\/textarea>/)?.[1];
		return desk.form('/login', { name: 'ben', password: PASSWORD, ...hidden, ...(kept && { kept: kept.replace(/\r?\n/g, '\r\n') }), ...more });
	};
	const again = (r) => desk.client({ cookie: [r.headers['set-cookie']].flat().map((c) => c.split(';')[0]).join('; ') });

	const late = await client.form(`${where}/messages`, { csrf, fence, body: 'Two lines\r\nof an answer' });
	assert.equal(late.status, 401);
	assert.match(late.text, /your session has ended/);
	assert.match((await login(late.text, { password: 'wrong' })).text, /name="kept"[^>]*>\nTwo lines\nof an answer</, 'a mistyped password costs nothing');
	const back = await login(late.text);
	assert.equal(back.status, 303, back.text);
	assert.equal(back.headers.location, `/porch${where}`);
	assert.match((await again(back).get(where)).text, /<textarea id="text"[^>]*>\nTwo lines\nof an answer</);

	// Another draft is there already, and a note is no draft of a reply: these are shown to be copied.
	for (const fields of [{ body: 'Another answer' }, { body: 'For helpers only', note: '1' }]) {
		const r = await login((await client.form(`${where}/messages`, { csrf, fence, ...fields })).text);
		assert.equal(r.status, 200, JSON.stringify(fields));
		assert.match(r.text, new RegExp(`<textarea id="kept" readonly[^>]*>\n${fields.body}<`));
		assert.match(r.text, new RegExp(`href="/porch${where}"`));
		const page = (await again(r).get(where)).text;
		assert.match(page, /<textarea id="text"[^>]*>\nTwo lines\nof an answer</);
		assert.doesNotMatch(page, new RegExp(fields.body));
	}
	// Whoever logs in now may not open that conversation: its draft would be seen by nobody.
	const tom = await login((await client.form(`${where}/messages`, { csrf, fence, body: 'Typed by Ben' })).text, { name: 'tom' });
	assert.equal(tom.status, 200);
	assert.match(tom.text, /<textarea id="kept" readonly[^>]*>\nTyped by Ben</);
	for (const [post, fields, to] of [
		['/desk/canned', { title: 'Mills', body: 'Words about mills' }, '/desk/canned'],
		['/desk/bans', { ticket: '1', reason: 'Words about mills' }, '/desk/bans'],
		['/desk/rules/edit', { file: 'site.cf', text: '# Words about mills' }, '/desk/rules/edit?file=site.cf'],
		[`${where}/close`, { reason: 'answered' }, where],
	]) {
		const page = await client.form(post, { csrf, ...fields });
		assert.equal(page.status, 401, post);
		assert.equal(page.text.match(/name="to" value="([^"]+)"/)[1], to);
		assert.equal(/Words about mills/.test(page.text), post !== `${where}/close`, post);
		assert.equal(/id="kept"/.test(page.text), post !== `${where}/close`, post);
	}
	// What is too long for the login's own form is shown all the same.
	const long = await client.form('/desk/rules/edit', { csrf, file: 'site.cf', text: 'ب'.repeat(15000) });
	assert.match(long.text, /<textarea id="kept" readonly/);
	assert.match(long.text, /copy it before you log in/);

	// Logged in again elsewhere: the page's token is the old session's.
	const now = again(back);
	const stale = await now.form(`${where}/messages`, { csrf, fence, body: 'Under the old session' });
	assert.equal(stale.status, 403);
	assert.match(stale.text, /id="kept" readonly[^>]*>\nUnder the old session</);
	assert.match(stale.text, new RegExp(`href="/porch${where}"`));

	// What another site sent is not shown as somebody's own words.
	for (const c of [client, now]) {
		const foreign = await c.form(`${where}/messages`, { body: 'Call me', fence }, { 'sec-fetch-site': 'cross-site' });
		assert.ok([303, 403].includes(foreign.status));
		assert.doesNotMatch(foreign.text, /Call me/);
	}
	assert.doesNotMatch((await now.get(where)).text, /Call me|old session|Another answer/);
	const token = (await now.get('/desk')).text.match(/name="csrf" value="([^"]+)"/)[1];
	assert.equal((await now.form(`${where}/close`, { csrf: token, fence, reason: 'answered' })).status, 303);
});

test('a lost race at the desk keeps what was typed', async () => {
	await ask();
	const [ben, ann] = [(await signIn('ben')).client, (await signIn('ann')).client];
	const token = async (c) => (await c.get('/desk')).text.match(/name="csrf" value="([^"]+)"/)[1];
	const [bt, at] = [await token(ben), await token(ann)];
	const next = await ben.form('/desk/next', { csrf: bt });
	const where = next.headers.location.replace('/porch', '');
	const fence = (await ben.get(where)).text.match(/name="fence" value="(\d+)"/)[1];
	const page = (await ann.get(where)).text;
	const seen = page.match(/name="seen" value="(\d+)"/)[1];
	const me = page.match(/name="to" value="(\d+)"/)[1];
	assert.equal((await ann.form(`${where}/transfer`, { csrf: at, to: me, seen })).status, 303);
	const late = await ben.form(`${where}/messages`, { csrf: bt, fence, body: 'My long answer' });
	assert.equal(late.status, 409);
	assert.match(late.text, /Something has changed|has changed meanwhile/);
	assert.match(late.text, /My long answer/, 'the words come back');
});

test('a double click on "next" takes one person, not two', async () => {
	for (let i = 0; i < 4; i++) await ask();
	const { client } = await signIn('ben');
	const page = (await client.get('/desk')).text;
	const field = (name) => page.match(new RegExp(`id="next-form"[^]*?name="${name}" value="([^"]+)"`))[1];
	const form = { csrf: field('csrf'), client_id: field('client_id') };
	const mine = async () => (await client.get('/api/v1/queue?view=mine')).body.items.length;
	const before = await mine();
	const twice = await Promise.all([1, 2].map(() => client.form('/desk/next', form)));
	assert.deepEqual(twice.map((r) => r.status), [303, 303]);
	assert.equal(twice[0].headers.location, twice[1].headers.location);
	assert.equal(await mine(), before + 1);
	// From the same page, when that claim is over: the next one.
	const fence = (await client.get(twice[0].headers.location.replace('/porch', ''))).text.match(/name="fence" value="(\d+)"/)[1];
	const give = async (r, f) => assert.equal((await client.form(`${r.headers.location.replace('/porch', '')}/close`, { csrf: form.csrf, fence: f, reason: 'other' })).status, 303);
	await give(twice[0], fence);
	const next = await client.form('/desk/next', form);
	assert.equal(next.status, 303, next.text.slice(0, 300));
	assert.notEqual(next.headers.location, twice[0].headers.location);
	await give(next, (await client.get(next.headers.location.replace('/porch', ''))).text.match(/name="fence" value="(\d+)"/)[1]);
});

test('the second click on a reply is the first one again; other words under it are not lost', async () => {
	await ask();
	const { client } = await signIn('ben');
	const field = (page, name) => page.match(new RegExp(`id="composer"[^]*?name="${name}" value="([^"]+)"`))[1];
	const csrf = (await client.get('/desk')).text.match(/name="csrf" value="([^"]+)"/)[1];
	const where = (await client.form('/desk/next', { csrf })).headers.location.replace('/porch', '');
	const page = (await client.get(where)).text;
	const form = { csrf, fence: field(page, 'fence'), client_id: field(page, 'client_id') };
	const twice = await Promise.all([1, 2].map(() => client.form(`${where}/messages`, { ...form, body: 'Clicked twice' })));
	assert.deepEqual(twice.map((r) => r.status), [303, 303]);
	const after = (await client.get(where)).text;
	assert.equal(after.match(/Clicked twice/g)?.length, 1, after);
	assert.notEqual(field(after, 'client_id'), form.client_id);
	const other = await client.form(`${where}/messages`, { ...form, body: 'Back, and other words' });
	assert.equal(other.status, 409);
	assert.match(other.text, /Back, and other words/, 'the words come back');
	assert.equal((await client.form(`${where}/messages`, { ...form, client_id: field(other.text, 'client_id'), body: 'Back, and other words' })).status, 303);
});

test('a language that was chosen is remembered, an unknown one is not', async () => {
	const r = await desk.get('/?uselang=ar');
	assert.match(r.text, /<html lang="ar" dir="rtl">/);
	assert.match([r.headers['set-cookie']].flat().join(), /uselang=ar/);
	const cookie = [r.headers['set-cookie']].flat()[0].split(';')[0];
	assert.match((await desk.get('/about', { cookie })).text, /<html lang="ar"/);
	assert.match((await desk.get('/nothing-here', { cookie })).text, /<html lang="ar"/);
	const unknown = await desk.get('/?uselang=xx');
	assert.equal(unknown.headers['set-cookie'], undefined);
	assert.match((await desk.get('/', { cookie: 'uselang=de' })).text, /<html lang="de"/);
});

test('behind https the language is remembered all the same', async () => {
	const secure = await start({ env: { PORCHLIGHT_PUBLIC_URL: 'https://help.example.org' } });
	const r = await secure.get('/?uselang=de');
	const cookie = [r.headers['set-cookie']].flat()[0];
	assert.match(cookie, /^__Host-uselang=de;.*Secure/);
	assert.match((await secure.get('/', { cookie: cookie.split(';')[0] })).text, /<html lang="de"/);
	await secure.stop();
});

test('without cookies the chosen language travels in every address of the asker\'s, and the link to the conversation nowhere else', async () => {
	// What leads out of a page: its own language links name the languages, and what is to be kept is the bare link.
	const leads = (html) => {
		const rest = html.replace(/<ul class="langs">[\s\S]*?<\/ul>/, '').replace(/<input id="link"[^>]*>/, '');
		return [...rest.matchAll(/(?:href|action|data-home|data-page)="(\/porch\/[^"]*)"/g)].map((m) => m[1].replaceAll('&amp;', '&')).filter((x) => !x.includes('/static/'));
	};
	const inGerman = (html, what) => {
		assert.match(html, /<html lang="de"/, what);
		for (const where of leads(html)) assert.match(where, /[?&]uselang=de(&|#|$)/, `${what}: ${where}`);
	};
	const get = async (where) => {
		const r = await desk.get(where.replace('/porch', '').replace(/#.*/, ''));
		inGerman(r.text, where);
		return r;
	};
	await get('/porch/?uselang=de&page=Mill');
	await get('/porch/about?uselang=de');
	inGerman((await desk.get('/nothing-here?uselang=de')).text, 'an error');
	inGerman((await desk.form('/?uselang=de', { body: '' })).text, 'the form with its problem');
	const asked = await desk.form('/?uselang=de', { body: QUESTION, title: 'Mühle' });
	assert.equal(asked.status, 303);
	assert.match(asked.headers.location, /^\/porch\/q\/[\w-]+\?uselang=de$/);
	const page = await get(asked.headers.location);
	const path = asked.headers.location.split('?')[0];
	const token = path.split('/').pop();
	assert.match(page.text, new RegExp(`<input id="link" readonly value="http://help\\.example\\.org${path}"`), 'the link to keep is the bare one');
	const actions = leads(page.text);
	assert.ok(actions.length > 10);
	for (const where of actions.filter((x) => x.startsWith(path) && !/messages|reopen|link|rating|appeal/.test(x))) await get(where);

	const wrote = await desk.form(`/q/${token}/messages?uselang=de`, { body: 'Noch etwas dazu.' });
	assert.match(wrote.headers.location, /^\/porch\/q\/[\w-]+\?uselang=de#n\d+$/, 'before the place on the page, not behind it');
	const renewed = await desk.form(`/q/${token}/link?uselang=de`, {});
	assert.match(renewed.headers.location, /\?done=link&uselang=de$/);
	const next = await get(renewed.headers.location);
	// A page that the token opens names it only in addresses of its own desk, and tells no other site where its reader came from.
	const fresh = renewed.headers.location.split('/').pop().split('?')[0];
	for (const [, where] of next.text.matchAll(/(?:href|src|action)="((?:https?:)?\/\/[^"]*)"/g)) assert.ok(!where.includes(fresh) || where.startsWith('http://help.example.org/porch/'), where);
	assert.match(next.headers['referrer-policy'], /no-referrer|same-origin/);
	assert.equal(next.headers['set-cookie'].toString().includes(fresh), false);

	// A cookie that says the same makes it needless; one that says another thing does not win.
	assert.doesNotMatch((await desk.get('/?uselang=de', { cookie: 'uselang=de' })).text.replace(/<ul class="langs">[\s\S]*?<\/ul>/, ''), /uselang=/);
	inGerman((await desk.get('/?uselang=de', { cookie: 'uselang=ar' })).text, 'another cookie');
	assert.doesNotMatch((await desk.get('/?uselang=xx')).text.replace(/<ul class="langs">[\s\S]*?<\/ul>/, ''), /uselang=/);
});

test('a quotation shows words, not marks; nobody replies to a line that is held', async () => {
	const where = await ask({ body: 'Which template do I need for the mill?' });
	const { client: ann } = await signIn('ann');
	const csrf = (await ann.get('/desk')).text.match(/name="csrf" value="([^"]+)"/)[1];
	const json = (path, body) => ann.json('POST', `/api/v1/${path}`, body, { 'x-csrf-token': csrf });
	for (let t; (t = (await json('queue/next', {})).body); ) {
		if (!(await ann.get(`/api/v1/tickets/${t.id}`)).text.includes('template do I need')) {
			await json(`tickets/${t.id}/close`, { fence: t.lease.fence, reason: 'other' });
			continue;
		}
		await json(`tickets/${t.id}/messages`, { fence: t.lease.fence, body: 'Put **two** `ref` marks, [as here](https://wiki.example.org/wiki/Help "the help page").' });
		break;
	}
	const n = (await desk.get(where)).text.match(/<li class="msg other" id="n(\d+)"/)[1];
	const writing = (await desk.get(`${where}?write=1&reply=${n}`)).text;
	assert.match(writing, /data-quote>Put two ref marks, as here/);
	assert.equal((await desk.form(`${where}/messages`, { body: 'Like this?', reply_to: n })).status, 303);
	const page = (await desk.get(where)).text;
	assert.match(page, /<a class="quote"[^>]*>.*<bdi>Put two ref marks, as here/);
	assert.match(page, /aria-label="Reply to this message of You"/);

	assert.equal((await desk.form(`${where}/messages`, { body: 'We offer guest posts and backlinks from high authority sites. First page of Google guaranteed in 30 days. Contact me on WhatsApp +1 555 0100 for the price list.' })).status, 303);
	const held = (await desk.get(where)).text.match(/<li class="msg own held"[\s\S]*?<\/li>/)[0];
	assert.match(held, /guest posts/);
	assert.doesNotMatch(held, /reply-to/);
});
