/** One watched process: looked at again and again, judged by each rule that is for it. */
import { type Episode, advance, calm } from '../detect/episode.ts';
import { stalledForMs } from '../detect/hang.ts';
import type { LoopProbe, LoopReading } from '../probe/loop.ts';
import { isReportingItself } from '../probe/own-report.ts';
import type { Trigger } from '../report/schema.ts';
import type { ProcessEnd, ProcessEvent } from './events.ts';
import { type GaugeEvent, Gauges } from './gauges.ts';
import { describeEnd } from './process-end.ts';
import type { Rule } from './settings.ts';
import type { Subject } from './subject.ts';

/** A rule that found something. */
export interface Finding {
  readonly rule: Rule;
  readonly trigger: Trigger;
  /** Asked before it is captured, which may be later. */
  readonly isOver: () => boolean;
}

/** What a watched process tells its watcher. */
export interface WatchedListener {
  tell(process: WatchedProcess, event: ProcessEvent): void;
  found(process: WatchedProcess, finding: Finding): void;
  /** It may hang soon: half of the time is over. */
  suspect(process: WatchedProcess): void;
  ended(process: WatchedProcess, end: ProcessEnd): void;
}

interface HangRule {
  readonly rule: Rule & { readonly when: { readonly kind: 'stalled' } };
  episode: Episode;
}

export class WatchedProcess {
  readonly subject: Subject;
  /** The chosen process that it descends from, or itself. */
  readonly root: number;
  readonly rules: readonly Rule[];
  /** CLOCK_MONOTONIC of the next look. */
  nextLookAtMs = 0;
  /** A signal of ours is meant to end it. */
  isBeingEnded = false;
  /** It waits for a report that it has asked us for. */
  isReporting = false;
  readonly #probe: LoopProbe;
  readonly #listener: WatchedListener;
  readonly #hangs: readonly HangRule[];
  /** Null: no rule measures it. */
  readonly #gauges: Gauges | null;
  #latest: LoopReading | null = null;
  #lastSeenAtMs = Date.now();
  #isLooking = false;
  #isToldOf = false;
  #hasEnded = false;
  #isSuspect = false;

  constructor(
    subject: Subject,
    root: number,
    rules: readonly Rule[],
    probe: LoopProbe,
    listener: WatchedListener,
  ) {
    this.subject = subject;
    this.root = root;
    this.rules = rules;
    this.#probe = probe;
    this.#listener = listener;
    this.#hangs = rules.flatMap((rule) => {
      const { when } = rule;
      return when.kind === 'stalled' ? [{ rule: { ...rule, when }, episode: calm }] : [];
    });
    const isMeasured = rules.some(
      ({ when }) => when.kind === 'threshold' || when.kind === 'worker-stalled',
    );
    this.#gauges = isMeasured ? new Gauges(subject.identity.pid, rules, probe) : null;
  }

  get pid(): number {
    return this.subject.identity.pid;
  }

  get probe(): LoopProbe {
    return this.#probe;
  }

  /** The latest reading of the main loop; null before the first. */
  get latest(): LoopReading | null {
    return this.#latest;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** By one of the rules for hangs. */
  get isHanging(): boolean {
    return this.#hangs.some(({ episode }) => episode.hangSinceMs !== null);
  }

  /** For how long its loop has not turned although it could have. @param nowMs CLOCK_MONOTONIC */
  stalledForMs(nowMs: number): number {
    const heart = this.#hangs[0]?.episode.heart ?? null;
    return heart === null || heart.latest.loop !== 'stuck' ? 0 : stalledForMs(heart, nowMs);
  }

  /** Takes one look. Cheap and at once, but when an agent must be asked. */
  look(intervalMs: number): void {
    if (this.#isLooking || this.#hasEnded) return;
    const reading = this.#probe.look();
    const isClear =
      reading.via === 'reader' && reading.loop !== 'stuck' && reading.loop !== 'unknown';
    if (isClear || reading.loop === 'gone') {
      this.#take(reading, intervalMs);
      return;
    }
    this.#isLooking = true;
    void this.#probe
      .read(intervalMs)
      .then((answer) => {
        this.#take(answer, intervalMs);
      })
      .finally(() => {
        this.#isLooking = false;
      });
  }

  /** A rule has something to say about it that is not over. */
  get isInTrouble(): boolean {
    return this.isHanging || this.#gauges?.isInTrouble === true;
  }

  close(): void {
    this.#hasEnded = true;
    this.#probe.close();
  }

  #take(reading: LoopReading, intervalMs: number): void {
    if (this.#hasEnded) return;
    if (!this.#isToldOf && reading.loop !== 'gone') {
      this.#isToldOf = true;
      this.#listener.tell(this, { kind: 'watching', weakness: this.#probe.weakness });
    }
    if (reading.loop === 'gone') {
      this.#end(reading);
      return;
    }
    this.#latest = reading;
    this.#lastSeenAtMs = Date.now();
    for (const hang of this.#hangs) this.#judge(hang, reading, intervalMs);
    this.#gauges?.read(reading, (event) => {
      this.#noteGauge(event);
    });
  }

  #judge(hang: HangRule, reading: LoopReading, intervalMs: number): void {
    const { rule } = hang;
    const policy = { timeoutMs: rule.when.forMs, intervalMs };
    let step = advance(hang.episode, reading, policy);
    if (step.event?.kind === 'hang-began' && (this.isReporting || isReportingItself(this.pid))) {
      // It waits for its agent's report: no fault of its own, and told already.
      step = advance(hang.episode, { ...reading, loop: 'traced' }, policy);
    }
    hang.episode = step.episode;
    const { event } = step;
    this.#noteSuspicion(policy.timeoutMs, reading.atMs);
    if (event === null || event.kind === 'ended') return;
    this.#listener.tell(this, { ...event, rule: rule.name });
    if (event.kind === 'hang-began') {
      this.#listener.found(this, {
        rule,
        trigger: { ...event.trigger, rule: rule.name },
        isOver: () => hang.episode.hangSinceMs === null,
      });
    }
  }

  #noteGauge(event: GaugeEvent): void {
    const { rule } = event;
    if (this.#hasEnded) return;
    if (event.kind === 'calm') {
      this.#listener.tell(this, { kind: 'rule-calm', rule: rule.name });
      return;
    }
    const { trigger } = event;
    this.#listener.tell(this, { kind: 'rule-tripped', rule: rule.name, trigger });
    // A level that went down again was high all the same: the report is wanted.
    this.#listener.found(this, { rule, trigger, isOver: () => false });
  }

  #noteSuspicion(timeoutMs: number, nowMs: number): void {
    const isSuspect = !this.isHanging && this.stalledForMs(nowMs) >= timeoutMs / 2;
    if (isSuspect && !this.#isSuspect) this.#listener.suspect(this);
    this.#isSuspect = isSuspect;
  }

  #end(reading: LoopReading): void {
    const { isHanging } = this;
    const end = describeEnd(this.subject, {
      whileHanging: isHanging,
      lastSeenAtMs: this.#lastSeenAtMs,
      lastStat: reading.stat ?? this.#latest?.stat ?? null,
      byUs: this.isBeingEnded,
    });
    this.close();
    this.#listener.ended(this, end);
  }
}
