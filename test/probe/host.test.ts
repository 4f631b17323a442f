/** What is said of the machine. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { readHost } from '#dist/probe/host.js';
import { hostWords } from '#dist/view/model/process.js';

test('the machine, with how long tasks wait for its processors, as the kernel tells it', () => {
  const host = readHost();
  assert.ok(host.memory !== undefined && host.memory.availableBytes <= host.memory.totalBytes);
  assert.equal(host.pressure !== undefined, fs.existsSync('/proc/pressure/cpu'));
  for (const share of Object.values(host.pressure ?? {}))
    assert.ok(typeof share === 'number' && share >= 0 && share <= 100, String(share));
});

test('waiting is told when there is much of it', () => {
  const host = { hostname: 'web1', kernel: '6.1' };
  assert.equal(
    hostWords({ ...host, pressure: { cpu: 83.4, memory: 12, io: 9.9 } }),
    'web1, Linux 6.1, of the last 10 s tasks waited 83 % for a CPU, 12 % for memory',
  );
  assert.equal(hostWords({ ...host, pressure: { cpu: 3, memory: 0, io: 0 } }), 'web1, Linux 6.1');
});
