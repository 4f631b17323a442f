/** Thresholds, failures in a row, allowances: pure decisions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseCapture, withinHour } from '#dist/detect/allowance.js';
import { type Failures, countFailures, none } from '#dist/detect/failures.js';
import { type Level, low, watchLevel } from '#dist/detect/level.js';

const hourMs = 3_600_000;

test('level: told once when it has lasted, and once when it is over', () => {
  const policy = { above: 10, forMs: 3_000 };
  let level: Level = low;
  const events = [11, 12, 9, 20, 20, null, 20, 20, 20, 5, 5].map((value, second) => {
    const step = watchLevel(level, value, policy, second * 1_000);
    level = step.level;
    return step.event;
  });
  // A break (9) begins anew; a reading that was not to be had (null) changes nothing.
  const nothing = Array<null>(6).fill(null);
  assert.deepEqual(events, [...nothing, 'tripped', null, null, 'calm', null]);
});

test('level: at once when no time is asked for; the limit itself is not above', () => {
  assert.equal(watchLevel(low, 10, { above: 10, forMs: 0 }, 0).event, null);
  assert.equal(watchLevel(low, 11, { above: 10, forMs: 0 }, 0).event, 'tripped');
});

test('failures: in a row, told once, recovered once', () => {
  let failures: Failures = none;
  const answers = [false, false, true, false, false, false, false, true, true];
  const events = answers.map((isGood, at) => {
    const step = countFailures(failures, isGood, 3, at);
    failures = step.failures;
    return step.event;
  });
  assert.deepEqual(events, [null, null, null, null, null, 'failed', null, 'recovered', null]);
});

test('allowance: cool-down, then so many an hour', () => {
  const policy = { coolDownMs: 60_000, perHour: 2 };
  assert.equal(refuseCapture([], policy, 0), null);
  assert.match(refuseCapture([0], policy, 59_000) ?? '', /cool-down is 60\.0 s/);
  assert.equal(refuseCapture([0], policy, 60_000), null);
  assert.match(refuseCapture([0, 60_000], policy, 200_000) ?? '', /2 times within the hour/);
  assert.equal(refuseCapture(withinHour([0, 60_000], hourMs), policy, hourMs + 1), null);
});
