/** The detector as a pure function: a story of readings in, the events out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Episode, advance, calm } from '#dist/detect/episode.js';
import { type HangPolicy, beat, detectHang } from '#dist/detect/hang.js';
import type { LoopReading } from '#dist/probe/loop.js';

const policy: HangPolicy = { timeoutMs: 5_000, intervalMs: 500 };

/** One look: seconds, what it found, and for how many seconds the loop's clock had stood still. */
type Look = readonly [atS: number, loop: LoopReading['loop'], lastTurnAgoS?: number];

function readingOf([atS, loop, lastTurnAgoS]: Look): LoopReading {
  const reading = { atMs: 1_000_000 + atS * 1000, via: 'reader', loop } as const;
  return lastTurnAgoS === undefined ? reading : { ...reading, lastTurnAgoMs: lastTurnAgoS * 1000 };
}

/** A look every half second. `clock`: the loop's clock can be read and stands at `turnedAtS`. */
function looks(fromS: number, toS: number, loop: LoopReading['loop'], turnedAtS?: number): Look[] {
  const all: Look[] = [];
  for (let atS = fromS; atS <= toS; atS += 0.5) {
    all.push(turnedAtS === undefined ? [atS, loop] : [atS, loop, atS - turnedAtS]);
  }
  return all;
}

/** Tells the story; events as `kind@second`. */
function tell(story: readonly Look[]): string[] {
  let episode: Episode = calm;
  const events: string[] = [];
  for (const look of story) {
    const step = advance(episode, readingOf(look), policy);
    episode = step.episode;
    if (step.event?.kind === 'recovered') {
      events.push(`recovered@${look[0]} after ${(step.event.afterMs / 1000).toFixed(1)}`);
    } else if (step.event !== null) {
      events.push(`${step.event.kind}@${look[0]}`);
    }
  }
  return events;
}

const stories: readonly {
  readonly name: string;
  readonly looks: readonly Look[];
  readonly events: readonly string[];
}[] = [
  { name: 'turning all the time', looks: looks(0, 60, 'turning'), events: [] },
  {
    name: 'idle for long: the clock stands still, but it polls',
    looks: looks(0, 60, 'polling', 0),
    events: [],
  },
  {
    name: 'stuck without end is told once',
    looks: [...looks(0, 2, 'turning'), ...looks(2.5, 60, 'stuck', 2)],
    events: ['hang-began@7'],
  },
  {
    name: 'stuck, seen by an agent alone',
    looks: [...looks(0, 2, 'turning'), ...looks(2.5, 60, 'stuck')],
    events: ['hang-began@7'],
  },
  {
    name: 'just below the limit',
    looks: [...looks(0, 2, 'turning'), ...looks(2.5, 6.5, 'stuck', 2), ...looks(7, 20, 'turning')],
    events: [],
  },
  {
    name: 'recovers, and hangs again: two episodes',
    looks: [
      ...looks(0, 2, 'turning'),
      ...looks(2.5, 8, 'stuck', 2),
      ...looks(8.5, 10, 'turning', 8.5),
      ...looks(10.5, 20, 'stuck', 10),
    ],
    events: ['hang-began@7', 'recovered@8.5 after 6.5', 'hang-began@15'],
  },
  {
    name: 'hung already when the watch begins: known by the clock, on the word of two looks',
    looks: looks(0, 10, 'stuck', -60),
    events: ['hang-began@0.5'],
  },
  {
    name: 'one look that hits the moment of waking up',
    looks: [...looks(0, 30, 'polling', 0), [30.5, 'stuck', 30.5], ...looks(31, 40, 'turning')],
    events: [],
  },
  {
    name: 'an idle process that begins to work: time in the poll does not count',
    looks: [...looks(0, 30, 'polling', 0), ...looks(30.5, 34.5, 'stuck', 0)],
    events: [],
  },
  {
    name: 'stopped for ten seconds, then continued',
    looks: [
      ...looks(0, 2, 'turning'),
      ...looks(2.5, 12, 'stopped'),
      [12.5, 'stuck', 10.5],
      [13, 'stuck', 11],
      ...looks(13.5, 20, 'turning'),
    ],
    events: [],
  },
  {
    name: 'a hang that begins before a stop goes on counting after it',
    looks: [
      ...looks(0, 2, 'turning'),
      ...looks(2.5, 4, 'stuck', 2),
      ...looks(4.5, 20, 'stopped'),
      ...looks(20.5, 30, 'stuck', 2),
    ],
    events: ['hang-began@23.5'],
  },
  {
    name: 'frozen and traced are nobody’s hang',
    looks: [...looks(0, 2, 'turning'), ...looks(2.5, 20, 'frozen'), ...looks(20.5, 40, 'traced')],
    events: [],
  },
  {
    name: 'the watchdog itself stood still',
    looks: [...looks(0, 2, 'turning'), [60, 'stuck'], [60.5, 'stuck'], ...looks(61, 62, 'turning')],
    events: [],
  },
  {
    name: 'nothing can be said',
    looks: looks(0, 60, 'unknown'),
    events: [],
  },
  {
    name: 'a hang during which the loop turned once between two looks is over',
    looks: [
      ...looks(0, 2, 'turning'),
      ...looks(2.5, 9, 'stuck', 2),
      ...looks(9.5, 12, 'stuck', 9.2),
    ],
    events: ['hang-began@7', 'recovered@9.5 after 7.2'],
  },
  {
    name: 'ends while it hangs',
    looks: [...looks(0, 2, 'turning'), ...looks(2.5, 9, 'stuck', 2), [9.5, 'gone']],
    events: ['hang-began@7', 'ended@9.5'],
  },
];

for (const { name, looks: story, events } of stories) {
  test(`detect: ${name}`, () => {
    assert.deepEqual(tell(story), events);
  });
}

test('detect: the trigger says for how long, and who saw it', () => {
  const first = beat(null, readingOf([0, 'stuck', 60]), policy);
  assert.equal(detectHang(first, policy, first.latest.atMs), null, 'never on a single look');
  const second = beat(first, readingOf([0.5, 'stuck', 60.5]), policy);
  const trigger = detectHang(second, policy, second.latest.atMs);
  assert.equal(trigger?.kind, 'hang');
  assert.equal(trigger.stalledForMs, 60_500);
  assert.match(trigger.reason, /60\.5 s \(limit 5 s\).*read from outside/);
});
