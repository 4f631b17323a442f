/** The rules of one process that measure it: thresholds, and Workers that do not answer. */
import { type Level, low, watchLevel } from '../detect/level.ts';
import { type LoopProbe, type LoopReading, isHeld } from '../probe/loop.ts';
import { type Amount, type Vitals, openVitals } from '../probe/vitals.ts';
import type { Trigger } from '../report/schema.ts';
import type { Measure, Rule } from './settings.ts';

type Threshold = Rule & { readonly when: { readonly kind: 'threshold' } };
type WorkerRule = Rule & { readonly when: { readonly kind: 'worker-stalled' } };

interface WatchedLevel {
  readonly rule: Threshold;
  level: Level;
}

/** What a rule found, or has not to say any more. */
export type GaugeEvent =
  | { readonly kind: 'tripped'; readonly rule: Rule; readonly trigger: Trigger }
  | { readonly kind: 'calm'; readonly rule: Rule };

/** Between two readings. */
const everyMs = 1_000;

/** Measures one process. */
export class Gauges {
  readonly #levels: readonly WatchedLevel[];
  readonly #workerRules: readonly WorkerRule[];
  readonly #vitals: Vitals;
  readonly #probe: LoopProbe;
  /** When the loop of each isolate answered last, by tid. */
  readonly #answeredAtMs = new Map<number, number>();
  readonly #toldWorkers = new Set<string>();
  #nextAtMs = -Infinity;
  #isAsking = false;

  constructor(pid: number, rules: readonly Rule[], probe: LoopProbe) {
    this.#probe = probe;
    this.#vitals = openVitals(pid, probe);
    this.#levels = rules.flatMap((rule) => {
      const { when } = rule;
      return when.kind === 'threshold' ? [{ rule: { ...rule, when }, level: low }] : [];
    });
    this.#workerRules = rules.flatMap((rule) => {
      const { when } = rule;
      return when.kind === 'worker-stalled' ? [{ ...rule, when }] : [];
    });
  }

  get vitals(): Vitals {
    return this.#vitals;
  }

  /** True while one of the rules has something to say that is not over. */
  get isInTrouble(): boolean {
    return this.#levels.some(({ level }) => level.isTold) || this.#toldWorkers.size > 0;
  }

  /** True while this rule has. */
  isTold(rule: Rule): boolean {
    const level = this.#levels.find((one) => one.rule.name === rule.name);
    return level?.level.isTold ?? this.#toldWorkers.size > 0;
  }

  /** Measures, if it is time. @param told called at once, or when Workers have answered */
  read(reading: LoopReading, told: (event: GaugeEvent) => void): void {
    const { atMs, stat } = reading;
    if (atMs < this.#nextAtMs || stat === undefined) return;
    this.#nextAtMs = atMs + everyMs;
    for (const watched of this.#levels) {
      const { rule } = watched;
      const value = this.#measure(rule.when.measure, rule.when.unit, reading);
      const step = watchLevel(watched.level, value, rule.when, atMs);
      watched.level = step.level;
      if (step.event === 'calm') told({ kind: 'calm', rule });
      if (step.event === 'tripped')
        told({ kind: 'tripped', rule, trigger: triggerOf(rule, value) });
    }
    if (this.#workerRules.length > 0) void this.#askWorkers(reading, told);
  }

  #measure(measure: Measure, unit: string, { stat, atMs }: LoopReading): number | null {
    if (stat === undefined) return null;
    switch (measure) {
      case 'cpu':
        return this.#vitals.cpu(stat, atMs);
      case 'utilization':
        return this.#vitals.utilization();
      case 'rss':
        return this.#vitals.rss(stat).value;
      case 'fds':
        return amountOf(this.#vitals.fds(), unit);
      case 'heap':
        return amountOf(this.#vitals.heap(), unit);
    }
  }

  async #askWorkers(reading: LoopReading, told: (event: GaugeEvent) => void): Promise<void> {
    if (isHeld(reading)) this.#answeredAtMs.clear();
    if (this.#isAsking || isHeld(reading)) return;
    this.#isAsking = true;
    const answers = await this.#probe.askIsolates(everyMs / 2);
    this.#isAsking = false;
    if (!answers.known) return;
    const nowMs = performance.now();
    const workers = answers.value.filter(
      ({ workerId }) => workerId !== undefined && workerId !== 0,
    );
    for (const tid of this.#answeredAtMs.keys()) {
      if (!workers.some((worker) => worker.tid === tid)) this.#answeredAtMs.delete(tid);
    }
    for (const { tid, workerId, loopUs } of workers) {
      if (loopUs !== null || !this.#answeredAtMs.has(tid)) this.#answeredAtMs.set(tid, nowMs);
      const silentMs = nowMs - (this.#answeredAtMs.get(tid) ?? nowMs);
      for (const rule of this.#workerRules) {
        const key = `${rule.name} ${tid}`;
        if (silentMs === 0 && this.#toldWorkers.delete(key)) told({ kind: 'calm', rule });
        if (silentMs < rule.when.forMs || this.#toldWorkers.has(key)) continue;
        this.#toldWorkers.add(key);
        const reason = `the event loop of Worker ${String(workerId)} (thread ${tid}) has not answered for ${(silentMs / 1000).toFixed(1)} s`;
        told({
          kind: 'tripped',
          rule,
          trigger: { kind: 'hang', reason, stalledForMs: Math.round(silentMs), rule: rule.name },
        });
      }
    }
  }
}

/** In the unit of the rule; null where a part of a limit is asked for and there is no limit. */
function amountOf(amount: Amount | null, unit: string): number | null {
  if (amount === null || unit !== 'percent') return amount?.value ?? null;
  return amount.limit === undefined ? null : (100 * amount.value) / amount.limit;
}

const names: Readonly<Record<Measure, string>> = {
  cpu: 'processor time',
  rss: 'resident memory',
  heap: "V8's heap",
  utilization: 'utilization of the event loop',
  fds: 'open descriptors',
};

function triggerOf(rule: Threshold, value: number | null): Trigger {
  const { measure, above, unit, forMs } = rule.when;
  const time = forMs > 0 ? ` for ${forMs / 1000} s` : '';
  const reason = `${names[measure]}: ${amount(value ?? above, unit)}, above ${amount(above, unit)}${time}`;
  return { kind: 'rule', reason, rule: rule.name };
}

function amount(value: number, unit: Threshold['when']['unit']): string {
  switch (unit) {
    case 'percent':
      return `${value.toFixed(1)} %`;
    case 'bytes':
      return `${(value / 2 ** 20).toFixed(1)} MiB`;
    case 'count':
      return String(value);
  }
}
