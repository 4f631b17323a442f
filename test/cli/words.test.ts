import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseCount, parseDuration, parsePid, parseSize } from '#dist/cli/arguments.js';
import { describeTerminal } from '#dist/cli/terminal.js';
import { formatLogLine } from '#dist/log.js';

suite('words of the command line', () => {
  test('durations', () => {
    const expected = {
      '500ms': 500,
      '5s': 5_000,
      '1.5m': 90_000,
      '2h': 7_200_000,
      '30d': 2_592_000_000,
      '5 s': 5_000,
    };
    for (const [text, ms] of Object.entries(expected)) {
      assert.equal(parseDuration(text), ms);
    }
    for (const text of [
      '',
      '5',
      's',
      '-5s',
      '5S',
      '5sec',
      '0s',
      '1e3s',
      'NaNs',
      '5s5',
      '5constructor',
    ]) {
      assert.throws(() => parseDuration(text), { code: 'commander.invalidArgument' }, text);
    }
    assert.throws(() => parseDuration('5'), /5 of what\?.*500ms, 5s, 2m/);
  });

  test('sizes', () => {
    assert.equal(parseSize('4096B'), 4_096);
    assert.equal(parseSize('64MiB'), 64 * 2 ** 20);
    assert.equal(parseSize('1.5GiB'), 1.5 * 2 ** 30);
    for (const text of ['64', '64MB', '64mib', '0B', '-1B', '']) {
      assert.throws(() => parseSize(text), { code: 'commander.invalidArgument' }, text);
    }
  });

  test('process ids and counts', () => {
    assert.equal(parsePid('4242'), 4_242);
    assert.equal(parseCount('7'), 7);
    for (const text of ['0', '-1', '1.5', '4194305', '99999999999', 'node', '', ' 1']) {
      assert.throws(() => parsePid(text), { code: 'commander.invalidArgument' }, text);
    }
  });
});

suite('how to print', () => {
  const tty = { isTTY: true, columns: 123 };

  test('colour: forced, refused, by terminal', () => {
    const color = (stream: object, env: Record<string, string>) =>
      describeTerminal(stream, env).color;
    assert.equal(color(tty, {}), true);
    assert.equal(color({}, {}), false);
    assert.equal(color(tty, { NO_COLOR: '1' }), false);
    assert.equal(color(tty, { NO_COLOR: '' }), true);
    assert.equal(color(tty, { TERM: 'dumb' }), false);
    assert.equal(color({}, { FORCE_COLOR: '1' }), true);
    assert.equal(color(tty, { FORCE_COLOR: '0' }), false);
    assert.equal(color({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), true);
  });

  test('width: of the terminal, of COLUMNS, or 80', () => {
    const width = (stream: object, env: Record<string, string>) =>
      describeTerminal(stream, env).width;
    assert.equal(width(tty, { COLUMNS: '50' }), 123);
    assert.equal(width({}, { COLUMNS: '50' }), 50);
    assert.equal(width({}, {}), 80);
    assert.equal(width({ isTTY: true, columns: 0 }, {}), 80);
    assert.equal(width({}, { COLUMNS: 'wide' }), 80);
    assert.equal(width({ isTTY: true, columns: 3 }, {}), 40);
  });
});

suite('log lines for people', () => {
  test('time, level, message, facts', () => {
    const line = formatLogLine({
      level: 40,
      time: '2026-11-23T00:48:31.417Z',
      name: 'sleeper',
      msg: 'hang captured',
      pid: 4242,
      report: '/var/lib/sleeper/a b.msgpack',
      err: { type: 'Error', message: 'no\nspace' },
    });
    assert.equal(
      line,
      '00:48:31 warn  hang captured  pid=4242 report="/var/lib/sleeper/a b.msgpack" error=no\\nspace',
    );
  });

  test('hostile text does nothing', () => {
    const line = formatLogLine({ level: 30, time: '\x1b', msg: '\x1b[2J\r\nfake', k: '\u202e' });
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
  });
});
