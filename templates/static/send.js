// Sending what was typed. The words stay in their box, and in this tab's memory, until the server has them. Where no answer came it says so
// and tries once more by itself, under the same client_id, so that nothing arrives twice: neither after a second click nor after a reload.
import { newId, Refused, tab } from './common.js';

const noAnswer = (why) => !(why instanceof Refused) || [502, 503, 504].includes(why.status);

// Too much at once passes by itself; too much before a person has looked (the text itself is at fault) waits for that person.
const whatToSay = (why, words) => (!(why instanceof Refused) || why.status !== 429 ? words.text : (why.problem.field === 'body' && words.wait) || words.limited);

// What is typed into `form.body` survives a reload and a crash of the tab. `found` is what was left there, "" without.
export function keepTyped(form, key) {
	const found = tab.get(key) ?? '';
	form.body.addEventListener('input', () => tab.set(key, form.body.value));
	return { found, clear: () => tab.set(key, null) };
}

// - what(behind): what goes with the text (the message it answers, whether it is a note); the same text with another is another message;
//   behind: other words are on their way before it
// - show(body, what): puts it into the log as on its way; gives { done, failed, waits }
// - post(body, id, what): a promise of the answer
// - sent(answer, what), refused(why)
// - line: the live connection, whose return is waited for
export function makeSender({ form, key, failed, what, show, post, sent, refused, line }) {
	const memory = `${key}:sent`;
	let attempt = JSON.parse(tab.get(memory) ?? 'null');
	let queue = []; // what stood in the box each time it was sent; the first is on its way
	let wake = null;
	const say = (text) => {
		failed.textContent = text;
		failed.hidden = !text;
	};
	// Until the connection stands again, or a moment where it seems to stand. False when the words were changed meanwhile.
	const pause = () =>
		new Promise((resolve) => {
			const end = (go) => {
				if (wake !== end) return;
				wake = null;
				resolve(go);
			};
			wake = end;
			setTimeout(() => (line.lost() ? line.back().then(() => end(true)) : end(true)), line.lost() ? 0 : 2000);
		});
	const remember = (now) => {
		attempt = now;
		tab.set(memory, now && JSON.stringify(now));
	};
	async function send({ body, extra }) {
		say('');
		const mark = JSON.stringify([body, extra]);
		if (attempt?.mark !== mark) remember({ id: newId(), mark });
		const { id } = attempt;
		const row = show(body, extra);
		try {
			let answer;
			try {
				answer = await post(body, id, extra);
			} catch (why) {
				if (!noAnswer(why)) throw why;
				say(failed.dataset.again);
				row.waits();
				if (!(await pause())) throw why;
				say('');
				answer = await post(body, id, extra);
			}
			row.done(answer.n, answer.at);
			remember(null);
			if (form.body.value.startsWith(body)) form.body.setRangeText('', 0, body.length, 'preserve');
			tab.set(key, form.body.value);
			sent(answer, extra);
			return true;
		} catch (why) {
			row.failed();
			say(whatToSay(why, failed.dataset));
			if (why instanceof Refused && why.status === 409) remember(null);
			refused(why);
			return false;
		}
	}
	form.body.addEventListener('input', () => wake?.(false));
	form.addEventListener('submit', async (e) => {
		e.preventDefault();
		if (wake) return wake(true);
		if (!form.body.value.trim()) return form.body.focus();
		if (queue.push({ body: form.body.value, extra: what(queue.length > 0) }) > 1) return;
		while (queue.length && (await send(queue[0]))) {
			// What was typed behind it is the next message; a second click is none.
			const { body: gone } = queue[0];
			queue = queue.map((x) => (x.body.startsWith(gone) ? { ...x, body: x.body.slice(gone.length) } : x)).filter((x) => x.body.trim());
		}
		queue = [];
		if (form.contains(document.activeElement) || document.activeElement === document.body) form.body.focus();
	});
}
