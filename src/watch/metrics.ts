/**
 * Prometheus metrics of a watcher. Names are those of OpenTelemetry's semantic conventions where there are any, in
 * Prometheus's spelling (`nodejs.eventloop.utilization` → nodejs_eventloop_utilization); our own begin with `sleeper_`.
 * Labels of targets are their pid and name, for a bounded number of targets. Everything is read when it is asked for.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { limits } from '../limits.ts';
import { type Vitals, openVitals } from '../probe/vitals.ts';
import type { ProcessEvent, Teller, WatcherEvent } from './events.ts';
import type { WatchedProcess } from './watched-process.ts';

/** Counts what is told, and reads the targets when asked. */
export interface WatchMetrics {
  readonly teller: Teller;
  /** The text of /metrics, and its content type. */
  readonly contentType: string;
  render(): Promise<string>;
}

const targetLabels = ['pid', 'name'] as const;
/** Seconds from the decision to the sealed report. */
const captureBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** @param watched the processes watched now */
export function createMetrics(watched: () => Iterable<WatchedProcess>): WatchMetrics {
  const registry = new Registry();
  const registers = [registry];
  const events = new Counter({
    name: 'sleeper_events_total',
    help: 'Events that the watcher has told, by their name.',
    labelNames: ['event'],
    registers,
  });
  const captures = new Counter({
    name: 'sleeper_captures_total',
    help: 'Captures by rule, outcome and verdict.',
    labelNames: ['rule', 'outcome', 'verdict'],
    registers,
  });
  const duration = new Histogram({
    name: 'sleeper_capture_duration_seconds',
    help: 'From the decision to the sealed report.',
    buckets: captureBuckets,
    registers,
  });
  new TargetGauges(registry, watched);
  const count = (event: ProcessEvent | WatcherEvent): void => {
    events.inc({ event: event.kind });
    if (event.kind === 'captured') {
      const { verdict, tookMs } = event.captured;
      captures.inc({ rule: event.rule, outcome: 'sealed', verdict: verdict.kind });
      duration.observe(tookMs / 1000);
    } else if (event.kind === 'capture-failed') {
      captures.inc({ rule: event.rule, outcome: 'failed', verdict: '' });
    } else if (event.kind === 'capture-skipped') {
      captures.inc({ rule: event.rule, outcome: 'skipped', verdict: '' });
    }
  };
  return {
    teller: {
      process: (_, event) => {
        count(event);
      },
      watcher: count,
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}

/** The metrics of the targets: set anew at each question. */
class TargetGauges {
  readonly #watched: () => Iterable<WatchedProcess>;
  /** Rates are from question to question. */
  readonly #vitals = new WeakMap<WatchedProcess, Vitals>();
  readonly #gauges: readonly {
    readonly metric: Gauge | Counter;
    readonly read: (process: WatchedProcess, vitals: Vitals) => number | null;
  }[];

  constructor(registry: Registry, watched: () => Iterable<WatchedProcess>) {
    this.#watched = watched;
    const registers = [registry];
    const labelNames = [...targetLabels];
    const gauge = (name: string, help: string): Gauge =>
      new Gauge({ name, help, labelNames, registers });
    this.#gauges = [
      {
        metric: gauge(
          'sleeper_target_stalled_seconds',
          'For how long the main loop has not turned though it could have.',
        ),
        read: (process) => process.stalledForMs(performance.now()) / 1000,
      },
      {
        metric: gauge(
          'sleeper_target_in_trouble',
          '1 while a rule has something to say about the process.',
        ),
        read: (process) => Number(process.isInTrouble),
      },
      {
        metric: gauge(
          'nodejs_eventloop_utilization',
          'Share of the time since the last question in which the main loop did not wait for events.',
        ),
        read: (_, vitals) => scaled(vitals.utilization(), 0.01),
      },
      {
        metric: new Counter({
          name: 'process_cpu_time_seconds_total',
          help: 'Processor time of all threads, user and system.',
          labelNames,
          registers,
        }),
        read: (process) => scaled(process.latest?.stat?.cpuMs ?? null, 0.001),
      },
      {
        metric: gauge('process_memory_usage_bytes', 'Resident memory.'),
        read: (process) => process.latest?.stat?.rssBytes ?? null,
      },
      {
        metric: gauge('process_thread_count', 'Threads.'),
        read: (process) => process.latest?.stat?.threads ?? null,
      },
      {
        metric: gauge('process_open_file_descriptor_count', 'Open descriptors.'),
        read: (_, vitals) => vitals.fds()?.value ?? null,
      },
    ];
    new Gauge({
      name: 'sleeper_targets',
      help: 'Processes watched. Those beyond the first 200 have no metrics of their own.',
      registers,
      collect: () => {
        this.#collect();
      },
    });
    this.#total = registry.getSingleMetric('sleeper_targets') as Gauge;
  }

  readonly #total: Gauge;

  #collect(): void {
    for (const { metric } of this.#gauges) metric.reset();
    let count = 0;
    for (const process of this.#watched()) {
      count++;
      if (count > limits.maxMetricTargets) continue;
      const vitals = this.#vitals.get(process) ?? openVitals(process.pid, process.probe);
      this.#vitals.set(process, vitals);
      const labels = { pid: String(process.pid), name: process.subject.name };
      for (const { metric, read } of this.#gauges) {
        const value = read(process, vitals);
        if (value !== null) metric.inc(labels, value);
      }
    }
    this.#total.set(count);
  }
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}
