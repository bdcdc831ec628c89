// The editor of a rule file: where the cursor is, and a way from an error to its line.
import { $, $$, fill } from './common.js';

const text = $('#text');
const where = $('#where');

function tell() {
	const before = text.value.slice(0, text.selectionStart);
	const line = before.split('\n').length;
	const column = before.length - before.lastIndexOf('\n');
	where.textContent = fill(where.dataset.text, line, column);
}
function go(line, column = 1) {
	const lines = text.value.split('\n');
	let at = 0;
	for (let i = 0; i < Math.min(line - 1, lines.length); i++) at += lines[i].length + 1;
	const length = (lines[line - 1] ?? '').length;
	text.focus();
	text.setSelectionRange(at + Math.min(column - 1, length), at + length);
	text.scrollTop = Math.max(0, (line - 5) * (text.scrollHeight / Math.max(lines.length, 1)));
	tell();
}
for (const name of ['keyup', 'click', 'input', 'select']) text.addEventListener(name, tell);
text.addEventListener('keydown', (e) => {
	if (e.key === 's' && (e.ctrlKey || e.metaKey)) {
		e.preventDefault();
		$('button[value="save"]').click();
	}
});
for (const a of $$('.errors a[data-line]'))
	a.addEventListener('click', (e) => {
		e.preventDefault();
		go(Number(a.dataset.line), Number(a.dataset.column) || 1);
	});
const start = Number(text.dataset.line);
if (start) go(start);
($('#errors') ?? $('#replay'))?.focus();
