/** What hooks and webhooks are told. */
import type { Captured } from '../events.ts';

export interface Happened {
  readonly pid: number;
  readonly argv: string;
  readonly rule: string;
  readonly captured: Captured;
}
