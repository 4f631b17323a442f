/** Machine code for tests, compiled when it is first asked for. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root, zooRoot } from './paths.ts';

/** Path of a native addon that knows many ways to die (test/zoo/faults.c). */
export function faultAddon(): string {
  return compile('faults.c', 'faults.node');
}

/** Path of a native addon that waits in system calls and tells what they returned (test/zoo/waits.c). */
export function waitsAddon(): string {
  return compile('waits.c', 'waits.node');
}

/**
 * A library for LD_PRELOAD that ends the process with status 99 when a signal handler allocates memory or takes a lock, and
 * says `handler entered` on standard error each time one is entered (test/zoo/honesty.c).
 */
export function honestyLibrary(): string {
  return compile('honesty.c', 'honesty.so');
}

function compile(name: string, output: string): string {
  const source = path.join(zooRoot, name);
  const built = path.join(root, 'test', 'out', output);
  if (fs.existsSync(built) && fs.statSync(built).mtimeMs >= fs.statSync(source).mtimeMs)
    return built;
  // Test files run side by side: whoever comes last replaces it by the same.
  const own = `${built}.${process.pid}`;
  execFileSync('cc', ['-shared', '-fPIC', '-g', '-O1', '-w', '-pthread', '-o', own, source]);
  fs.renameSync(own, built);
  return built;
}
