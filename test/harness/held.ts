/** Ways in which somebody else holds a process, which is then not to blame. */
import { isFrozen, readWchan } from '#dist/probe/task.js';
import type { ControlGroup } from './control-group.ts';
import { type Owner, spawnCommand } from './spawn-target.ts';
import { waitFor, waitForState } from './wait.ts';

export const holders = ['SIGSTOP', 'freezer', 'gdb'] as const;
export type Holder = (typeof holders)[number];

/** Holds a process; resolves when it is held. @param group where it is, for `freezer` @returns what lets it go */
export async function hold(
  owner: Owner,
  pid: number,
  holder: Holder,
  group: ControlGroup | null,
): Promise<() => Promise<void>> {
  switch (holder) {
    case 'SIGSTOP':
      process.kill(pid, 'SIGSTOP');
      await waitForState(pid, 'T');
      return () => {
        process.kill(pid, 'SIGCONT');
        return Promise.resolve();
      };
    case 'freezer':
      if (group === null)
        throw new Error(`Process ${String(pid)} is in no group that can be frozen`);
      group.set(1);
      await waitFor('it is frozen', () => isFrozen(readWchan(pid, pid)));
      return async () => {
        group.set(0);
        await waitFor('it is thawed', () => !isFrozen(readWchan(pid, pid)));
      };
    case 'gdb': {
      // It waits for a line on its standard input, and lets go when it has read one.
      const gdb = spawnCommand(owner, [
        'gdb',
        ...['-nx', '-q', '-batch', '-iex', 'set auto-solib-add off', '-p', String(pid)],
        ...['-ex', 'echo attached\\n', '-ex', 'shell read line'],
      ]);
      await gdb.expect(/attached/);
      await waitForState(pid, 't');
      return async () => {
        gdb.say('');
        await gdb.exited;
      };
    }
  }
}
