/** Starts a program of the zoo and waits until it has got into its trouble. */
import type { NodeName } from './node-versions.ts';
import { spawnProgram } from './spawn-target.ts';
import type { Owner, Target } from './spawn-target.ts';
import { waitForCpu, waitForState, waitForSyscall } from './wait.ts';
import { loadZooKind } from './zoo.ts';
import type { Habitat, ZooKind } from './zoo.ts';

/** Flags of node under which this kind shows what it is to show. */
export function nodeFlagsOf(kind: ZooKind, node: NodeName): readonly string[] {
  return kind.expected.nodeFlags[node] ?? [];
}

/** Resolves when the process is in the state that expected.json describes under `stuck`. */
export async function waitUntilStuck(pid: number, kind: ZooKind): Promise<void> {
  const { stuck, signal } = kind.expected;
  if (stuck !== undefined) {
    if ('cpuMs' in stuck) await waitForCpu(pid, stuck.cpuMs);
    else if ('syscall' in stuck) await waitForSyscall(pid, stuck.syscall);
    else await waitForCpu(pid, stuck.workerCpuMs, (thread) => thread.tid !== pid);
  }
  if (signal !== undefined) {
    process.kill(pid, signal);
    await waitForState(pid, 'T');
  }
}

/** Starts a kind, by id or loaded; resolves when it is stuck as it should be. */
export async function spawnZoo(
  owner: Owner,
  kindOrId: ZooKind | `${Habitat}/${string}`,
  options: { node?: NodeName; agent?: boolean; env?: Readonly<Record<string, string>> } = {},
): Promise<Target> {
  const kind = typeof kindOrId === 'string' ? loadZooKind(kindOrId) : kindOrId;
  const node = options.node ?? '20';
  const target = await spawnProgram(owner, kind.program, {
    ...options,
    node,
    nodeFlags: nodeFlagsOf(kind, node),
  });
  await waitUntilStuck(target.pid, kind);
  return target;
}
