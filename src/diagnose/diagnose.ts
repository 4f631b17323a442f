/** Names the trouble: goes through the rules in order, most specific first. Pure. */
import type { Capture, Verdict } from '../report/schema.ts';
import type { Rule } from './evidence.ts';
import { atomicsWait } from './rules/atomics-wait.ts';
import { healthy } from './rules/healthy.ts';
import { idle } from './rules/idle.ts';
import { jsBusy } from './rules/js-busy.ts';
import { nativeBlocked } from './rules/native-blocked.ts';
import { stopped } from './rules/stopped.ts';
import { syncChild } from './rules/sync-child.ts';
import { syncIo } from './rules/sync-io.ts';
import { traced } from './rules/traced.ts';
import { uncaughtException } from './rules/uncaught-exception.ts';
import { unhandledRejection } from './rules/unhandled-rejection.ts';
import { uninterruptibleIo } from './rules/uninterruptible-io.ts';
import { lookAt } from './scene.ts';

/** In order: the first that concludes wins. The last one always concludes. */
const rules: readonly Rule[] = [
  uncaughtException,
  unhandledRejection,
  stopped,
  traced,
  atomicsWait,
  syncChild,
  syncIo,
  uninterruptibleIo,
  nativeBlocked,
  jsBusy,
  idle,
  healthy,
];

/** The verdict on a capture, with the evidence it cites. Redact the capture first: the evidence quotes values. */
export function diagnose(capture: Capture): Verdict {
  const scene = lookAt(capture);
  if (scene !== null) {
    for (const rule of rules) {
      const verdict = rule(scene);
      if (verdict !== null) return verdict;
    }
  }
  return {
    kind: 'healthy',
    summary: 'Nothing is known of the main thread: no conclusion.',
    confidence: 'guess',
    evidence: capture.missing.map(({ what, reason }) => ({ text: `${what}: ${reason}` })),
  };
}
