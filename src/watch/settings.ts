/** What a watcher is to do: the settings after everything was read, checked and completed with defaults. */
import type { ServiceQuestion } from '../probe/service/question.ts';

/** Whom to watch. A process is chosen by any of the ways, and then must pass the filter. */
export interface Whom {
  /** These processes. */
  readonly pids: readonly number[];
  /** Every Node.js process that we may look at. */
  readonly all: boolean;
  /** Those whose command line or title matches one of these. */
  readonly names: readonly RegExp[];
  /** And all that they start; what is chosen together and hangs together is one incident. */
  readonly tree: boolean;
  readonly only: Filter;
}

/** Which processes a rule, or the watcher, is for. All that is named must match. */
export interface Filter {
  /** The kernel's name of the process, such as `node`, or the title that it gave itself. */
  readonly name?: RegExp;
  /** The command line, words joined by spaces. */
  readonly argv?: RegExp;
  /** Users by number. */
  readonly users?: readonly number[];
  /** The control group's path. */
  readonly cgroup?: RegExp;
}

/** What is measured of a process for thresholds. */
export const measures = ['cpu', 'rss', 'heap', 'utilization', 'fds'] as const;
export type Measure = (typeof measures)[number];

/** When a rule speaks. */
export type Condition =
  /** The main loop has not turned for this long. */
  | { readonly kind: 'stalled'; readonly forMs: number }
  /** The loop of a Worker has not answered the agent for this long. */
  | { readonly kind: 'worker-stalled'; readonly forMs: number }
  | {
      readonly kind: 'service';
      readonly question: ServiceQuestion;
      readonly everyMs: number;
      readonly timeoutMs: number;
      /** Bad answers in a row. */
      readonly failures: number;
    }
  | {
      readonly kind: 'threshold';
      readonly measure: Measure;
      /** In percent (of one core, of the limit, of the time), bytes, or a number of descriptors: see `unit`. */
      readonly above: number;
      readonly unit: 'percent' | 'bytes' | 'count';
      /** For this long without a break. */
      readonly forMs: number;
    }
  /** A suspended async function has waited for this long at the same place. */
  | { readonly kind: 'tasks-waiting'; readonly forMs: number; readonly everyMs: number }
  /** A request to the server has been open for this long. Needs the agent. */
  | { readonly kind: 'requests-older'; readonly forMs: number; readonly everyMs: number };

/** How often a rule may have a process captured. */
export interface RuleLimit {
  /** Not again within this time after a capture of the same process by the same rule. */
  readonly coolDownMs: number;
  /** Captures of one process by one rule within an hour. */
  readonly perHour: number;
  /** Reports of one signature within an hour, of whatever process; the others are not kept. Absent: no such limit. */
  readonly perSignature?: number;
}

/** What is done when a report is sealed, in the order of the list. */
export type Action =
  | { readonly kind: 'log' }
  /** Runs a program; the report's path is its last argument, and in SLEEPER_REPORT. */
  | {
      readonly kind: 'exec';
      readonly command: readonly [string, ...string[]];
      readonly timeoutMs: number;
    }
  /** Posts a summary as JSON. */
  | {
      readonly kind: 'webhook';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
    }
  /** Sends a signal, and SIGKILL should the process still be there after the grace. */
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals; readonly graceMs: number };

/** One rule. */
export interface Rule {
  /** Unique. */
  readonly name: string;
  readonly when: Condition;
  readonly only: Filter;
  readonly limit: RuleLimit;
  readonly then: readonly Action[];
}

/** Everything. */
export interface WatchSettings {
  readonly whom: Whom;
  /** Between two looks at one process. */
  readonly intervalMs: number;
  readonly rules: readonly Rule[];
  /** Directory of the archive, as the user named it; absent: the default place. */
  readonly archive?: string;
  /** Longest time of one capture, and how many at the same time. */
  readonly capture: { readonly deadlineMs: number; readonly parallel: number };
  readonly metrics?: { readonly host: string; readonly port: number };
}
