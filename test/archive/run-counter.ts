/** Processes that count occurrences, and may be killed at it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const program = path.join(path.dirname(fileURLToPath(import.meta.url)), 'counter.js');

/** A process that counts. */
interface Counter {
  /** Resolves with how often it said that it had counted, when it has ended. */
  readonly counted: Promise<number>;
  /** Kills it (SIGKILL) when it has said so often that it counted. */
  readonly killAfter: (count: number) => Promise<void>;
}

export function startCounter(directory: string, signature: string, times: number): Counter {
  const child = spawn(process.execPath, [program, directory, signature, String(times)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = 0;
  child.stdout.on('data', (dots: Buffer) => {
    told += dots.length;
    child.emit('told');
  });
  return {
    counted: once(child, 'close').then(() => told),
    killAfter: async (count) => {
      while (told < count) await once(child, 'told');
      child.kill('SIGKILL');
    },
  };
}
