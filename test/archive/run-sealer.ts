/** Starts sealer.ts and reads what it prints. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { root } from '../harness/paths.ts';

export interface SealAnswer {
  readonly path?: string;
  readonly code?: string;
  readonly message?: string;
}

/** The user that owns nothing. */
export const nobodyUid = 65_534;

/** Starts the program with its output piped; `prefix` is a command to run it under. */
export function startSealer(args: readonly string[], prefix: readonly string[] = []): ChildProcess {
  const program = path.join(root, 'test/out/archive/sealer.js');
  const [command, ...rest] = [...prefix, process.execPath, program, ...args];
  return spawn(command ?? '', rest, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Runs the program to its end. @returns one answer per seal */
export async function runSealer(
  args: readonly string[],
  prefix: readonly string[] = [],
): Promise<SealAnswer[]> {
  const child = startSealer(args, prefix);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status !== 0) {
    throw new Error(`sealer ended with ${String(status)}: ${output}`);
  }
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as SealAnswer);
}
