/** A program that says whether a service is well, by its exit status and what it prints. */
import { spawn } from 'node:child_process';
import { type Judged, type ServiceQuestion, maxAnswerBytes } from './question.ts';

/** @throws the system's error when it cannot be started; the signal kills it, and all it has started */
export function askProgram(
  { command, statuses, match }: Extract<ServiceQuestion, { kind: 'exec' }>,
  signal: AbortSignal,
): Promise<Judged> {
  const [file, ...args] = command;
  return new Promise((resolve, reject) => {
    // A process group of its own, so that what it started can be ended with it.
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < maxAnswerBytes) output += text;
    });
    const stop = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
      child.stdout.destroy();
      reject(new Error('no answer'));
    };
    signal.addEventListener('abort', stop, { once: true });
    child.once('error', (error) => {
      signal.removeEventListener('abort', stop);
      reject(error);
    });
    child.once('close', (status, endedBy) => {
      signal.removeEventListener('abort', stop);
      if (endedBy !== null) {
        resolve({ isGood: false, detail: `ended by ${endedBy}` });
      } else if (!(statuses ?? [0]).includes(status ?? -1)) {
        resolve({ isGood: false, detail: `exit status ${String(status)}` });
      } else if (match !== undefined && !match.test(output)) {
        resolve({ isGood: false, detail: `its output does not match ${String(match)}` });
      } else {
        resolve({ isGood: true, detail: `exit status ${String(status)}` });
      }
    });
  });
}

/** Ends a process and all of its group. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
