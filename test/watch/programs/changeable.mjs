// Becomes another user, hangs, crashes or ends, as its standard input says; tells its start and its pid.
import { createInterface } from 'node:readline';

const acts = {
  nobody: () => {
    process.setgid(65_534);
    process.setuid(65_534);
    console.log(`uid ${process.getuid()}`);
  },
  hang: () => {
    for (;;);
  },
  crash: () => {
    throw new Error('as asked');
  },
  end: () => process.exit(0),
};
createInterface({ input: process.stdin }).on('line', (word) => acts[word]());
console.log(`started ${process.pid}`);
