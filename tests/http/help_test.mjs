// Pages of the wiki that are suggested while somebody waits; they never stand between anybody and asking.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { V, desk, question, rules, talk } from './api.mjs';

let d;
before(async () => {
	d = await desk({
		env: {
			PORCHLIGHT_WIKI_URL: 'https://wiki.example/wiki/',
			PORCHLIGHT_HELP_PAGES:
				'en: Help:References = reference, cite; Help:Images & maps = image, map; no words here; = none; Help:Empty = , ; Help:Drafts = draft; Help:Links = image, link' +
				' | de: Hilfe:Bilder = Bild, Übersicht | ja: Help:画像 = 画像 | pt-BR: Ajuda:Imagens = imagem | es-419: Ayuda:Enlaces = enlace',
		},
	});
});
after(() => d.stop());

const links = (html) => [...(html.split('id="help-heading"')[1] ?? '').split('</section>')[0].matchAll(/<a href="([^"]*)"[^>]*>([^<]*)</g)].map((m) => [m[1], m[2]]);
const shown = async (more) => links((await d.get(`/q/${(await question(d, more)).token}`)).text).map((x) => x[1]);

test('the list by language, for programs and for the form', async () => {
	const en = (await d.get(`${V}/help?lang=en`)).body.items;
	assert.deepEqual(en.map((x) => x.title), ['Help:References', 'Help:Images & maps', 'Help:Drafts', 'Help:Links']);
	assert.deepEqual(en[0], { title: 'Help:References', url: 'https://wiki.example/wiki/Help:References', words: ['reference', 'cite'] });
	assert.deepEqual((await d.get(`${V}/help?lang=de`)).body.items.map((x) => x.words), [['Bild', 'Übersicht']]);
	for (const [lang, title] of [['pt-BR', 'Ajuda:Imagens'], ['pt-br', 'Ajuda:Imagens'], ['es-419', 'Ayuda:Enlaces'], ['fr', 'Help:References']])
		assert.equal((await d.get(`${V}/help?lang=${lang}`)).body.items[0].title, title, lang);
	assert.deepEqual((await d.get(`${V}/help`, { 'accept-language': 'de' })).body.items.length, 1);
	assert.match((await d.get('/')).text, /id="help" role="status" data-api="[^"]*\/api\/v1\/help" hidden/);
});

test('while a question waits: what fits, the best first, in its language; gone with the answer', async () => {
	const q = await question(d, { title: 'Lighthouses', body: 'How do I CITE a book? And its References?' });
	assert.deepEqual(links((await d.get(`/q/${q.token}`)).text), [['https://wiki.example/wiki/Help:References', 'Help:References']]);
	assert.deepEqual(await shown({ title: 'Images', body: 'A link to a picture, and an old draft (draft)' }), ['Help:Links', 'Help:Images &amp; maps', 'Help:Drafts']);
	assert.deepEqual(await shown({ body: 'To recite a poem, can I preimage it?' }), [], 'a word has to begin there');
	assert.deepEqual(await shown({ body: 'Wo ist die ÜBERSICHT?', lang: 'de' }), ['Hilfe:Bilder']);
	assert.deepEqual(await shown({ body: '新しい画像を追加したい', lang: 'ja' }), ['Help:画像']);
	const hanna = await d.login('hanna');
	const t = await talk(d, hanna, { body: 'How do I add an image?' });
	assert.equal((await hanna.json('POST', `${t.t}/messages`, { body: 'Like this.', fence: t.fence })).status, 201);
	assert.deepEqual(links((await d.get(`/q/${t.token}`)).text), []);
});

test('a held question too; a refused one is told nothing but how to appeal', async () => {
	await rules(await d.login('ada'));
	const held = await question(d, { body: 'An image, please hold this' }, 'held');
	assert.equal(links((await d.get(`/q/${held.token}`)).text).length, 2);
	const no = await question(d, { body: 'An image, please refuse this' }, 'rejected');
	assert.deepEqual(links((await d.get(`/q/${no.token}`)).text), []);
});

test('without a list nothing is said, and nothing is asked for', async () => {
	const bare = await desk({ env: { PORCHLIGHT_WIKI_URL: 'https://wiki.example/wiki/' } });
	try {
		assert.deepEqual((await bare.get(`${V}/help`)).body, { items: [] });
		assert.doesNotMatch((await bare.get('/')).text, /id="help"/);
	} finally {
		await bare.stop();
	}
});
