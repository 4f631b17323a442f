/** From a finding to its report: limits, incidents, the queue, and what is done afterwards. */
import { refuseCapture, withinHour } from '../detect/allowance.ts';
import { runActions } from './actions.ts';
import type { CaptureAnswer } from './capture-protocol.ts';
import type { CaptureJob, CaptureQueue } from './capture-queue.ts';
import type { Trigger } from '../report/schema.ts';
import type { Captured, Teller } from './events.ts';
import { Incidents } from './incidents.ts';
import type { Rule, WatchSettings } from './settings.ts';
import type { Finding, WatchedProcess } from './watched-process.ts';

interface DispatcherOptions {
  readonly settings: WatchSettings;
  readonly archive: string;
  readonly queue: CaptureQueue;
  readonly teller: Teller;
  /** By pid. */
  readonly watched: ReadonlyMap<number, WatchedProcess>;
  readonly afterCapture: () => void;
}

/** Told as postponed when so many captures for each that may run are before it. */
const postponedAbove = 2;
/** Signatures remembered for their limit. */
const maxSignatures = 1_000;

/** Decides what becomes of findings. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #incidents: Incidents;
  /** When a rule had a process captured, by process and rule. CLOCK_MONOTONIC. */
  readonly #captures = new WeakMap<WatchedProcess, Map<Rule, number[]>>();
  readonly #signatures = new Map<string, number[]>();
  readonly #actions = new Set<Promise<void>>();
  #findings = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#incidents = new Incidents((event) => {
      options.teller.watcher(event);
    });
  }

  get findings(): number {
    return this.#findings;
  }

  /** A process is in trouble. */
  dispatch(process: WatchedProcess, finding: Finding): void {
    const { teller, settings, watched } = this.#options;
    const { rule } = finding;
    this.#findings++;
    const nowMs = performance.now();
    const before = this.#capturesOf(process, rule);
    const refusal = refuseCapture(before, rule.limit, nowMs);
    if (refusal !== null) {
      teller.process(process.pid, { kind: 'capture-skipped', rule: rule.name, reason: refusal });
      return;
    }
    before.push(nowMs);
    if (!settings.whom.tree) {
      this.#order(process, finding, (captured) => {
        if (captured !== null) this.#options.afterCapture();
      });
      return;
    }
    this.#incidents.close(process.root, watched.values());
    const incident = this.#incidents.join(process);
    const trigger = { ...finding.trigger, incident };
    if (this.#incidents.order(process)) {
      this.#order(process, { ...finding, trigger }, (captured, isTrouble) => {
        // A process at a breakpoint is no trouble: its family is left alone.
        if (isTrouble) this.#orderFamily(process, finding, incident);
        this.#settleIncident(process, captured);
      });
    } else {
      const reason = `captured already with incident ${incident}`;
      teller.process(process.pid, { kind: 'capture-skipped', rule: rule.name, reason });
      this.#orderFamily(process, finding, incident);
    }
  }

  /** Those that belong to a process in trouble and are not captured yet. */
  #orderFamily(
    process: WatchedProcess,
    { rule, trigger, isOver }: Finding,
    incident: string,
  ): void {
    for (const other of this.#incidents.companions(process, this.#options.watched.values())) {
      this.#incidents.order(other);
      const reason = `captured together with process ${process.pid}, which is in trouble: ${trigger.reason}`;
      const together: Trigger = { kind: 'rule', reason, incident, rule: rule.name };
      this.#order(other, { rule, trigger: together, isOver }, (captured) => {
        this.#settleIncident(other, captured);
      });
    }
  }

  #settleIncident(process: WatchedProcess, captured: Captured | null): void {
    if (this.#incidents.settle(process, captured)) this.#options.afterCapture();
  }

  /** A watched process has ended. */
  forget(process: WatchedProcess): void {
    this.#incidents.close(process.root, this.#options.watched.values());
  }

  /** Resolves when the actions that are under way are done. */
  async close(): Promise<void> {
    await Promise.all(this.#actions);
  }

  /** @param done told what was captured, and whether there was anything that is worth a report */
  #order(
    process: WatchedProcess,
    { rule, trigger, isOver }: Finding,
    done: (captured: Captured | null, isTrouble: boolean) => void,
  ): void {
    const { queue, teller, archive, settings } = this.#options;
    const { pid, startTicks } = process.subject.identity;
    const ahead = queue.length;
    const job: CaptureJob = {
      order: { pid, startTicks, trigger, deadlineMs: settings.capture.deadlineMs, archive },
      stillWanted: () => {
        if (process.hasEnded) return 'it ended before its turn';
        return isOver() ? 'it was over before its turn' : null;
      },
      refuse: () => this.#exhaustedSignatures(rule),
      done: (answer, tookMs) => {
        done(this.#settle(process, rule, answer, tookMs), answer.kind !== 'not-kept');
      },
    };
    if (!queue.submit(job)) {
      job.done({ kind: 'failed', message: 'too many captures wait already' }, 0);
    } else if (ahead >= postponedAbove * queue.parallel) {
      teller.process(pid, { kind: 'capture-postponed', rule: rule.name, ahead });
    }
  }

  #settle(
    process: WatchedProcess,
    rule: Rule,
    answer: CaptureAnswer,
    tookMs: number,
  ): Captured | null {
    const { teller } = this.#options;
    const { pid } = process;
    switch (answer.kind) {
      case 'looked':
        return null;
      case 'not-kept':
        teller.process(pid, { kind: 'capture-skipped', rule: rule.name, reason: answer.reason });
        return null;
      case 'failed': {
        const { code, message, help } = answer;
        teller.process(pid, {
          kind: 'capture-failed',
          rule: rule.name,
          message,
          ...(code !== undefined && { code }),
          ...(help !== undefined && { help }),
        });
        this.#act(process, rule, null);
        return null;
      }
      case 'sealed': {
        const captured = { ...answer.captured, tookMs: Math.round(tookMs) };
        this.#noteSignature(captured.signature);
        teller.process(pid, { kind: 'captured', rule: rule.name, captured });
        this.#act(process, rule, captured);
        return captured;
      }
    }
  }

  #act(process: WatchedProcess, rule: Rule, captured: Captured | null): void {
    const { teller } = this.#options;
    const acting = runActions(rule, process, captured, (event) => {
      teller.process(process.pid, event);
    });
    this.#actions.add(acting);
    void acting.finally(() => this.#actions.delete(acting));
  }

  #capturesOf(process: WatchedProcess, rule: Rule): number[] {
    const byRule = this.#captures.get(process) ?? new Map<Rule, number[]>();
    this.#captures.set(process, byRule);
    const recent = withinHour(byRule.get(rule) ?? [], performance.now());
    byRule.set(rule, recent);
    return recent;
  }

  #noteSignature(signature: string): void {
    const nowMs = performance.now();
    const recent = withinHour(this.#signatures.get(signature) ?? [], nowMs);
    this.#signatures.delete(signature);
    this.#signatures.set(signature, [...recent, nowMs]);
    const [oldest] = this.#signatures.keys();
    if (this.#signatures.size > maxSignatures && oldest !== undefined) {
      this.#signatures.delete(oldest);
    }
  }

  #exhaustedSignatures(rule: Rule): string[] {
    const { perSignature } = rule.limit;
    if (perSignature === undefined) return [];
    const nowMs = performance.now();
    return [...this.#signatures].flatMap(([signature, times]) =>
      withinHour(times, nowMs).length >= perSignature ? [signature] : [],
    );
  }
}
