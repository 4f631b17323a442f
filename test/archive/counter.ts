/** Counts one trouble again and again, and says so each time. `node counter.js DIR SIGNATURE TIMES` */
import fs from 'node:fs';
import { openSafeDirectory } from '#dist/archive/location.js';
import { addOccurrence } from '#dist/archive/occurrences.js';

const [path = '', signature = '', times = '0'] = process.argv.slice(2);
const directory = await openSafeDirectory(path);
for (let index = 0; index < Number(times); index++) {
  await addOccurrence(directory, signature, {
    at: new Date().toISOString(),
    pid: process.pid,
    host: 'web1.'.padEnd(120, 'x'), // so that the file grows sooner
  });
  fs.writeSync(1, '.'); // at once, whatever happens to us next
}
