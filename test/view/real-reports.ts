/** Reports of real processes of the zoo, for the viewer's tests. */
import { openArchive } from '#dist/archive/store.js';
import type { Report } from '#dist/report/schema.js';
import { runSleeper } from '../harness/cli.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';
import { runDeath, spawnZoo } from '../harness/spawn-zoo.ts';
import { loadKinds } from '../harness/zoo.ts';
import type { ZooKind } from '../harness/zoo.ts';

const node = '24';

/** A few of each habitat, or with SLEEPER_TEST_VIEW_KINDS=all every kind there is. */
export function chosenKinds(): ZooKind[] {
  const all = [...loadKinds('hang'), ...loadKinds('crash'), ...loadKinds('quiet')];
  if (process.env['SLEEPER_TEST_VIEW_KINDS'] === 'all') return all;
  const wanted = [
    'hang/sync-loop',
    'hang/sync-fifo-read',
    'hang/worker-sync-loop',
    'crash/uncaught-exception',
    'quiet/idle-server',
  ];
  return all.filter(({ id }) => wanted.includes(id));
}

/** Lets a program get into its trouble, and captures it as its users would. */
export async function captureKind(owner: Owner, kind: ZooKind): Promise<Report> {
  const archive = makeDirectory(owner, 'view-zoo');
  if (kind.habitat === 'crash') {
    await runDeath(owner, kind, { node, archive });
  } else {
    const target = await spawnZoo(owner, kind, { node });
    const release = kind.expected.held === undefined ? null : await target.hold();
    const command = ['dump', String(target.pid), '--deadline', '60s'];
    await runSleeper(command, { archive, deadlineMs: 180_000 });
    // A process in a frozen group does not even die.
    await release?.();
    await target.kill();
  }
  return openArchive(archive).read('last');
}
