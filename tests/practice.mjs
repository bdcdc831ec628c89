// The folder of the practice corpora: PORCHLIGHT_SHARED, else shared/data beside the checkout. It may be absent.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const practice = process.env.PORCHLIGHT_SHARED ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'shared', 'data');
