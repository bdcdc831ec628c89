// Solving challenges as a client does that knows only the protocol.
import { createHash } from 'node:crypto';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const base64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');

/** The payload for `challenge`; `change` overwrites members of it. */
export function solve(challenge, change = {}) {
	for (let number = 0; number <= challenge.maxnumber; number++)
		if (sha256(`${challenge.salt}${number}`) === challenge.challenge) {
			const { algorithm, salt, signature } = challenge;
			return base64({ algorithm, challenge: challenge.challenge, number, salt, signature, took: 17, ...change });
		}
	throw new Error('no number solves it');
}

/** A challenge of one's own making, with its answer: what somebody sends who has never asked for one. */
export function invented(signature = 'a'.repeat(64)) {
	const salt = `${'0123456789ab'.repeat(2)}?expires=${Math.floor(Date.now() / 1000) + 600}&`;
	return base64({ algorithm: 'SHA-256', challenge: sha256(`${salt}7`), number: 7, salt, signature });
}
export { base64 };
