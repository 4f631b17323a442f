/** Starts a program of the zoo and waits until it has got into its trouble. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type CliResult, runSleeper } from './cli.ts';
import { makeControlGroup } from './control-group.ts';
import { faultAddon } from './fault-addon.ts';
import { hold } from './held.ts';
import { type NodeName, nodeBinary } from './node-versions.ts';
import { spawnProgram, patientDeath } from './spawn-target.ts';
import type { Owner, Target } from './spawn-target.ts';
import { artifacts } from './paths.ts';
import { waitFor, waitForCpu, waitForState, waitForSyscall } from './wait.ts';
import { loadZooKind } from './zoo.ts';
import type { Habitat, ZooKind } from './zoo.ts';

/** Flags of node under which this kind shows what it is to show. */
export function nodeFlagsOf(kind: ZooKind, node: NodeName): readonly string[] {
  return kind.expected.nodeFlags[node] ?? [];
}

/** Resolves when the process is in the state that expected.json describes under `stuck`. */
export async function waitUntilStuck(pid: number, kind: ZooKind): Promise<void> {
  const { stuck } = kind.expected;
  if (stuck !== undefined) {
    if ('cpuMs' in stuck) await waitForCpu(pid, stuck.cpuMs);
    else if ('syscall' in stuck) await waitForSyscall(pid, stuck.syscall);
    else if ('state' in stuck) await waitForState(pid, stuck.state);
    else if ('child' in stuck) await waitForChild(pid, stuck.child);
    else await waitForCpu(pid, stuck.workerCpuMs, (thread) => thread.tid !== pid);
  }
}

/** The last part of its first argument; null when it is gone. */
function commandOf(pid: number): string | null {
  try {
    const [command = ''] = fs.readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0');
    return path.basename(command);
  } catch {
    return null;
  }
}

/** Resolves with the pid of the child that was started under this name: Node.js 24 calls its main thread MainThread. */
function waitForChild(pid: number, name: string): Promise<number> {
  return waitFor(`a child of ${String(pid)} is ${name}`, () => {
    const children = fs.readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
    return children
      .trim()
      .split(' ')
      .map(Number)
      .find((child) => commandOf(child) === name);
  });
}

/** Compiles a C file of the zoo to a shared library, once. @returns its path */
function buildLibrary(directory: string, source: string): string {
  const from = path.join(directory, source);
  const to = path.join(artifacts, `${path.basename(directory)}-${path.basename(source, '.c')}.so`);
  const isFresh = fs.existsSync(to) && fs.statSync(to).mtimeMs > fs.statSync(from).mtimeMs;
  if (isFresh) return to;
  fs.mkdirSync(artifacts, { recursive: true });
  const fresh = `${to}.${String(process.pid)}`;
  execFileSync('cc', ['-shared', '-fPIC', '-pthread', '-g', '-o', fresh, from]);
  // Two test files may build the same one at the same time.
  fs.renameSync(fresh, to);
  return to;
}

export interface ZooOptions {
  readonly node?: NodeName;
  readonly agent?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** After those of expected.json. */
  readonly args?: readonly string[];
}

/** A program of the zoo, in its trouble. */
export interface ZooTarget extends Target {
  /** Who holds it according to expected.json does so. @returns what lets it go */
  hold(): Promise<() => Promise<void>>;
}

/** Starts a kind, by id or loaded; resolves when it is stuck as it should be. */
export async function spawnZoo(
  owner: Owner,
  kindOrId: ZooKind | `${Habitat}/${string}`,
  options: ZooOptions = {},
): Promise<ZooTarget> {
  const kind = typeof kindOrId === 'string' ? loadZooKind(kindOrId) : kindOrId;
  const node = options.node ?? '20';
  const { library, within, args, held, cpuQuota } = kind.expected;
  const directory = path.dirname(kind.program);
  const built = library === undefined ? {} : { ZOO_LIBRARY: buildLibrary(directory, library) };
  const controller = cpuQuota !== undefined ? 'cpu' : held === 'freezer' ? 'freezer' : null;
  const group = controller === null ? null : makeControlGroup(owner, controller);
  const target = await spawnProgram(owner, kind.program, {
    ...options,
    node,
    nodeFlags: nodeFlagsOf(kind, node),
    within: [...(group?.within ?? []), ...within.map((word) => word.replace('$zoo', directory))],
    args: [...args, ...(options.args ?? [])],
    env: { ...options.env, ...built },
  });
  if (cpuQuota !== undefined) group?.set(cpuQuota);
  await waitUntilStuck(target.pid, kind);
  const pid =
    kind.expected.target === 'program' ? target.pid : await waitForChild(target.pid, 'node');
  return {
    ...target,
    pid,
    hold: () => {
      if (held === undefined) throw new Error(`Nobody holds ${kind.id}`);
      return hold(owner, pid, held, group);
    },
  };
}

/** What a program that dies gets: faults of native code, and time. */
export function deathEnvironment(): Readonly<Record<string, string>> {
  return { SLEEPER_FAULTS: faultAddon(), ...patientDeath };
}

/** The command that a kind with a limit of memory is started by. */
export function withinMemory(owner: Owner, { expected }: ZooKind): readonly string[] {
  if (expected.memoryLimit === undefined) return [];
  const group = makeControlGroup(owner, 'memory');
  group.set(expected.memoryLimit);
  return group.within;
}

/** Runs a kind of `crash` to its end, below `sleeper run`. */
export function runDeath(
  owner: Owner,
  kind: ZooKind,
  { node, archive }: { readonly node: NodeName; readonly archive: string },
): Promise<CliResult> {
  const within = withinMemory(owner, kind);
  const command = [...within, nodeBinary(node), ...nodeFlagsOf(kind, node), kind.program];
  // Filling a heap on a busy machine looks like a hang, and is one; here the death alone is looked at.
  return runSleeper(['run', '--timeout', '60s', '--', ...command], {
    archive,
    env: deathEnvironment(),
    deadlineMs: 180_000,
  });
}
