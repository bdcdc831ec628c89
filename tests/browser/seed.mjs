// A desk with something on every page, made through the API and the command line only. Gives the addresses of all pages.
import assert from 'node:assert/strict';
import { start } from '../http/lib.mjs';

const SPAM = 'We offer guest posts and backlinks from high authority sites. First page of Google guaranteed in 30 days. Contact me on WhatsApp +1 555 0100 for the price list.';

export const OPTIONS = {
	env: {
		PORCHLIGHT_RATE_LIMITS: 'off',
		PORCHLIGHT_BANDS: '3,6,90', // the spam below is held, however much the rules come to know
		PORCHLIGHT_TOPICS: 'Editing, Images, Notices and deletions',
		PORCHLIGHT_WIKI_URL: 'https://wiki.example.org/wiki',
		PORCHLIGHT_EMERGENCY_TEXT: 'If you or somebody else is in danger, please call your local emergency number first. | de: Wenn Sie oder jemand anderes in Gefahr ist, rufen Sie bitte zuerst den örtlichen Notruf. | ar: إذا كنت أنت أو غيرك في خطر فاتصل أولًا برقم الطوارئ في بلدك.',
	},
	people: { 'robin.k': 'admin', 'amina.s': 'moderator', 'jonas.w': 'helper', 'li.wei': 'trial' },
};

export async function seeded() {
	const desk = await start(OPTIONS);
	try {
		return await fill(desk);
	} catch (why) {
		await desk.stop().catch(() => {});
		throw why;
	}
}

async function fill(desk) {
	const people = {};
	for (const [login, display] of [['robin.k', 'Robin'], ['amina.s', 'Amina'], ['jonas.w', 'Jonas'], ['li.wei', 'Li Wei']]) {
		people[display] = await desk.login(login);
		const r = await people[display].json('PATCH', '/api/v1/session', { display });
		assert.equal(r.status, 200, r.text);
	}
	const { Robin: robin, Jonas: jonas } = people;
	const post = async (client, where, body, status = 201) => {
		const r = await client.json('POST', `/api/v1/${where}`, body);
		assert.equal(r.status, status, `${where}: ${r.text}`);
		return r.body;
	};
	const ask = (body, more = {}) => post(desk, 'questions', { body, ...more });
	const pages = {};

	const live = await ask("Hello! I wrote about our village's old water mill yesterday, and this morning it was gone. There was a note with an abbreviation I do not understand. I am a bit discouraged, to be honest. Can somebody look at it with me?", {
		title: 'My first article was removed. What did I do wrong?', name: 'Maren', lang: 'en', topic: 'Notices and deletions', page: 'Draft:Water mill of Oberau',
	});
	await post(jonas, 'desk/duty', { duty: 'on' }, 200);
	const t = await post(jonas, 'queue/next', {}, 200);
	const say = (body, more) => post(jonas, `tickets/${t.id}/messages`, { body, fence: t.lease.fence, ...more });
	const answer = await say('Hello Maren, and thank you for writing about the mill! Nothing is lost: the text is still there, only out of sight. Let me have a look.');
	const back = await post(desk, `questions/${live.token}/messages`, { body: 'Oh good, I was afraid I would have to write it all again. What does the note mean?', reply_to: answer.n });
	await post(jonas, `tickets/${t.id}/notes`, { body: 'Deleted for missing sources, not for its subject. Worth restoring as a draft.', fence: t.lease.fence });
	await say('It asks for **sources**: a book, a newspaper, a heritage list, so that readers can check what they read. Do you have one about the mill?', { reply_to: back.n });
	await post(desk, `questions/${live.token}/messages`, { body: 'There is a booklet of the local history society from 1987. Would that do?' });
	pages.live = `/q/${live.token}`;
	pages.talk = `/desk/t/${t.id}`;

	const done = await ask('Guten Tag, wie füge ich im Artikel über unseren Bahnhof eine Quelle ein? Das Buch habe ich hier.', { title: 'Wie füge ich eine Quelle ein?', name: 'Jochen', lang: 'de', topic: 'Editing' });
	const t2 = await post(jonas, 'queue/next', {}, 200);
	await post(jonas, `tickets/${t2.id}/messages`, { body: 'Guten Tag Jochen, setzen Sie die Angabe zwischen zwei `ref`-Marken, dann entsteht die Fußnote von selbst.', fence: t2.lease.fence });
	await post(jonas, `tickets/${t2.id}/close`, { fence: t2.lease.fence, reason: 'answered' }, 200);
	pages.closed = `/q/${done.token}`;

	const waiting = await ask('مرحبًا، التقطتُ صورة لجسر قديم في مدينتي وأريد إضافتها إلى المقالة. هل أحتاج إلى إذن من أحد؟', { title: 'كيف أضيف صورة إلى مقالة؟', name: 'سلمى', lang: 'ar', topic: 'Images' });
	pages.waiting = `/q/${waiting.token}`;
	await ask('No entiendo el mensaje que dice que hay un conflicto de edición. ¿He perdido mi texto?', { title: 'Conflicto de edición', name: 'Inés', lang: 'es' });
	await ask('Можно ли писать о своей школе, если я там учусь?', { title: 'Можно ли писать о своей школе?', lang: 'ru' });
	await ask('The page about our choir says it is protected. Who can change it?', { title: 'A protected page', name: 'Tomasz', lang: 'en' });

	const held = await ask(SPAM, { title: 'Increase your website ranking', name: 'SEO Team', lang: 'en' });
	pages.held = `/q/${held.token}`;
	for (const number of ['0107', '0108']) await ask(SPAM.replace('0100', number), { title: 'Increase your website ranking', name: 'SEO Team', lang: 'en' });
	await ask('Play at https://lucky-spins.example/bonus and claim 200 free spins today!', { title: 'Best casino bonus', name: 'Casino', lang: 'en' });
	await ask('Ofrecemos préstamos rápidos sin aval y sin buró de crédito, aprobación en 24 horas. Escríbenos por WhatsApp +1 555 0101.', { title: 'Préstamo rápido', name: 'Prestamos', lang: 'es' });

	const spam = await ask('Invest in bitcoin with our expert trader and earn guaranteed profit of 300% every week. Write to our manager on Telegram @fast_profit_now to start trading today.', { title: 'Double your bitcoin', name: 'Investor', lang: 'en' });
	const items = (await robin.get('/api/v1/held?list=held')).body.items;
	await post(robin, 'judgements', { items: items.filter((i) => /bitcoin/.test(i.title)).map((i) => ({ ticket: i.ticket, n: i.n })), label: 'spam' }, 200);
	pages.refused = `/q/${spam.token}`;

	await post(jonas, 'canned', { title: 'Sources', body: 'Articles need **sources**: a book, a newspaper, a heritage list, so that readers can check what they read.\n\nDo you have one at hand? Then we put it in together.', lang: 'en', topic: 'Editing' });
	await post(robin, 'canned', { title: 'صورك الخاصة', body: 'يمكنك رفع الصور التي التقطتها بنفسك. اختر رخصة حرة حتى يستطيع الجميع استعمالها.', lang: 'ar', topic: 'Images' });

	for (const [who, day, from, until] of [[jonas, 1, 18, 21], [jonas, 3, 18, 21], [robin, 6, 22, 2], [people['Li Wei'], 3, 17, 20]]) await post(who, 'hours', { day, from, until });
	await jonas.json('PATCH', '/api/v1/session', { langs: ['en', 'de'] });

	const gone = await ask('Please forget that I asked this about my neighbour.', { title: 'A mistake' });
	await desk.json('DELETE', `/api/v1/questions/${gone.token}`);
	pages.erased = `/q/${gone.token}`;
	await post(robin, 'rules/GAMBLING_MUCH/stop', { reason: 'It hits the talk about the article on a lottery' }, 200);
	await post(robin, 'rules/GAMBLING_OFFER/pin', {}, 200);
	pages.robin = (await robin.get('/api/v1/session')).body.account.id;
	await post(robin, 'keys', { label: 'The wall board in the office', scopes: ['read', 'metrics'] });
	// Last, because whatever comes from here is held from now on.
	pages.banned = (await people.Amina.get('/api/v1/held?list=held')).body.items.find((i) => /casino/.test(i.title)).ticket;
	await post(people.Amina, 'bans', { ticket: pages.banned, days: 7, reason: 'The same casino for the third time today' });
	return { desk, robin, jonas, pages };
}

