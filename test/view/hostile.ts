/** A report that attacks whoever looks at it. */
import type { ErrorRecord, Report, Thread, Value } from '#dist/report/schema.js';
import { report, thread } from './parts.ts';

/** Escape sequences, a bidirectional override, a bell, a lone surrogate, a stack of combining marks. */
export const hostileText =
  '\x1b]0;owned\x07\x1b[2J\x1b[31mred\u202egnp.exe\u2066\u200b\x9b5m\r\nfake line\ud800 z' +
  '\u0301'.repeat(40);

const long = `${hostileText}${'A'.repeat(100_000)}`;
const value: Value = { type: 'string', preview: long, length: long.length, truncated: true };
const variable = { name: hostileText, value: { ...value, properties: [{ name: long, value }] } };

function hostileThread(): Thread {
  return thread({
    name: hostileText,
    state: hostileText,
    wchan: long,
    syscall: long,
    vmState: long,
    note: long,
    frames: Array.from({ length: 3 }, () => ({
      function: long,
      file: `/var/${long}`,
      line: 7,
      column: 3,
      kind: 'js' as const,
      arguments: [variable, variable],
      locals: [variable],
      closure: [variable],
      receiver: value,
      source: { line: long, before: [hostileText], after: ['\t' + hostileText] },
    })),
  });
}

/** A report whose every text tries to do something to the terminal. */
export function hostileReport(): Report {
  const evil = hostileThread();
  const error: ErrorRecord = {
    name: long,
    message: long,
    stack: `${long}\n    at ${long}`,
    properties: [variable],
  };
  return report({
    id: hostileText,
    capturedAt: hostileText,
    trigger: { kind: 'hang', reason: long },
    verdict: {
      kind: 'js-busy',
      summary: long,
      confidence: 'guess',
      thread: 4242,
      evidence: [{ text: long }],
      advice: long,
    },
    signature: hostileText,
    threads: [
      evil,
      { ...evil, tid: 4243, kind: 'worker' },
      { ...evil, tid: 4244, kind: 'native', frames: [] },
    ],
    error: { ...error, cause: error, errors: [error] },
    handles: [{ type: long }],
    annotations: { [hostileText]: long },
    breadcrumbs: [{ text: long }],
    missing: [{ what: long, reason: long }],
    redactions: { count: 1, keys: [long] },
    process: {
      pid: 4242,
      argv: [long],
      cwd: hostileText,
      execPath: long,
      env: { [hostileText]: long },
      nodeVersion: long,
    },
    host: {
      hostname: long,
      kernel: long,
      cpus: 1,
      memory: { totalBytes: 1, availableBytes: 1 },
      containerId: long,
    },
  });
}
