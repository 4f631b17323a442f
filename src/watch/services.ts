/** Asks the services that rules name, each in its own time, and finds the processes that a bad answer is about. */
import { randomUUID } from 'node:crypto';
import { type Failures, countFailures, none } from '../detect/failures.ts';
import { limits } from '../limits.ts';
import { nameQuestion } from '../probe/service/question.ts';
import { askService } from '../probe/service/service.ts';
import type { Trigger } from '../report/schema.ts';
import type { Teller } from './events.ts';
import type { Rule } from './settings.ts';
import type { Finding, WatchedProcess } from './watched-process.ts';

interface Asked {
  readonly rule: Rule & { readonly when: { readonly kind: 'service' } };
  failures: Failures;
  timer: NodeJS.Timeout | null;
}

/** All rules that ask services. */
export class Services {
  readonly #asked: readonly Asked[];
  readonly #watched: ReadonlyMap<number, WatchedProcess>;
  readonly #teller: Teller;
  readonly #found: (process: WatchedProcess, finding: Finding) => void;
  #hasEnded = false;

  constructor(
    rules: readonly Rule[],
    watched: ReadonlyMap<number, WatchedProcess>,
    teller: Teller,
    found: (process: WatchedProcess, finding: Finding) => void,
  ) {
    this.#watched = watched;
    this.#teller = teller;
    this.#found = found;
    this.#asked = rules.flatMap((rule) => {
      const { when } = rule;
      return when.kind === 'service'
        ? [{ rule: { ...rule, when }, failures: none, timer: null }]
        : [];
    });
  }

  /** Begins to ask. */
  start(): void {
    for (const asked of this.#asked) this.#askLater(asked, 0);
  }

  /** Asks no more. */
  close(): void {
    this.#hasEnded = true;
    for (const { timer } of this.#asked) if (timer !== null) clearTimeout(timer);
  }

  #askLater(asked: Asked, delayMs: number): void {
    if (this.#hasEnded) return;
    asked.timer = setTimeout(() => {
      void this.#ask(asked);
    }, delayMs);
  }

  async #ask(asked: Asked): Promise<void> {
    const { question, timeoutMs, everyMs, failures: limit } = asked.rule.when;
    const startedAtMs = performance.now();
    // Nobody to capture: a service that is not up yet is no trouble.
    if (this.#subjects(asked.rule).length > 0) {
      const answer = await askService(question, timeoutMs);
      if (this.#hasEnded) return;
      this.#note(asked, answer.isGood, answer.detail, limit);
    }
    this.#askLater(asked, Math.max(0, everyMs - (performance.now() - startedAtMs)));
  }

  #note(asked: Asked, isGood: boolean, detail: string, limit: number): void {
    const { rule } = asked;
    const nowMs = performance.now();
    const { sinceMs } = asked.failures;
    const step = countFailures(asked.failures, isGood, limit, nowMs);
    asked.failures = step.failures;
    const question = nameQuestion(rule.when.question);
    if (step.event === 'recovered') {
      const afterMs = nowMs - (sinceMs ?? nowMs);
      this.#teller.watcher({ kind: 'service-recovered', rule: rule.name, question, afterMs });
    }
    if (step.event !== 'failed') return;
    this.#teller.watcher({
      kind: 'service-failed',
      rule: rule.name,
      question,
      detail,
      failures: limit,
    });
    const times = limit === 1 ? '' : ` ${limit} times in a row`;
    this.#capture(asked, `${question} has${times} not answered as it should: ${detail}`);
  }

  /** Those whose loop does not turn first: they are what the matter is, most likely. */
  #capture(asked: Asked, reason: string): void {
    const nowMs = performance.now();
    const subjects = this.#subjects(asked.rule)
      .sort((one, other) => other.stalledForMs(nowMs) - one.stalledForMs(nowMs))
      .slice(0, limits.maxIncidentProcesses);
    const incident = subjects.length > 1 ? { incident: randomUUID() } : {};
    const trigger: Trigger = { kind: 'hang', reason, rule: asked.rule.name, ...incident };
    for (const process of subjects) {
      const { rule } = asked;
      this.#found(process, { rule, trigger, isOver: () => asked.failures.inARow === 0 });
    }
  }

  #subjects(rule: Rule): WatchedProcess[] {
    return [...this.#watched.values()].filter(({ rules }) =>
      rules.some(({ name }) => name === rule.name),
    );
  }
}
