/** The machine a target runs on. */
import os from 'node:os';
import type { Host } from '../report/schema.ts';
import { readFact } from './fact.ts';

/**
 * Percent of the last ten seconds in which some task of the machine waited for a resource: /proc/pressure
 * (Documentation/accounting/psi.rst). Null where the kernel does not tell.
 */
export function readPressure(resource: keyof NonNullable<Host['pressure']>): number | null {
  const share = readFact(
    `/proc/pressure/${resource}`,
    (text) => /^some avg10=([\d.]+)/m.exec(text)?.[1],
  );
  return share.known && share.value !== undefined ? Number(share.value) : null;
}

function readPressures(): NonNullable<Host['pressure']> | null {
  const [cpu, memory, io] = [readPressure('cpu'), readPressure('memory'), readPressure('io')];
  return cpu === null || memory === null || io === null ? null : { cpu, memory, io };
}

/** Reads host name, kernel, number of CPUs, memory, and how much of them tasks wait for. */
export function readHost(): Host {
  const available = readFact('/proc/meminfo', (text) => {
    const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
    return kibibytes === undefined ? os.freemem() : Number(kibibytes) * 1024;
  });
  const pressure = readPressures();
  return {
    hostname: os.hostname(),
    kernel: `${os.release()} ${os.machine()}`,
    cpus: os.cpus().length,
    memory: {
      totalBytes: os.totalmem(),
      availableBytes: available.known ? available.value : os.freemem(),
    },
    ...(pressure !== null && { pressure }),
  };
}
