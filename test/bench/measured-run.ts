/** Our own command, and what it took: time, memory, processor. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { sleeperBin } from '../harness/paths.ts';

export interface MeasuredRun {
  readonly stdout: string;
  readonly wallMs: number;
  /** Largest resident set, as the kernel keeps it. */
  readonly rssMiB: number;
}

const pollEveryMs = 10;

/** Whatever its exit status: a hang found is an answer. */
export function runMeasured(args: readonly string[]): Promise<MeasuredRun> {
  return new Promise((resolve, reject) => {
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, [sleeperBin, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let rssMiB = 0;
    const poll = setInterval(() => {
      rssMiB = Math.max(rssMiB, readPeak(child.pid ?? 0));
    }, pollEveryMs);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', () => {
      clearInterval(poll);
      const wallMs = performance.now() - startedAtMs;
      resolve({ stdout: Buffer.concat(chunks).toString(), wallMs, rssMiB });
    });
  });
}

function readPeak(pid: number): number {
  try {
    const status = fs.readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    // It has just ended.
    return 0;
  }
}
