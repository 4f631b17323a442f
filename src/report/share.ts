/**
 * A report fit to be handed to somebody outside: today's rules of redaction once more (a report may be older than a rule), applied
 * also to the words of the verdict, and without what tells where it ran. What a secret is only to its owner nobody can know: docs/privacy.md.
 * Pure.
 */
import { redactCapture } from './redact.ts';
import type { Report } from './schema.ts';
import { redactedText } from './secret-names.cts';
import { RedactionTally, redactText } from './secrets.cts';

/** A copy without environment values, names of machines, addresses of peers; ids and times stay, so that both sides mean the same. */
export function shareReport(report: Report): Report {
  const tally = new RedactionTally();
  const { verdict, signature, ...capture } = report;
  const redacted = redactCapture(capture);
  const text = (words: string): string => redactText(words, tally);
  const { env, ...process } = redacted.process;
  return {
    ...redacted,
    ...(redacted.handles.length > 0 && { handles: redacted.handles.map(withoutAddresses) }),
    requests: redacted.requests.map(withoutAddresses),
    verdict: {
      ...verdict,
      summary: text(verdict.summary),
      evidence: verdict.evidence.map((entry) => ({ ...entry, text: text(entry.text) })),
      ...(verdict.advice !== undefined && { advice: text(verdict.advice) }),
    },
    signature,
    host: { ...redacted.host, hostname: redactedText },
    process: {
      ...process,
      ...(env && {
        env: Object.fromEntries(Object.keys(env).map((name) => [name, redactedText])),
      }),
    },
    missing: redacted.missing.map(({ what, reason }) => ({
      what: text(what),
      reason: text(reason),
    })),
    redactions: sum(report.redactions, redacted.redactions, tally.result(), {
      count: 1 + Object.keys(env ?? {}).length,
      keys: ['hostname', ...(env ? ['environment'] : [])],
    }),
  };
}

function withoutAddresses<T extends { peer?: string; address?: string; host?: string }>(one: T): T {
  return {
    ...one,
    ...(one.peer !== undefined && { peer: redactedText }),
    ...(one.address !== undefined && { address: redactedText }),
    ...(one.host !== undefined && { host: redactedText }),
  };
}

function sum(...all: readonly Report['redactions'][]): Report['redactions'] {
  const keys = new Set(all.flatMap((one) => one.keys));
  return { count: all.reduce((count, one) => count + one.count, 0), keys: [...keys].sort() };
}
