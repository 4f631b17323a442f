/**
 * Rules that need a whole look at a process: what its async functions wait for, how old its requests are. Each look is a
 * capture of which nothing is kept, in a capture process, when nothing else is to be captured. They wait in one line: what is
 * looked at often must not keep the others from their turn.
 */
import type { CaptureAnswer } from './capture-protocol.ts';
import type { CaptureQueue } from './capture-queue.ts';
import type { Teller } from './events.ts';
import type { Rule } from './settings.ts';
import type { Finding, WatchedProcess } from './watched-process.ts';

type DeepRule = Rule & {
  readonly when: { readonly kind: 'tasks-waiting' | 'requests-older' };
};

interface Looks {
  /** CLOCK_MONOTONIC. */
  nextAtMs: number;
  /** Stands in line, or is being taken. */
  isUnderWay: boolean;
  isTold: boolean;
}

/** One that waits for its turn. */
interface DueLook {
  readonly process: WatchedProcess;
  readonly rule: DeepRule;
  readonly looks: Looks;
}

interface DeepLooksOptions {
  readonly queue: Pick<CaptureQueue, 'length' | 'submit'>;
  readonly archive: string;
  readonly deadlineMs: number;
  readonly teller: Teller;
  readonly found: (process: WatchedProcess, finding: Finding) => void;
}

/** True for rules that need it. */
export function isDeep(rule: Rule): rule is DeepRule {
  return rule.when.kind === 'tasks-waiting' || rule.when.kind === 'requests-older';
}

/** Looks at those processes that have such a rule. */
export class DeepLooks {
  readonly #options: DeepLooksOptions;
  readonly #looks = new WeakMap<WatchedProcess, Map<string, Looks>>();
  /** Each process and rule once at most. */
  readonly #due: DueLook[] = [];

  constructor(options: DeepLooksOptions) {
    this.#options = options;
  }

  /** Begins the looks whose time it is. @param nowMs CLOCK_MONOTONIC */
  turn(process: WatchedProcess, nowMs: number): void {
    for (const rule of process.rules) {
      if (!isDeep(rule)) continue;
      const looks = this.#looksOf(process, rule);
      if (looks.isUnderWay || looks.nextAtMs > nowMs) continue;
      looks.nextAtMs = nowMs + rule.when.everyMs;
      looks.isUnderWay = true;
      this.#due.push({ process, rule, looks });
    }
    this.#next();
  }

  /** A trouble that is to be captured comes first. */
  #next(): void {
    while (this.#options.queue.length === 0) {
      const next = this.#due.shift();
      if (next === undefined) return;
      this.#look(next);
    }
  }

  #look({ process, rule, looks }: DueLook): void {
    const { queue, archive, deadlineMs } = this.#options;
    const { pid, startTicks } = process.subject.identity;
    const { kind, forMs } = rule.when;
    const trigger = { kind: 'rule', reason: 'a look', rule: rule.name } as const;
    looks.isUnderWay = queue.submit({
      order: { pid, startTicks, trigger, deadlineMs, archive, look: { kind, forMs } },
      stillWanted: () => (process.hasEnded ? 'it ended before its turn' : null),
      refuse: () => [],
      done: (answer) => {
        looks.isUnderWay = false;
        if (!process.hasEnded) this.#note(process, rule, looks, answer);
        this.#next();
      },
    });
  }

  #note(process: WatchedProcess, rule: DeepRule, looks: Looks, answer: CaptureAnswer): void {
    const { teller, found } = this.#options;
    if (answer.kind === 'failed') {
      const { message } = answer;
      teller.process(process.pid, { kind: 'capture-failed', rule: rule.name, message });
    }
    if (answer.kind !== 'looked') return;
    const { reason } = answer;
    if (reason === null) {
      if (looks.isTold) teller.process(process.pid, { kind: 'rule-calm', rule: rule.name });
      looks.isTold = false;
      return;
    }
    if (looks.isTold) return;
    looks.isTold = true;
    const trigger = { kind: 'rule', reason, rule: rule.name } as const;
    teller.process(process.pid, { kind: 'rule-tripped', rule: rule.name, trigger });
    found(process, { rule, trigger, isOver: () => false });
  }

  #looksOf(process: WatchedProcess, rule: DeepRule): Looks {
    const byRule = this.#looks.get(process) ?? new Map<string, Looks>();
    this.#looks.set(process, byRule);
    const looks = byRule.get(rule.name) ?? {
      nextAtMs: -Infinity,
      isUnderWay: false,
      isTold: false,
    };
    byRule.set(rule.name, looks);
    return looks;
  }
}
