// Rules and mails for the comparison with SpamAssassin: the same ones for the same seed. Patterns and texts are made of
// the same words, so that rules hit; texts come in every shape that SpamAssassin reads in a way of its own.

// mulberry32
function random(seed) {
	let a = seed >>> 0;
	const next = () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = a;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
	const r = {
		next,
		below: (n) => Math.floor(next() * n),
		chance: (p) => next() < p,
		pick: (list) => list[Math.floor(next() * list.length)],
		between: (lo, hi) => lo + Math.floor(next() * (hi - lo + 1)),
		some: (n, make) => Array.from({ length: n }, make),
	};
	return r;
}

const plain = `apple river stone cloud garden yellow market window silver button paper winter orange castle dragon engine
	forest guitar harbor island jacket kitten ladder marble needle ocean pencil quartz rocket saddle temple umbrella violin
	wagon xylophone yogurt zebra anchor basket candle desert ember falcon glacier hammer ivory jungle kettle lantern meadow
	nectar olive pepper quiver ribbon summit thunder urchin velvet whistle yonder zephyr free money offer click viagra mask
	silk kiss book2 a1b2 x-ray e-mail o'clock`.split(/\s+/);
const foreign = ['größe', 'naïve', 'пример', 'деньги', 'ПРИМЕР', '価格', 'مرحبا', 'señor', 'Å', 'ſilk', '\u212Aing', 'Ελλάδα', 'café', 'à'];
const words = [...plain, ...foreign];
const tlds = ['com', 'net', 'org', 'info', 'co.uk', 'de', 'ru', 'invalidtld', 'io', 'xyz'];

// ---- patterns ---------------------------------------------------------------------------------------------------------

