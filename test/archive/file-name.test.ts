import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  formatReportName,
  numberedName,
  parseReportName,
  shortIdOf,
} from '#dist/archive/file-name.js';
import { triggerKinds } from '#dist/report/schema.js';

const parts = {
  capturedAt: '2026-11-23T00:48:31.417Z',
  hostname: 'web1',
  pid: 4242,
  triggerKind: 'hang',
  id: '1F3A9C2E-77aa-4c1b-9d55-0a8c5b1e2f30',
};

suite('names of report files', () => {
  test('time, host, pid, kind, short id', () => {
    assert.equal(formatReportName(parts), '20261123T004831Z-web1-4242-hang-1f3a9c2e.msgpack');
  });

  test('other offsets become UTC', () => {
    const local = { ...parts, capturedAt: '2026-11-23T02:48:31+02:00' };
    assert.equal(formatReportName(local), formatReportName(parts));
  });

  for (const triggerKind of triggerKinds) {
    for (const hostname of [
      'web1',
      'a-b-77-hang-1f3a9c2e',
      '10.0.0.1',
      '',
      '../../etc',
      'x'.repeat(300),
      'zoë\n',
    ]) {
      test(`${triggerKind} on ${JSON.stringify(hostname.slice(0, 40))} is parsed again`, () => {
        const name = formatReportName({ ...parts, hostname, triggerKind });
        assert.match(name, /^[A-Za-z0-9_.-]{1,200}$/);
        const parsed = parseReportName(name);
        assert.equal(parsed?.pid, 4242);
        assert.equal(parsed.triggerKind, triggerKind);
        assert.equal(parsed.shortId, '1f3a9c2e');
        assert.equal(parsed.capturedAtMs, Date.parse('2026-11-23T00:48:31Z'));
        assert.equal(parseReportName(numberedName(name, 2))?.shortId, '1f3a9c2e');
      });
    }
  }

  const foreign = [
    '',
    'notes.txt',
    '.20261123T004831Z-web1-4242-hang-1f3a9c2e.msgpack.0123456789abcdef.tmp',
    '20261123T004831Z-web1-4242-hang-1f3a9c2e.msgpack.bz2',
    '20261123T004831Z-web1-4242-hang-1f3a9c2e.json',
    '20261123T004831Z-web1-0-hang-1f3a9c2e.msgpack',
    '20261199T004831Z-web1-4242-hang-1f3a9c2e.msgpack',
    '20261123T004831Z-we/b1-4242-hang-1f3a9c2e.msgpack',
    '20261123T004831Z-web1-4242-hang-1f3a9c2e.msgpack\n',
  ];
  for (const name of foreign) {
    test(`${JSON.stringify(name)} is not ours`, () => {
      assert.equal(parseReportName(name), null);
    });
  }

  test('an id that is not hexadecimal has a short id all the same', () => {
    assert.match(shortIdOf('last'), /^[0-9a-f]{8}$/);
    assert.equal(shortIdOf('last'), shortIdOf('last'));
    assert.notEqual(shortIdOf('last'), shortIdOf('lost'));
  });
});
