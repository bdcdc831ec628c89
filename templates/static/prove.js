// A challenged question, or an appeal, proves itself: a worker does the sum, and nobody has to click. When that cannot be done here, the ways without a
// script are still on the page.
import { $, api, Refused } from './common.js';

const root = $('#live');
const TRIES = 4;

// The answer as the protocol wants it: base64 of JSON.
function solve(challenge, progress) {
	return new Promise((resolve, reject) => {
		const worker = new Worker(new URL('./solve.js', import.meta.url));
		const end = (settle, value) => {
			worker.terminate();
			settle(value);
		};
		worker.onerror = () => end(reject, new Error('no worker'));
		worker.onmessage = ({ data }) => {
			if ('done' in data) return progress?.(data.done);
			if (data.number === null) return end(reject, new Error('no number'));
			const { algorithm, salt, signature } = challenge;
			end(resolve, btoa(JSON.stringify({ algorithm, challenge: challenge.challenge, number: data.number, salt, signature })));
		};
		worker.postMessage(challenge);
	});
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// --- a challenged question ---

async function prove(box) {
	const text = $('#prove-text', box);
	const bar = $('#prove-bar', box);
	const working = text.textContent;
	let challenge = JSON.parse(box.dataset.challenge);
	$('#prove-hand', box).hidden = true;
	$('#prove-work', box).hidden = false;
	for (let i = 0; i < TRIES && box.isConnected; i++) {
		try {
			if (!challenge) challenge = (await api('GET', root.dataset.api)).challenge;
			if (!challenge) return document.dispatchEvent(new Event('porchlight:look'));
			text.textContent = working;
			const pow = await solve(challenge, (done) => (bar.value = Math.round(100 * done)));
			bar.value = 100;
			text.textContent = text.dataset.sending;
			await api('POST', `${root.dataset.api}/challenge`, { pow });
			return document.dispatchEvent(new Event('porchlight:look'));
		} catch (why) {
			// Solved in another tab, withdrawn, or held meanwhile.
			if (why instanceof Refused && why.status === 409) return document.dispatchEvent(new Event('porchlight:look'));
			// Run out, as in a tab that slept: a new one is there for the asking.
			if (why instanceof Refused && why.status === 422) challenge = null;
			else if (why instanceof Refused || why instanceof TypeError) await pause(3000 * (i + 1));
			else break;
		}
	}
	text.textContent = text.dataset.failed;
	bar.hidden = true;
	$('#prove-hand', box).hidden = false;
}

const box = $('#prove');
if (box) prove(box);

// --- an appeal ---

const appeal = $('#appeal[data-challenge]');
if (appeal) {
	const wait = $('#appeal-wait', appeal);
	let solving = null;
	let over = false;
	const begin = () => (solving ??= solve(JSON.parse(appeal.dataset.challenge)).then((pow) => (appeal.pow.value = pow)).catch(() => {}).finally(() => (over = true)));
	appeal.addEventListener('focusin', begin);
	appeal.addEventListener('submit', async (e) => {
		if (over) return;
		e.preventDefault();
		if (!wait.hidden) return;
		wait.hidden = false;
		await begin();
		wait.hidden = true;
		appeal.requestSubmit();
	});
}
