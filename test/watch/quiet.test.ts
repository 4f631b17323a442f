/**
 * The quiet part of the zoo under a watchdog with its ordinary limit of 5 s: nothing is told of what is busy, slow or held by
 * others, and what really hangs beside it is. SLEEPER_TEST_QUIET_SECONDS=600 watches each for ten minutes.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { reportsIn } from '../harness/reports-in.ts';
import { type ZooTarget, spawnZoo } from '../harness/spawn-zoo.ts';
import { waitFor } from '../harness/wait.ts';
import { type ZooKind, loadKinds } from '../harness/zoo.ts';
import { type Told, type Watching, startWatch, uniqueToken } from './watching.ts';

/** Twice the limit. */
const watchedMs = Number(process.env['SLEEPER_TEST_QUIET_SECONDS'] ?? 10) * 1000;
/** Longer than the limit, and than it takes to see that it is a breakpoint: let go before that, it is a hang that is over. */
const heldMs = 12_000;
/** `hang-began` is none: that it is a breakpoint where a loop stands still only the capture shows, which then is not kept. */
const trouble = new Set(['rule-tripped', 'captured', 'capture-failed', 'too-many']);

/** Those that need next to nothing can be watched all at once; the others would starve each other. */
const light = /idle|healthy-server|sigstop|frozen|traced|debugger|clock|slow-start|huge/;

const kinds = loadKinds('quiet');
const busy = kinds.filter(({ id }) => !light.test(id));
const groups = [
  kinds.filter(({ id }) => light.test(id)),
  ...Array.from({ length: Math.ceil(busy.length / 2) }, (_, i) => busy.slice(2 * i, 2 * i + 2)),
];

for (const group of groups) {
  test(`quiet: ${group.map(({ id }) => id.slice(6)).join(', ')}`, async (t) => {
    const token = uniqueToken();
    // With their families, which are captured with who hangs, and not with who stands at a breakpoint.
    const watch = startWatch(t, ['--name', token, '--tree', '--timeout', '5s']);
    const targets = await Promise.all(
      group.map((kind) => spawnZoo(t, kind, { node: '20', args: [token] })),
    );
    for (const { pid } of targets)
      await watch.tells(`that it watches ${pid}`, (told) => isOf(told, 'watching', pid));
    const endsAtMs = performance.now() + watchedMs;
    await Promise.all(targets.map((target, i) => disturb(target, group[i], endsAtMs)));
    await assertOnlyThisHangs(t, watch, token);
  });
}

test('quiet: the machine sleeps, or is paused, in the middle of four seconds of work', async (t) => {
  const token = uniqueToken();
  const watch = startWatch(t, ['--name', token, '--timeout', '5s']);
  const target = await spawnZoo(t, 'quiet/legal-work', { args: [token] });
  await watch.tells('that it watches', (told) => isOf(told, 'watching', target.pid));
  for (let i = 0; i < 2; i++) {
    target.signal('SIGSTOP');
    watch.signal('SIGSTOP');
    await delay(heldMs);
    // The worst order: it looks before the other one could run.
    watch.signal('SIGCONT');
    target.signal('SIGCONT');
    await delay(1_000);
  }
  await assertOnlyThisHangs(t, watch, token);
});

/** Lets time go by; meanwhile whoever holds the program does so, each time for longer than the limit. */
async function disturb(
  target: ZooTarget,
  kind: ZooKind | undefined,
  endsAtMs: number,
): Promise<void> {
  const leftMs = (): number => Math.max(0, endsAtMs - performance.now());
  while (leftMs() > 0) {
    if (kind?.expected.held === undefined) {
      await delay(leftMs());
    } else {
      const release = await target.hold();
      await delay(heldMs);
      await release();
      await delay(Math.min(1_000, leftMs()));
    }
  }
}

/** Something hangs, and is the only thing that is told: so the watchdog was awake. */
async function assertOnlyThisHangs(t: TestContext, watch: Watching, token: string): Promise<void> {
  const { pid } = await spawnZoo(t, 'hang/sync-loop', { args: [token] });
  const captured = await watch.tells('what hangs', (told) => isOf(told, 'captured', pid));
  const others = watch.told().filter((told) => trouble.has(told.event) && told.pid !== pid);
  assert.deepEqual(others, []);
  const begun = watch.told().filter(({ event }) => event === 'hang-began');
  const skipped = watch.told().filter(({ event }) => event === 'capture-skipped');
  assert.equal(begun.length, 1 + skipped.length, JSON.stringify(begun));
  for (const { reason } of skipped) assert.match(String(reason), /stands at a breakpoint/);
  await waitFor('its report is there', () => fs.existsSync(captured.report ?? ''));
  const reports = reportsIn(watch.archive);
  assert.equal(reports.length, 1, reports.join(', '));
}

function isOf(told: Told, event: string, pid: number): boolean {
  return told.event === event && told.pid === pid;
}
