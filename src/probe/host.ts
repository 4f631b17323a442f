/** The machine a target runs on. */
import os from 'node:os';
import type { Host } from '../report/schema.ts';
import { readFact } from './fact.ts';

/** Reads host name, kernel, number of CPUs and memory. */
export function readHost(): Host {
  const available = readFact('/proc/meminfo', (text) => {
    const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
    return kibibytes === undefined ? os.freemem() : Number(kibibytes) * 1024;
  });
  return {
    hostname: os.hostname(),
    kernel: `${os.release()} ${os.machine()}`,
    cpus: os.cpus().length,
    memory: {
      totalBytes: os.totalmem(),
      availableBytes: available.known ? available.value : os.freemem(),
    },
  };
}
