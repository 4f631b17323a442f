/** What a watcher and its capture processes say to each other, over the channel of child_process.fork(). */
import type { Trigger } from '../report/schema.ts';
import type { Captured } from './events.ts';

/** What is to be captured. */
export interface CaptureOrder {
  readonly pid: number;
  readonly startTicks: number;
  readonly trigger: Trigger;
  readonly deadlineMs: number;
  /** False: stacks only, when many wait. */
  readonly tasks: boolean;
  /** Directory of the archive. */
  readonly archive: string;
  /** Signatures of which there are enough: such a report is not kept. */
  readonly refuse: readonly string[];
  /** Only a look: is there something that has lasted for this long? No report is kept. */
  readonly look?: { readonly kind: 'tasks-waiting' | 'requests-older'; readonly forMs: number };
}

/** To the capture process. */
export type CaptureMessage =
  | { readonly kind: 'warm'; readonly pid: number }
  | { readonly kind: 'capture'; readonly order: CaptureOrder }
  | { readonly kind: 'answer-agent'; readonly question: AgentQuestion };

/** What the agent of a watched process asks for, in its own words. */
export interface AgentQuestion {
  readonly pid: number;
  /** One JSON object, as the agent's helper gets it. */
  readonly request: string;
}

/** What came of an order. */
export type CaptureAnswer =
  | { readonly kind: 'sealed'; readonly captured: Omit<Captured, 'tookMs'> }
  | { readonly kind: 'not-kept'; readonly reason: string }
  /** Of a look: what was found; null: nothing. */
  | { readonly kind: 'looked'; readonly reason: string | null }
  | {
      readonly kind: 'failed';
      readonly code?: string;
      readonly message: string;
      readonly help?: string;
    };

/** From the capture process. */
export type CaptureReply =
  | CaptureAnswer
  /** To an agent: a line, with its newline. */
  | { readonly kind: 'answered'; readonly text: string };
