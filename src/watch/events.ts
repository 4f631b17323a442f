/** What a watcher has to tell. The kinds are stable names: in logs, in `--json`, in docs/watch.md. */
import type { ProcessIdentity } from '../probe/identity.ts';
import type { StatReading } from '../probe/stat.ts';
import type { Trigger, Verdict } from '../report/schema.ts';
import type { Owner } from './claims.ts';

/** A sealed report, in few words. */
export interface Captured {
  readonly id: string;
  readonly path: string;
  readonly trigger: Trigger;
  readonly verdict: Verdict;
  readonly signature: string;
  readonly pausedMs: number;
  readonly durationMs: number;
  /** From the decision to the sealed report. */
  readonly tookMs: number;
}

/** The end of a watched process, with what is known of it: the one place where an end is told. */
export interface ProcessEnd {
  readonly identity: ProcessIdentity;
  readonly argv: string;
  /** It hung when it ended. */
  readonly whileHanging: boolean;
  /** Wall clock, milliseconds since 1970, of the last look that found it alive, and of the one that did not. */
  readonly lastSeenAtMs: number;
  readonly endedAtMs: number;
  /** The last look at it; of a zombie, `waitStatus` says how it ended. */
  readonly lastStat: StatReading | null;
  /** How it ended, where that could be seen. */
  readonly exit: { readonly status: number } | { readonly signal: NodeJS.Signals } | null;
  /** A signal of ours ended it. */
  readonly byUs: boolean;
}

/** Of one process. */
export type ProcessEvent =
  | { readonly kind: 'watching'; readonly weakness: string | null }
  /** Somebody else watches it. It is looked after as soon as he lets go or dies. */
  | { readonly kind: 'left-to-other'; readonly owner: Owner }
  /** It carries the agent, which will have us write its reports. */
  | { readonly kind: 'agent-found' }
  /** Written because its agent asked for it. */
  | { readonly kind: 'agent-report'; readonly report: string }
  | { readonly kind: 'hang-began'; readonly rule: string; readonly trigger: Trigger }
  /** Of hangs. `afterMs` counts only time in which the loop was free to turn. */
  | { readonly kind: 'recovered'; readonly rule: string; readonly afterMs: number }
  /** A rule other than that for hangs speaks, or has nothing more to say. */
  | { readonly kind: 'rule-tripped'; readonly rule: string; readonly trigger: Trigger }
  | { readonly kind: 'rule-calm'; readonly rule: string }
  /** No capture, because of the rule's limit or because the agent reports already; `reason` says which. */
  | { readonly kind: 'capture-skipped'; readonly rule: string; readonly reason: string }
  /** Others are captured first. */
  | { readonly kind: 'capture-postponed'; readonly rule: string; readonly ahead: number }
  | { readonly kind: 'captured'; readonly rule: string; readonly captured: Captured }
  | {
      readonly kind: 'capture-failed';
      readonly rule: string;
      readonly code?: string;
      readonly message: string;
      readonly help?: string;
    }
  | {
      readonly kind: 'action-done';
      readonly rule: string;
      readonly action: string;
      readonly detail: string;
    }
  | {
      readonly kind: 'action-failed';
      readonly rule: string;
      readonly action: string;
      readonly detail: string;
    }
  | { readonly kind: 'ended'; readonly end: ProcessEnd };

/** Of the watcher, or of several processes. */
export type WatcherEvent =
  /** All of an incident that is to be captured is captured. */
  | {
      readonly kind: 'incident';
      readonly id: string;
      /** The process that hung first. */
      readonly pid: number;
      readonly reports: readonly {
        readonly pid: number;
        readonly verdict: string;
        readonly path: string;
      }[];
    }
  /** A question to a service was not answered as it should be, often enough in a row; and when that is over. */
  | {
      readonly kind: 'service-failed';
      readonly rule: string;
      readonly question: string;
      readonly detail: string;
      readonly failures: number;
    }
  | {
      readonly kind: 'service-recovered';
      readonly rule: string;
      readonly question: string;
      readonly afterMs: number;
    }
  /** More processes than one watcher watches. */
  | { readonly kind: 'too-many'; readonly watched: number; readonly leftOut: number }
  /** Something of the watcher's own does not work; it goes on. */
  | { readonly kind: 'weakness'; readonly reason: string };

/** Where events go. */
export interface Teller {
  process(pid: number, event: ProcessEvent): void;
  watcher(event: WatcherEvent): void;
}
