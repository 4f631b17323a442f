/** Runs a program of the user's with the report's path. */
import { spawn } from 'node:child_process';
import { killGroup } from '../../probe/service/program.ts';
import type { Action } from '../settings.ts';
import type { Happened } from './happened.ts';

/** @returns words for how it ended @throws Error when it could not be started, failed, or took too long */
export function runHook(
  { command, timeoutMs }: Extract<Action, { kind: 'exec' }>,
  { pid, rule, captured }: Happened,
): Promise<string> {
  const [file, ...args] = command;
  const { id, path, verdict, trigger, signature } = captured;
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args, path], {
      stdio: 'ignore',
      // A group of its own: what it started ends with it.
      detached: true,
      env: {
        ...process.env,
        SLEEPER_REPORT: path,
        SLEEPER_REPORT_ID: id,
        SLEEPER_PID: String(pid),
        SLEEPER_RULE: rule,
        SLEEPER_TRIGGER: trigger.kind,
        SLEEPER_VERDICT: verdict.kind,
        SLEEPER_SUMMARY: verdict.summary.replaceAll('\0', ''),
        SLEEPER_SIGNATURE: signature,
      },
    });
    const timer = setTimeout(() => {
      if (child.pid !== undefined) killGroup(child.pid);
      reject(new Error(`${file} was killed: it took longer than ${timeoutMs / 1000} s`));
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`cannot run ${file}: ${error.message}`));
    });
    child.once('exit', (status, signal) => {
      clearTimeout(timer);
      if (status === 0) resolve(`${file} ended well`);
      else reject(new Error(`${file} ended with ${String(signal ?? status)}`));
    });
  });
}
