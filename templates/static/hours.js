// The hours board: beside each time of the desk the reader's own, where that is another.
import { $, $$, fill } from './common.js';

const main = $('#main');
const lang = document.documentElement.lang;
const clock = (zone) => new Intl.DateTimeFormat(lang, { weekday: 'short', hour: 'numeric', minute: '2-digit', ...(zone && { timeZone: zone }) });
let desk, own;
try {
	desk = clock(main.dataset.zone);
	own = clock();
} catch {}
for (const li of desk ? $$('[data-from]') : []) {
	const from = new Date(li.dataset.from);
	const until = new Date(li.dataset.until);
	if (desk.format(from) === own.format(from) && desk.format(until) === own.format(until)) continue;
	const p = $('.own', li);
	const oneDay = from.toDateString() === until.toDateString();
	p.textContent = fill(main.dataset.own, oneDay ? own.formatRange(from, until) : `${own.format(from)} – ${own.format(until)}`);
	p.hidden = false;
}
