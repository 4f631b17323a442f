/** What the readings of a thread's pulse between two looks add up to. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Pulse, PulseReader } from './pulse.ts';
import type { QuickThread } from './reading.ts';

/** Time between two readings of the pulse. */
const pulseEveryMs = 4;
/** States of V8 while a loop waits; Node 18 says EXTERNAL. */
const waitingStates = new Set(['IDLE', 'EXTERNAL']);

export function isWaiting(vmState: string | undefined): boolean {
  return vmState !== undefined && waitingStates.has(vmState);
}

/** Reads the pulses until then, each at least once. @param before those of the last look */
export async function takePulse(
  pulses: PulseReader,
  tids: readonly number[],
  untilMs: number,
  before: ReadonlyMap<number, Pulse>,
): Promise<Map<number, Rhythm>> {
  const rhythms = new Map<number, Rhythm>();
  do {
    for (const tid of tids) {
      const pulse = pulses.read(tid);
      if (Object.keys(pulse).length === 0) continue;
      const rhythm = rhythms.get(tid) ?? new Rhythm(before.get(tid) ?? null);
      rhythms.set(tid, rhythm);
      rhythm.add(pulse);
    }
    await delay(pulseEveryMs);
  } while (performance.now() < untilMs);
  return rhythms;
}

/**
 * A stop interrupts epoll_wait, and libuv then sets the loop's clock before it waits on (uv__io_poll, after EINTR): without
 * a counter of turns, one change of the clock after a look at a waiting loop is our own doing.
 */
function changesByLookAt({ vmState }: Pulse): number {
  return isWaiting(vmState) ? 1 : 0;
}

/** Readings of the pulse of one thread, added up. */
class Rhythm {
  readonly #vmStates: Record<string, number> = {};
  #first: Pulse | null;
  #last: Pulse;
  #readings = 0;
  #polling = 0;
  #changes = 0;

  /** @param before the pulse at the look that these readings come after; null: not known */
  constructor(before: Pulse | null) {
    this.#first = before;
    this.#last = before ?? {};
  }

  get last(): Pulse {
    return this.#last;
  }

  add(pulse: Pulse): void {
    this.#readings++;
    if (pulse.vmState !== undefined)
      this.#vmStates[pulse.vmState] = (this.#vmStates[pulse.vmState] ?? 0) + 1;
    if (pulse.isPolling === true) this.#polling++;
    if (this.#first !== null && pulse.turnedAtMs !== this.#last.turnedAtMs) this.#changes++;
    this.#first ??= pulse;
    this.#last = pulse;
  }

  sum(): Partial<QuickThread> {
    const first = this.#first ?? {};
    const last = this.#last;
    const turns =
      first.turns !== undefined && last.turns !== undefined
        ? last.turns - first.turns
        : last.turnedAtMs === undefined
          ? undefined
          : Math.max(0, this.#changes - changesByLookAt(first));
    return {
      vmStates: this.#vmStates,
      ...(turns !== undefined && { loopTurns: turns }),
      ...(last.isPolling !== undefined && { pollingShare: this.#polling / this.#readings }),
      ...(first.microtasks !== undefined &&
        last.microtasks !== undefined && { microtasks: last.microtasks - first.microtasks }),
    };
  }
}
