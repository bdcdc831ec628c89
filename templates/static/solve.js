// A worker: looks for the number that a challenge asks for, SHA-256(salt + number), and says how far it is. SHA-256 (FIPS 180-4) is written out
// here, because the browser's own is asynchronous, slower by far for such short texts, and missing where a page is not served over TLS.
const K = new Int32Array(64);
const START = new Int32Array(8);
{
	// The first 32 bits of the fractions of the cube roots (and square roots) of the first primes.
	const fraction = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
	let n = 0;
	for (let p = 2; n < 64; p++) {
		let prime = true;
		for (let d = 2; d * d <= p; d++) if (p % d === 0) prime = false;
		if (!prime) continue;
		if (n < 8) START[n] = fraction(Math.sqrt(p));
		K[n++] = fraction(Math.cbrt(p));
	}
}

const W = new Int32Array(64);
function block(h, m, at) {
	for (let i = 0; i < 16; i++) W[i] = (m[at + 4 * i] << 24) | (m[at + 4 * i + 1] << 16) | (m[at + 4 * i + 2] << 8) | m[at + 4 * i + 3];
	for (let i = 16; i < 64; i++) {
		const x = W[i - 15];
		const y = W[i - 2];
		const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
		const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
		W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
	}
	let [a, b, c, d, e, f, g, k] = h;
	for (let i = 0; i < 64; i++) {
		const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
		const t1 = (k + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
		const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
		const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
		k = g;
		g = f;
		f = e;
		e = (d + t1) | 0;
		d = c;
		c = b;
		b = a;
		a = (t1 + t2) | 0;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	h[5] += f;
	h[6] += g;
	h[7] += k;
}

const bytes = (text) => new TextEncoder().encode(text);

function solve({ challenge, salt, maxnumber }) {
	const wanted = new Int32Array(8);
	for (let i = 0; i < 8; i++) wanted[i] = parseInt(challenge.slice(8 * i, 8 * i + 8), 16) | 0;
	const head = bytes(salt);
	const m = new Uint8Array(64 * Math.ceil((head.length + 20 + 9) / 64));
	const h = new Int32Array(8);
	for (let n = 0; n <= maxnumber; n++) {
		const digits = String(n);
		const length = head.length + digits.length;
		const blocks = Math.ceil((length + 9) / 64);
		m.fill(0, head.length);
		m.set(head);
		for (let i = 0; i < digits.length; i++) m[head.length + i] = digits.charCodeAt(i);
		m[length] = 0x80;
		new DataView(m.buffer).setUint32(64 * blocks - 4, 8 * length);
		h.set(START);
		for (let b = 0; b < blocks; b++) block(h, m, 64 * b);
		if (h[0] === wanted[0] && h.every((x, i) => x === wanted[i])) return n;
		if (n % 2000 === 1999) postMessage({ done: n / maxnumber });
	}
	return null;
}

onmessage = (e) => postMessage({ number: solve(e.data) });
