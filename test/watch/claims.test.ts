/** The files by which watchers tell each other whom they watch. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { requireProcess } from '#dist/probe/identity.js';
import { Claims } from '#dist/watch/claims.js';
import { makeDirectory } from '../harness/spawn-target.ts';

test('a watcher that starts removes the claims on processes that have ended, and no other file', (t) => {
  const directory = makeDirectory(t, 'claims');
  const self = requireProcess(process.pid);
  const ended = { pid: 4_190_000, startTicks: 1 };
  const files = {
    // Of a killed watcher: on a process that has ended, on one that lives, and what it was about to link.
    [`${ended.pid}-1`]: ended,
    [`${self.pid}-${self.startTicks}`]: ended,
    [`.${ended.pid}-1`]: ended,
    [`.${ended.pid}-1.old`]: ended,
    // Its pid has been given to another process since.
    [`${self.pid}-${self.startTicks - 1}`]: ended,
    'not-ours.json': {},
  };
  for (const [name, content] of Object.entries(files))
    fs.writeFileSync(path.join(directory, name), JSON.stringify(content));
  const claims = new Claims('sleeper watch', directory);
  assert.deepEqual(fs.readdirSync(directory).sort(), [
    `${self.pid}-${self.startTicks}`,
    'not-ours.json',
  ]);
  assert.equal(claims.take(self, process.geteuid?.() ?? 0), null, 'its watcher is dead');
  claims.releaseAll();
  assert.deepEqual(fs.readdirSync(directory), ['not-ours.json']);
});
