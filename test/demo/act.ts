/** What every act of the demo does: start the service, call it, show what is said. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Report } from '#dist/report/schema.js';
import { root, sleeperBin } from '../harness/paths.ts';
import { waitFor } from '../harness/wait.ts';

export const serviceFile = path.join(root, 'test', 'demo', 'order-service.mjs');

/** Prints to the terminal; bold where it is one. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const isColorful = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

/** A heading with a rule, so that acts can be found when scrolling. */
export function heading(text: string): void {
  const rule = '─'.repeat(Math.max(0, 96 - text.length));
  say(isColorful ? `\n\x1b[1m── ${text} ${rule}\x1b[0m\n` : `\n── ${text} ${rule}\n`);
}

/** One line that says what is going on. */
export function explain(text: string): void {
  say(isColorful ? `\x1b[2m# ${text}\x1b[0m` : `# ${text}`);
}

/** A process of the demo with the lines it has said. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly lines: readonly string[];
  readonly exited: Promise<number | null>;
  readonly hasExited: () => boolean;
}

const running = new Set<ChildProcess>();

/** Ends every process that is left, when the demo ends for whatever reason. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Starts a program; what it says is shown with `label` before it, and kept. */
export function start(label: string, args: readonly string[], archive: string): Running {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // What other programs of this machine left behind when they were killed is none of ours.
    env: { ...process.env, SLEEPER_ARCHIVE: archive, SLEEPER_RUNTIME_DIR: `${archive}.runtime` },
  });
  if (child.pid === undefined) throw new Error(`cannot start ${args.join(' ')}`);
  running.add(child);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      say(`  ${label} │ ${line}`);
    });
  }
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (status) => {
      running.delete(child);
      resolve(status);
    });
  });
  return { child, pid: child.pid, lines, exited, hasExited: () => !running.has(child) };
}

/** Waits for a line that matches. @returns its first group */
export function expectLine(program: Running, pattern: RegExp): Promise<string> {
  return waitFor(`a line matches ${String(pattern)}`, () => {
    for (const line of program.lines) {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) return found;
    }
    if (program.hasExited())
      throw new Error(`the program ended without a line like ${String(pattern)}`);
    return null;
  });
}

/** A request whose answer is shown. */
export async function call(
  address: string,
  method: 'GET' | 'POST',
  route: string,
  body?: unknown,
): Promise<void> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const response = await fetch(`${address}${route}`, {
    method,
    ...(body === undefined ? {} : { body: text }),
  });
  say(`  ${method} ${route} ${text}\n    → ${String(response.status)} ${await response.text()}`);
}

/** A request that will never be answered. @returns how to stop waiting for it */
export function callInVain(address: string, route: string, body: unknown): AbortController {
  const abort = new AbortController();
  say(`  POST ${route} ${JSON.stringify(body)}\n    → … no answer`);
  fetch(`${address}${route}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: abort.signal,
  }).catch(() => undefined); // it cannot succeed
  return abort;
}

/** Names of the reports in the archive. */
export function listReports(archive: string): string[] {
  return fs.existsSync(archive)
    ? fs.readdirSync(archive).filter((name) => name.endsWith('.msgpack'))
    : [];
}

/** Waits until the archive holds a report that was not there before. @returns its path */
export async function waitForReport(archive: string, before: readonly string[]): Promise<string> {
  const name = await waitFor('a report is in the archive', () =>
    listReports(archive).find((candidate) => !before.includes(candidate)),
  );
  return path.join(archive, name);
}

function runSleeper(args: readonly string[], archive: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [sleeperBin, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        SLEEPER_ARCHIVE: archive,
        ...(isColorful && { FORCE_COLOR: '1' }),
      },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve(output);
      else reject(new Error(`sleeper ${args.join(' ')} ended with ${String(status)}`));
    });
  });
}

/** Shows the newest report as a user would see it. @returns the same report as data */
export async function viewLast(archive: string): Promise<Report> {
  say('\n  $ sleeper view last\n');
  say(await runSleeper(['view', 'last'], archive));
  return JSON.parse(await runSleeper(['view', 'last', '--json'], archive)) as Report;
}
