/** Can this machine capture anything at all? */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, statSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SleeperError } from '../../errors.ts';
import { registerSetBytes, requireNative } from '../../native.ts';
import { readFact } from '../../probe/fact.ts';
import type { Check } from './check.ts';

/** The reader and the addon are made for this. */
const supportedArch = 'x64';
/** Reports are tens of kilobytes; below this, rotation would throw them away at once. */
const minFreeBytes = 64 << 20;

/** All checks of the machine. @param archive directory of the archive */
export async function checkMachine(archive: string): Promise<Check[]> {
  return [
    checkPlatform(),
    checkNode(),
    checkNative(),
    checkYama(),
    await checkTracing(),
    checkArchive(archive),
    checkGdb(),
  ];
}

function checkPlatform(): Check {
  const ok = process.platform === 'linux' && process.arch === supportedArch;
  const found = `${os.type()} ${os.release()}, ${process.arch}, ${os.availableParallelism()} CPUs`;
  return { what: 'machine', ok, found, ...(!ok && { mend: 'use Linux on x86-64' }) };
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return {
    what: 'node that runs sleeper',
    ok,
    found: process.version,
    ...(!ok && { mend: 'install Node.js 20.19 or newer' }),
  };
}

function checkNative(): Check {
  try {
    requireNative();
    return { what: 'native addon', ok: true, found: 'loads' };
  } catch (error) {
    const found = error instanceof SleeperError ? error.message : String(error);
    return { what: 'native addon', ok: false, found, mend: 'npm run build:native' };
  }
}

/** Source: Documentation/admin-guide/LSM/Yama.rst of Linux. */
const yamaMeanings: Readonly<Record<string, string>> = {
  '0': '0: processes of the same user may be traced',
  '1': '1: only own children, unless the target allows more (an agent does) or we are root',
  '2': '2: only root may trace',
  '3': '3: nobody may trace, until the next boot',
};

function checkYama(): Check {
  const scope = readFact('/proc/sys/kernel/yama/ptrace_scope', (text) => text.trim());
  if (!scope.known) return { what: 'Yama ptrace_scope', ok: true, found: 'not in this kernel' };
  const isRoot = process.geteuid?.() === 0;
  const ok = scope.value === '0' || (isRoot && scope.value !== '3');
  return {
    what: 'Yama ptrace_scope',
    ok,
    optional: scope.value === '1',
    found: yamaMeanings[scope.value] ?? scope.value,
    ...(!ok && { mend: 'sudo sysctl kernel.yama.ptrace_scope=0, or run sleeper as root' }),
  };
}

/** Long enough for a loaded machine. */
const traceTimeoutMs = 1_000;

/** Really stops a child of our own, for a moment. */
async function checkTracing(): Promise<Check> {
  const what = 'stopping a process (ptrace)';
  let native;
  try {
    native = requireNative();
  } catch {
    return {
      what,
      ok: false,
      found: 'not tried: the addon does not load',
      mend: 'npm run build:native',
    };
  }
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    await once(child, 'spawn');
    const results = new Int32Array(1);
    const registers = new Uint8Array(registerSetBytes);
    const count = native.stopThreads(
      Int32Array.of(child.pid ?? 0),
      registers,
      results,
      traceTimeoutMs,
      traceTimeoutMs,
    );
    const pausedUs = native.resumeThreads();
    if (count === 1) return { what, ok: true, found: `a child was stopped for ${pausedUs} µs` };
    return {
      what,
      ok: false,
      found: `refused (errno ${results[0] ?? 0})`,
      mend: 'in a container: docker run --cap-add=SYS_PTRACE (or a seccomp profile that allows ptrace)',
    };
  } finally {
    child.kill('SIGKILL');
  }
}

function checkArchive(directory: string): Check {
  const what = 'archive';
  let existing = directory;
  while (!existsSync(existing)) existing = path.dirname(existing);
  try {
    if (!statSync(existing).isDirectory()) throw new Error(`${existing} is not a directory`);
    accessSync(existing, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(existing);
    const freeBytes = bavail * bsize;
    const found = `${directory}${existing === directory ? '' : ' (will be made)'}, ${(freeBytes / 2 ** 30).toFixed(1)} GiB free`;
    const ok = freeBytes >= minFreeBytes;
    return {
      what,
      ok,
      found,
      ...(!ok && { mend: 'sleeper prune, or --archive DIR on another disk' }),
    };
  } catch (error) {
    const found = `${directory}: ${error instanceof Error ? error.message : String(error)}`;
    return {
      what,
      ok: false,
      found,
      mend: 'name a directory of your own: --archive DIR or SLEEPER_ARCHIVE',
    };
  }
}

/** gdb up to 13 has no room for the AMX state of newer CPUs: any call into the target fails. */
const firstGdbWithAmx = 14;

function checkGdb(): Check {
  const what = 'gdb (for --via gdb)';
  const asked = spawnSync('gdb', ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const version = /GNU gdb .*?(\d+)\.(\d+)/.exec(asked.stdout);
  if (asked.error !== undefined || version === null) {
    return { what, ok: false, optional: true, found: 'not found', mend: 'apt-get install gdb' };
  }
  const hasAmx = readFact('/proc/cpuinfo', (text) => /^flags.*\bamx_tile\b/m.test(text));
  const cannotCall = hasAmx.known && hasAmx.value && Number(version[1]) < firstGdbWithAmx;
  const number = `${version[1] ?? ''}.${version[2] ?? ''}`;
  return {
    what,
    ok: true,
    found: cannotCall
      ? `${number}; it cannot call functions in a process on this CPU (AMX), the mailbox works all the same`
      : number,
  };
}
