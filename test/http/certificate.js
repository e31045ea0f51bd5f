import { readFileSync } from 'node:fs';

const read = (name) => readFileSync(new URL(`./certificate/${name}`, import.meta.url), 'utf8');

/** Of localhost, signed by itself, good for a hundred years. The key is public: it protects nothing. */
export const key = read('key.pem');
export const cert = read('cert.pem');
