/** Control groups for targets, cgroup v1 or v2, made for one test and removed at its end. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Owner } from './spawn-target.ts';
import { waitFor } from './wait.ts';

/** Sources: Documentation/admin-guide/cgroup-v1/{memory,freezer-subsystem}.rst, scheduler/sched-bwc.rst, cgroup-v2.rst. */
const controllers = {
  memory: {
    v1: { file: 'memory.limit_in_bytes', write: String },
    v2: { file: 'memory.max', write: String },
  },
  cpu: {
    v1: { file: 'cpu.cfs_quota_us', write: (cpus: number) => String(cpus * 100_000) },
    v2: { file: 'cpu.max', write: (cpus: number) => `${cpus * 100_000} 100000` },
  },
  freezer: {
    v1: { file: 'freezer.state', write: (on: number) => (on === 1 ? 'FROZEN' : 'THAWED') },
    v2: { file: 'cgroup.freeze', write: String },
  },
} as const;
export type Controller = keyof typeof controllers;

export interface ControlGroup {
  /** Starts a command inside: to be put before it. */
  readonly within: readonly [string, ...string[]];
  /** Bytes of memory, CPUs on average, or 1 for frozen and 0 for not. @throws Error of node:fs */
  set(value: number): void;
}

/** @throws Error where none can be made: no root, or a tree that cannot be written */
export function makeControlGroup(owner: Owner, controller: Controller): ControlGroup {
  const rows = controllers[controller];
  const refusals: string[] = [];
  for (const [parent, row] of [
    [`/sys/fs/cgroup/${controller}`, rows.v1],
    ['/sys/fs/cgroup', rows.v2],
  ] as const) {
    const directory = path.join(parent, `sleeper-test-${randomUUID()}`);
    const setting = path.join(directory, row.file);
    try {
      fs.mkdirSync(directory);
      owner.after(async () => {
        // Hooks run in the order in which they were made: the target may be alive, or even frozen, by now.
        if (controller === 'freezer') fs.writeFileSync(setting, row.write(0));
        await waitFor('the control group is empty', () => killAndRemove(directory));
      });
      fs.accessSync(setting, fs.constants.W_OK);
      return {
        within: ['sh', '-c', `echo $$ > ${directory}/cgroup.procs && exec "$@"`, 'sh'],
        set: (value) => {
          fs.writeFileSync(setting, row.write(value));
        },
      };
    } catch (error) {
      refusals.push(String(error));
    }
  }
  throw new Error(
    `This test needs a control group of its own (${controller}): run it as root where /sys/fs/cgroup can be written.\n${refusals.join('\n')}`,
  );
}

function killAndRemove(directory: string): boolean {
  const members = fs.readFileSync(path.join(directory, 'cgroup.procs'), 'utf8');
  for (const pid of members.split('\n').filter(Boolean)) killIfThere(Number(pid));
  try {
    fs.rmdirSync(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw error;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
