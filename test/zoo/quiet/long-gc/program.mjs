import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ready } from '../../ready.mjs';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** Much that lives, which each full collection must walk. */
const cache = new Map();
for (let i = 0; i < 400_000; i++) cache.set(i, { id: i, tags: [`tag ${i % 7}`] });
// Else nothing refers to it once this module has run.
globalThis.cache = cache;

ready();
setInterval(collect, 1_000);