const quote = (s) => s.replace(/[.*+?^${}()|[\]\\/!,#'"-]/g, (c) => (c === "'" || c === '"' || c === '-' ? c : '\\' + c));
const bytesOf = (s) => [...Buffer.from(s)].map((b) => `\\x${b.toString(16).padStart(2, '0')}`).join('');

function literal(r) {
	const w = r.pick(words);
	const n = r.below(10);
	if (n === 0 && w.length > 3) return quote(w.slice(0, r.between(2, w.length - 1)));
	if (n === 1) return quote(w.toUpperCase());
	if (n === 2 && /^[a-z]+$/.test(w)) return [...w].map((c) => (r.chance(0.3) ? `[${c}${c.toUpperCase()}]` : c)).join('');
	if (n === 3) return w.charCodeAt(0) > 127 ? bytesOf(w) : quote(w);
	return quote(w);
}

function quantifier(r) {
	return r.pick(['+', '*', '?', '{1,3}', '{2}', '{0,4}', '{2,}', '{,2}', '+?', '*?', '??', '{1,3}?', '{1,2}+', '?+', '{ 1, 2 }']);
}

function piece(r, depth, groups) {
	switch (r.below(depth > 2 ? 7 : 19)) {
		case 0: case 1: case 2:
			return literal(r);
		case 3:
			return `\\b${literal(r)}`;
		case 4:
			return `${literal(r)}\\b`;
		case 5:
			return r.pick(['\\s', '\\d', '\\w', '\\S', '[a-f]', '[^a-z]', '[[:alpha:]]', '[[:upper:]_]', '\\.', '-', '.']) + (r.chance(0.4) ? quantifier(r) : '');
		case 6:
			return r.pick(['\\s+', ' ', '\\s*', '.{0,12}', '\\W', '[\\s.,]+', '\\s{1,3}']) + literal(r);
		case 7: case 8:
			return `(?:${r.some(r.between(2, 4), () => piece(r, depth + 1, groups)).join('|')})${r.chance(0.15) ? r.pick(['?', '{1,2}', '+']) : ''}`;
		case 9:
			groups.n++;
			return `(${piece(r, depth + 1, groups)})`;
		case 10:
			return groups.n > 0 && depth === 0 ? `\\${r.between(1, groups.n)}` : literal(r);
		case 11:
			return `(?=${piece(r, depth + 1, groups)})`;
		case 12:
			return `(?!${literal(r)})`;
		case 13:
			return `(?<=${r.pick(['e', ' ', 'r ', '\\s', '\\b', 'ple '])})`;
		case 14:
			return `(?<!${r.pick(['x', ' ', 'er ', '\\d'])})`;
		case 15:
			return `(?i:${literal(r)})`;
		case 16:
			return `(?i)${literal(r)}`;
		case 17:
			return `(?>${literal(r)})`;
		default:
			return `${quote(r.pick(plain)[0])}${quantifier(r)}${literal(r)}`;
	}
}

function pattern(r) {
	const groups = { n: 0 };
	let p = '';
	// A literal that must be there comes first: patterns without one are few, as in real rule sets.
	if (!r.chance(0.06)) p += literal(r);
	for (let i = r.below(3); i >= 0; i--) p += piece(r, 0, groups);
	const at = r.below(30);
	if (at === 0) p = '^' + p;
	if (at === 1) p += '$';
	if (at === 2) p = '\\A' + p;
	if (at === 3) p += '\\z';
	if (at === 4) p = `(?:^|\\s)${p}`;
	if (at === 5) p += '\\n';
	return p;
}

function uriPattern(r) {
	return r.pick([
		() => `^https?:\\/\\/${quote(r.pick(plain))}`,
		() => `\\.${r.pick(tlds).replace('.', '\\.')}(?:\\/|$)`,
		() => `^mailto:.*${quote(r.pick(plain))}`,
		() => `[?&]${r.pick(['id', 'u', 'q'])}=`,
		() => `^(?:http|ftp):\\/\\/[^\\/]{1,40}\\/`,
		() => `\\/\\/\\d{1,3}\\.\\d`,
		() => `%[0-9a-f]{2}`,
		() => `@`,
		() => `^.{8,30}$`,
		() => `^www`,
		() => pattern(r),
	])();
}

// /re/, m{re}, m!re! ...; what delimits is escaped inside already, or cannot stand there.
function delimited(r, p, flags) {
	if (/\\[1-9]/.test(p)) flags = flags.replace('n', '');
	if (flags.includes('x')) p = p.replace(/\{[ 0-9,]+\}| /g, (m) => (m === ' ' ? '\\ ' : m)).replace(/(\\s\+|\|)/, (m) => (r.chance(0.5) ? ` ${m} ` : m));
	const n = r.below(8);
	if (n === 0 && !/[{}]/.test(p)) return `m{${p}}${flags}`;
	if (n === 1 && !p.includes('!')) return `m!${p}!${flags}`;
	if (n === 2) return `m,${p.replace(/(?<!\\),/g, ',')},${flags}`.includes(',', 2) && !/(?<!\\),/.test(p) ? `m,${p},${flags}` : `/${p}/${flags}`;
	if (n === 3 && !/[<>]/.test(p)) return `m<${p}>${flags}`;
	if (n === 4 && !p.includes('~')) return `m~${p}~${flags}`;
	return `/${p}/${flags}`;
}

const flagsOf = (r) => r.pick(['', '', '', 'i', 'i', 'i', 's', 'm', 'is', 'im', 'x', 'ix', 'ism', 'n']);

// ---- rules ------------------------------------------------------------------------------------------------------------

function metaExpression(r, names, depth = 0) {
	const leaf = () =>
		r.chance(0.08)
			? String(r.pick([0, 1, 2, 0.5, 10]))
			: r.chance(0.04)
				? `rules_matching(${r.pick(['B_1*', '__*_1?', 'U_*', 'NOTHING_*', 'H_?', 'R_*2', 'B_??'])})`
				: r.chance(0.05)
					? 'NOT_DEFINED'
					: r.pick(names);
	if (depth > 2 || r.chance(0.25)) return r.chance(0.2) ? `!${leaf()}` : leaf();
	const a = () => metaExpression(r, names, depth + 1);
	switch (r.below(9)) {
		case 0: case 1:
			return `(${a()} && ${a()})`;
		case 2: case 3:
			return `(${a()} || ${a()})`;
		case 4:
			return `(${a()} + ${a()} ${r.pick(['>', '>=', '<', '<=', '==', '!='])} ${r.between(0, 3)})`;
		case 5:
			return `(${a()} ${r.pick(['+', '-', '*'])} ${a()})`;
		case 6:
			return `(${a()} ? ${a()} : ${a()})`;
		case 7:
			return `(${a()} / ((${leaf()} > 0) + ${r.between(1, 4)}))`;
		default:
			return `!(${a()})`;
	}
}

export function rulesFor(r, count) {
	const out = [
		'replace_tag A [a4@]', 'replace_tag E (?:e|3)', 'replace_tag O [o0]', 'replace_tag NEST <A>x?', 'replace_tag SP [\\s._-]',
		'replace_pre P1 (?:', 'replace_post Q1 )', 'replace_post Q2 {1,2}', 'replace_inter I1 [\\s.]?', 'replace_tag DOT \\.',
	];
	const names = [];
	const kinds = { B: 'body', R: 'rawbody', F: 'full', U: 'uri', H: 'header' };
	const fields = ['Subject', 'subject', 'X-Foo', 'X-Bar', 'To', 'Cc', 'ToCc', 'From', 'X-None', 'ALL', 'Message-ID', 'MESSAGEID', 'Content-Type'];
	const replaced = [];
	for (let i = 0; i < count; i++) {
		const k = r.pick([...'BBBBBBBRRFUUUHHHMMMM']);
		const prefix = r.chance(0.25) ? '__' : r.chance(0.05) ? 'T_' : '';
		const name = `${prefix}${k}_${i}`;
		const lines = [];
		let flags = flagsOf(r);
		let multiple = r.chance(0.25);
		if (k === 'M') {
			lines.push(`meta ${name} ${names.length > 4 ? metaExpression(r, names) : '1'}`);
			multiple = multiple && r.chance(0.1);
		} else if (k === 'H') {
			const field = r.pick(fields) + (r.chance(0.12) ? r.pick([':raw', ':first', ':last']) : '');
			if (r.chance(0.12)) {
				lines.push(`header ${name} exists:${field.split(':')[0]}`);
				multiple = false;
			} else {
				const negated = r.chance(0.25);
				const unset = r.chance(0.2) ? ` [if-unset: ${r.pick(plain)} ${r.pick(plain)}]` : '';
				multiple = multiple && !negated;
				lines.push(`header ${name} ${field} ${negated ? '!~' : '=~'} ${delimited(r, r.chance(0.1) ? '^\\S' : pattern(r), flags)}${unset}`);
			}
		} else if (k === 'U') {
			lines.push(`uri ${name} ${delimited(r, uriPattern(r), flags)}`);
		} else if ((k === 'B' || k === 'R') && r.chance(0.06)) {
			const w = r.pick(plain.filter((x) => /[aeo]/.test(x)));
			const mod = r.pick(['', '', '<pre P1><post Q1>', '<post Q2>', '<inter I1>']);
			const body = w.replace(/[aeo]/g, (c) => `<${r.pick([c.toUpperCase(), c.toUpperCase(), 'UNKNOWN', c === 'a' && !mod.includes('Q2') ? 'NEST' : c.toUpperCase()])}>`);
			lines.push(`${kinds[k]} ${name} /${mod}${body}${r.chance(0.3) ? `<SP>${r.pick(plain)}` : ''}/${flags.replace('x', '')}`);
			replaced.push(name);
		} else {
			lines.push(`${kinds[k]} ${name} ${delimited(r, pattern(r), flags)}`);
		}
		const tflags = [];
		if (multiple) tflags.push('multiple');
		if (multiple && r.chance(0.4)) tflags.push(`maxhits=${r.between(1, 4)}`);
		if (k === 'B' && r.chance(0.1)) tflags.push('nosubject');
		if (r.chance(0.06)) tflags.push('nice');
		if (r.chance(0.05)) tflags.push(r.pick(['noautolearn', 'nolog', 'publish', 'userconf']));
		if (tflags.length) lines.push(`tflags ${name} ${tflags.join(' ')}`);
		const s = r.below(12);
		if (s < 3) lines.push(`score ${name} ${r.pick(['0.5', '1.25', '-2', '3', '0.001', '10'])}`);
		else if (s === 3) lines.push(`score ${name} 0.1 0.2 0.3 0.4`);
		else if (s === 4) lines.push(`score ${name} 2`, `score ${name} (${r.pick(['0.5', '-1', '1.5'])})`);
		else if (s === 5) lines.push(`score ${name} 0`);
		else if (s === 6) lines.push(`score ${name} 1 1 1 1`, `score ${name} (0.1) (0.2) (0.3) (0.4)`);
		if (r.chance(0.05)) lines.push(`describe ${name} words about it`, `lang de describe ${name} Worte`);
		if (r.chance(0.05)) lines.push(`priority ${name} ${r.pick([-100, 5, 1000])}`);
		if (r.chance(0.06)) {
			const c = r.pick([
				['if (version >= 4.000000)', true], ['if (version < 3.0)', false], ['ifplugin Mail::SpamAssassin::Plugin::ReplaceTags', true],
				['ifplugin No::Such::Plugin', false], ['if !plugin(No::Such::Plugin)', true], ['if can(Mail::SpamAssassin::Conf::feature_dns_query_restriction)', true],
				['if (perl_version >= 5.010000) && (version >= 4)', true], ['if can(No::Such::feature)', false],
			]);
			if (c[1] || r.chance(0.5)) {
				const other = r.chance(0.5) ? ['else', `body ${name} /never this ${i}/`] : [];
				lines.splice(0, lines.length, c[0], ...(c[1] ? lines : [`body ${name} /never this ${i}/`]), ...(c[1] ? other : ['else', ...lines]), 'endif');
			}
		}
		// A rule defined again: the last one counts.
		if (k !== 'M' && r.chance(0.01)) lines.unshift(`body ${name} /${literal(r)}/`);
		out.push(...lines);
		names.push(name);
	}
	for (const n of replaced) if (r.chance(0.9)) out.push(`replace_rules ${n}`);
	return out.join('\n') + '\n';
}

// ---- texts ------------------------------------------------------------------------------------------------------------

function host(r) {
	const name = r.some(r.between(1, 2), () => r.pick(plain).replace(/'/g, '')).join('.');
	return r.pick([
		() => `${name}.${r.pick(tlds)}`,
		() => `www.${name}.${r.pick(tlds)}`,
		() => `${name.toUpperCase()}.${r.pick(tlds).toUpperCase()}`,
		() => `${name}.${r.pick(tlds)}.`,
		() => `${name}..${r.pick(tlds)}`,
		() => `${r.pick(foreign)}.${r.pick(tlds)}`,
		() => name,
		() => `${name}_x.${r.pick(tlds)}`,
		() => `_a.${name}.${r.pick(tlds)}`,
		() => `-${name}.${r.pick(tlds)}`,
		() => r.pick(['127.0.0.1', '0x7f.0.0.1', '0177.0.0.01', '2130706433', '0x7f000001', '1.2.3', '256.1.1.1', '0x7f.1', '10.20.030.0x28', '[::1]', '99999999999', '192.168.1.099']),
		() => `%77%77%77.${name}.${r.pick(tlds)}`,
	])();
}

function path(r) {
	return r.pick([
		() => '',
		() => '',
		() => '/',
		() => `/${r.pick(words)}`,
		() => `/${r.pick(plain)}/${r.pick(plain)}.html`,
		() => `?id=${r.below(100)}`,
		() => `/?u=http://${host(r)}/&x=1`,
		() => `/?u=http%3A%2F%2F${host(r)}%2Fx`,
		() => `#${r.pick(plain)}`,
		() => `/%41b%20c%zz%3c`,
		() => `/a(b)c`,
		() => `/a)b(c`,
		() => `/x/https:/${host(r)}`,
		() => `/a\\b`,
		() => `/&#119;&#x41;&#46;`,
		() => `/${'long'.repeat(r.between(20, 60))}`,
		() => `/a,b;c:d!e`,
		() => `/~${r.pick(plain)}'s"q`,
	])();
}

function address(r) {
	return r.pick([
		() => `http://${host(r)}${path(r)}`,
		() => `https://${host(r)}${path(r)}`,
		() => `HTTP://${host(r)}${path(r)}`,
		() => `ftp://${host(r)}${path(r)}`,
		() => `${host(r)}${path(r)}`,
		() => `${host(r)}`,
		() => `www.${host(r)}${path(r)}`,
		() => `www3.${host(r)}${path(r)}`,
		() => `ftp.${host(r)}${path(r)}`,
		() => `http://user:pw@${host(r)}${path(r)}`,
		() => `http://${host(r)}:${r.pick([80, 443, 8080, '', 123456])}${path(r)}`,
		() => `https://${host(r)}:443${path(r)}`,
		() => `${host(r)}:${r.pick([80, 8080, 123456])}${path(r)}`,
		() => `http:${host(r)}`,
		() => `http:/${host(r)}`,
		() => `http://`,
		() => `${r.pick(plain)}@${host(r)}`,
		() => `mailto:${r.pick(plain)}@${host(r)}`,
		() => `mailto:${r.pick(plain)}%40${host(r)}?subject=${r.pick(plain)}&body=x`,
		() => `${r.pick(plain)}@${host(r)}&x=1`,
		() => `email:${r.pick(plain)}@${host(r)}`,
		() => `${r.pick(plain)}@${r.pick(plain)}`,
		() => `${r.pick(plain)}/${r.pick(plain)}@${host(r)}`,
		() => `[cid:image001@${host(r)}]`,
		() => `a@b@${host(r)}`,
		() => `javascript:alert(1)`,
		() => `hxxp://${host(r)}`,
	])();
}

const around = [['', ''], ['(', ')'], ['<', '>'], ['"', '"'], ['[', ']'], ["'", "'"], ['', '.'], ['', ','], ['', '!!!'], ['see:', ''], ['', ')'], ['{', '}'], ['\u00a0', '\u00a0'], ['x', ''], ['', '…'], ['à', '']];

function sentence(r) {
	const n = r.between(3, 14);
	const out = [];
	for (let i = 0; i < n; i++) {
		if (r.chance(0.1)) {
			const [before, behind] = r.pick(around);
			out.push(before + address(r) + behind);
		} else {
			let w = r.pick(words);
			if (r.chance(0.1)) w = w.toUpperCase();
			if (r.chance(0.05)) w = w[0].toUpperCase() + w.slice(1);
			if (r.chance(0.05)) w = [...w].join(r.pick(['.', '-', ' ', '_']));
			if (r.chance(0.04)) w = w.replace(/a/g, '4').replace(/e/g, '3').replace(/o/g, '0');
			if (r.chance(0.05)) w += w;
			out.push(w + (r.chance(0.1) ? r.pick([',', ';', ':', '!', '?', '...']) : ''));
		}
	}
	return out.join(r.chance(0.05) ? '  ' : ' ') + r.pick(['.', '', '!', '?']);
}

function paragraphs(r) {
	const out = [];
	for (let i = r.between(1, 6); i > 0; i--) {
		let p = r.some(r.between(1, 4), () => sentence(r)).join(r.pick([' ', '\n', '\n', ' \n', '\n ']));
		if (r.chance(0.06)) p = r.some(r.between(30, 80), () => sentence(r)).join(' ');
		if (r.chance(0.03)) p = r.pick(plain).repeat(r.between(350, 900));
		if (r.chance(0.03)) p = r.pick(foreign).repeat(r.between(200, 700)) + ' ' + p;
		out.push(p);
	}
	let text = out.join(r.pick(['\n\n', '\n\n', '\n \n', '\n\t\n\n', '\n\u00a0\n', '\n\n\n\n', '\n']));
	if (r.chance(0.05)) text = '\n\n' + text;
	if (r.chance(0.1)) text = text.replace(/\n/g, r.pick(['\n> ', '\n\t', '\n']));
	if (r.chance(0.05)) text = text.replace(/ /g, r.pick(['\u3000', '\u2003', '\u00a0', '\t']));
	if (r.chance(0.02)) text += r.some(900, () => sentence(r)).join(r.pick([' ', '\n', '\n\n']));
	return text + r.pick(['\n', '\n', '\n\n', '']);
}

// Links beyond ASCII are compared as characters there and as bytes here: see "not the same" in rules/README.md.
const ascii = (s) => s.replace(/[^\x00-\x7f]/g, 'z');

function html(r) {
	const piece = () =>
		r.pick([
			() => sentence(r),
			() => `<b>${sentence(r)}</b>`,
			() => r.pick(words).replace(/(..)/, '$1<b></b>'),
			() => `<p>${sentence(r)}</p>`,
			() => `<P CLASS=x>${sentence(r)}`,
			() => `<br>`,
			() => `<br/>`,
			() => `<br />\n`,
			() => `<div>${sentence(r)}</div>`,
			() => `<a href="${ascii(address(r)).replace(/"/g, '')}">${sentence(r)}</a>`,
			() => `<a href='${ascii(address(r)).replace(/'/g, '')}'>x</a>`,
			() => `<a href=${ascii(address(r)).replace(/[\s<>"']/g, '')}>x</a>`,
			() => `<img src="${ascii(address(r)).replace(/"/g, '')}" alt=x>`,
			() => `<a href="/${r.pick(plain)}/../${r.pick(plain)}?q=1&amp;r=2">rel</a>`,
			() => `<!-- ${sentence(r)} -->`,
			() => `<style>p { color: ${r.pick(plain)} }</style>`,
			() => `<script>var ${r.pick(plain)} = "<p>";</script>`,
			() => `<ul><li>${r.pick(plain)}<li>${r.pick(plain)}</ul>`,
			() => `<table><tr><td>${r.pick(plain)}<td background="${ascii(address(r)).replace(/"/g, '')}">${r.pick(plain)}</table>`,
			() => `<h1>${sentence(r)}</h1>`,
			() => `&lt;${r.pick(plain)}&gt; &amp; &eacute;&nbsp;&#119;&#x41; &unknown; &copy &euro;`,
			() => `<unknown>${r.pick(plain)}</unknown>`,
			() => `a < b > c <3 `,
			() => `<title>${sentence(r)}</title>`,
			() => `<hr><blockquote>${sentence(r)}</blockquote>`,
			() => `\n`,
			() => `  \n  `,
			() => `<form action="${ascii(address(r)).replace(/"/g, '')}">`,
			() => `<pre>${sentence(r)}\n${sentence(r)}</pre>`,
		])();
	const base = r.chance(0.1) ? `<base href="http://${r.pick(plain)}.com/dir/file.html">` : '';
	return `${r.chance(0.5) ? '<html><head>' + base + '</head><body>' : base}${r.some(r.between(3, 25), piece).join(r.pick(['', ' ', '\n']))}${r.chance(0.5) ? '</body></html>' : ''}\n`;
}

const quotedPrintable = (b) =>
	[...b].map((c) => (c === 10 ? '\n' : (c < 32 && c !== 9) || c > 126 || c === 61 ? `=${c.toString(16).toUpperCase().padStart(2, '0')}` : String.fromCharCode(c))).join('')
		.split('\n').map((l) => l.replace(/(.{70}[^=]{0,2})(?=...)/g, '$1=\n').replace(/[ \t]$/, (c) => (c === ' ' ? '=20' : '=09'))).join('\n');
const base64 = (b) => b.toString('base64').replace(/(.{76})/g, '$1\n') + '\n';

// A part: its header lines and its bytes.
function part(r, isHtml) {
	let body = Buffer.from(isHtml ? html(r) : paragraphs(r));
	let charset = 'utf-8';
	if (r.chance(0.06)) {
		const text = sentence(r).replace(/[^\x00-\xff]/g, '?') + ' größe café\n';
		[charset, body] = r.pick([['iso-8859-1', Buffer.from(text, 'latin1')], ['windows-1252', Buffer.from(text, 'latin1')], ['us-ascii', Buffer.from(text, 'latin1')]]);
	} else if (!isHtml && r.chance(0.05)) {
		const broken = [0x80, 0xff, 0xc3, 0xe2, 0x92, 0xa0, 0xd0, 0xf5];
		for (let i = 0; i < 4; i++) body[r.below(body.length)] = r.pick(broken);
	}
	const encoding = r.pick(['8bit', '8bit', '8bit', 'quoted-printable', 'base64']);
	const type = r.chance(0.1) ? `text/${isHtml ? 'html' : 'plain'};\n charset="${charset}"` : `text/${isHtml ? 'html' : 'plain'}; charset=${charset}`;
	const text = encoding === 'base64' ? Buffer.from(base64(body)) : encoding === 'quoted-printable' ? Buffer.from(quotedPrintable(body)) : body;
	return { head: `Content-Type: ${type}\nContent-Transfer-Encoding: ${encoding}\n`, body: text };
}

function fieldText(r) {
	const text = r.some(r.between(1, 6), () => r.pick(words)).join(' ');
	return r.pick([
		() => text,
		() => text,
		() => text.replace(/ /, '\n '),
		() => text.replace(/ /g, '\n\t'),
		() => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`,
		() => `=?UTF-8?Q?${quotedPrintable(Buffer.from(text)).replace(/=\n/g, '').replace(/[?_]/g, '').replace(/ /g, '_')}?= ${r.pick(plain)}`,
		() => `=?utf-8?B?${Buffer.from('abc ').toString('base64')}?= =?utf-8?B?${Buffer.from(text).toString('base64')}?=`,
		() => `=?iso-8859-1?Q?gr=F6=DFe?= ${r.pick(plain)}`,
		() => `  ${text}  `,
		() => '',
		() => address(r),
	])();
}

export function mailFor(r) {
	const fields = [];
	const subject = r.below(10);
	if (subject > 0) fields.push(`Subject: ${fieldText(r)}`);
	if (subject === 1) fields.push(`Subject: ${fieldText(r)}`);
	fields.push(`From: "${r.pick(plain)}" <${r.pick(plain)}@example.org>`, `To: ${r.pick(plain)}@example.com`, `Date: Mon, 1 Jan 2024 00:00:00 +0000`);
	if (r.chance(0.8)) fields.push(`Message-ID: <${r.below(1e9)}.${r.pick(plain)}@example.org>`);
	if (r.chance(0.3)) fields.push(`Cc: ${r.pick(plain)}@example.net`);
	for (let i = r.below(3); i > 0; i--) fields.push(`X-Foo: ${fieldText(r)}`);
	for (let i = r.below(2); i > 0; i--) fields.push(`x-bar:${fieldText(r)}`);
	fields.push('MIME-Version: 1.0');
	if (r.chance(0.3)) fields.reverse();
	let mail;
	const head = Buffer.from(fields.join('\n') + '\n');
	const kind = r.below(10);
	if (kind < 6) {
		const p = part(r, false);
		mail = Buffer.concat([head, Buffer.from(p.head + '\n'), p.body]);
	} else if (kind < 8) {
		const p = part(r, true);
		mail = Buffer.concat([head, Buffer.from(p.head + '\n'), p.body]);
	} else {
		const parts = r.some(r.between(1, 3), () => part(r, r.chance(0.4)));
		const pieces = [head, Buffer.from(`Content-Type: multipart/${r.pick(['alternative', 'mixed'])}; boundary="=_b${r.below(1000)}x"\n\npreamble\n`)];
		const boundary = /boundary="([^"]+)"/.exec(pieces[1].toString())[1];
		for (const p of parts) pieces.push(Buffer.from(`--${boundary}\n${p.head}\n`), p.body, Buffer.from(r.chance(0.8) ? '\n' : ''));
		pieces.push(Buffer.from(`\n--${boundary}--\n`));
		mail = Buffer.concat(pieces);
	}
	if (r.chance(0.04)) mail = Buffer.from(mail.toString('latin1').replace(/\n/g, '\r\n'), 'latin1');
	return mail;
}

export function generate({ seed, rules, texts }) {
	const r = random(seed);
	return { cf: rulesFor(r, rules), mails: r.some(texts, () => mailFor(r)) };
}