/** Every page: [name, path, who is logged in]. */
export function everyPage(pages) {
	return [
		['ask', '/?page=Draft:Water_mill_of_Oberau', null],
		['about', '/about', null],
		['waiting', pages.waiting, null],
		['conversation', pages.live, null],
		['closed', pages.closed, null],
		['held', pages.held, null],
		['refused', pages.refused, null],
		['erased', pages.erased, null],
		['erase', `${pages.waiting}/erase`, null],
		['login', '/login', null],
		['reset', '/reset', null],
		['error', '/q/not-a-link', null],
		['desk', '/desk', 'jonas.w'],
		['talk', pages.talk, 'jonas.w'],
		['search', '/desk?q=mill', 'jonas.w'],
		['trial', '/desk?view=all', 'li.wei'],
		['moderation', '/desk/moderation', 'amina.s'],
		['moderation-appeals', '/desk/moderation?list=appeals', 'amina.s'],
		['talk-moderator', pages.talk, 'amina.s'],
		['hours', '/desk/hours', 'jonas.w'],
		['replies', '/desk/canned', 'jonas.w'],
		['reply-form', '/desk/canned?edit=1', 'amina.s'],
		['bans', '/desk/bans', 'amina.s'],
		['ban-form', `/desk/bans?ticket=${pages.banned}`, 'amina.s'],
		['hiding', `${pages.talk}?hide=1#hide`, 'amina.s'],
		['moderation-reports', '/desk/moderation?list=reports', 'amina.s'],
		['figures', '/desk/figures', 'robin.k'],
		['rules', '/desk/rules', 'robin.k'],
		['rule-file', '/desk/rules/edit?file=21-gambling.cf', 'robin.k'],
		['rule-states', '/desk/rules/states', 'robin.k'],
		['rule-stop', '/desk/rules/states?rule=GAMBLING_OFFER', 'amina.s'],
		['people', '/desk/people', 'robin.k'],
		['record', '/desk/audit', 'robin.k'],
		['me', '/desk/me', 'robin.k'],
		['keys', `/desk/people/${pages.robin}/keys`, 'robin.k'],
	];
}
