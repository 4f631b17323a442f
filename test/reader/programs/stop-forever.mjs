// Stops a process again and again, for some milliseconds each time, until it is killed itself; says when it stands still first.
// Arguments: pid, and how long to let it run in between (ms).
import { setImmediate, setTimeout } from 'node:timers/promises';
import { requireNative } from '#dist/native.js';
import { ready } from '../../zoo/ready.mjs';
import { readMaps } from '#dist/reader/memory/maps.js';
import { takeLook } from '#dist/reader/memory/look.js';
import { readThreadIds } from '#dist/reader/memory/process-files.js';

requireNative();
const [pid, freeMs = 0] = process.argv.slice(2).map(Number);
const mappings = readMaps(pid);
let looks = 0;
for (;;) {
  const wishes = { tids: readThreadIds(pid), mappings, pages: [], holdWhileDecoding: true };
  takeLook(pid, wishes, () => {
    if (looks++ === 0) ready();
    const endsAtMs = performance.now() + 3;
    while (performance.now() < endsAtMs);
  });
  await (freeMs > 0 ? setTimeout(freeMs) : setImmediate());
}
