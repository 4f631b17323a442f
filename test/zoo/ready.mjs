import fs from 'node:fs';

/** Tells who started us that the next thing to happen is the wrong one. Without descriptor 3: started by hand. */
export function ready() {
  try {
    fs.writeSync(3, '.');
  } catch (error) {
    if (error.code !== 'EBADF') throw error;
  }
}
