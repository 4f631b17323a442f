/**
 * A report in the shape of Node's own diagnostic report (`process.report`, node --report-*), for tools that read it. Source of the
 * fields: node/src/node_report.cc, reportVersion 3. What we do not have is left out; what Node has no field for is not in it.
 */
import type { Report, Thread } from '../report/schema.ts';
import { functionName } from './model/origin.ts';
import { guiltyThread } from './model/stack.ts';

const triggers: Readonly<Partial<Record<Report['trigger']['kind'], string>>> = {
  'uncaught-exception': 'Exception',
  'unhandled-rejection': 'Exception',
  'out-of-memory': 'OOMError',
  'fatal-signal': 'Signal',
};

/** A plain object, for JSON. */
export function toNodeReport(report: Report): object {
  const { process, host, error } = report;
  const guilty = guiltyThread(report);
  const captured = new Date(report.capturedAt);
  return {
    header: {
      reportVersion: 3,
      event: report.verdict.summary,
      trigger: triggers[report.trigger.kind] ?? 'API',
      filename: null,
      dumpEventTime: report.capturedAt,
      dumpEventTimeStamp: Number.isNaN(captured.getTime()) ? '' : String(captured.getTime()),
      processId: process.pid,
      threadId: guilty?.workerId ?? 0,
      cwd: process.cwd ?? '',
      commandLine: process.argv ?? [],
      nodejsVersion: process.nodeVersion ?? '',
      wordSize: 64,
      arch: 'x64',
      platform: 'linux',
      componentVersions: {
        ...(process.nodeVersion !== undefined && { node: process.nodeVersion.replace(/^v/, '') }),
        ...(process.v8Version !== undefined && { v8: process.v8Version }),
      },
      osName: 'Linux',
      osRelease: host.kernel,
      host: host.hostname,
    },
    javascriptStack: {
      message: error === undefined ? report.verdict.summary : `${error.name}: ${error.message}`,
      stack: error?.stack === undefined ? stackLines(guilty) : errorLines(error.stack),
      errorProperties: Object.fromEntries(
        (error?.properties ?? []).map(({ name, value }) => [name, value.preview]),
      ),
    },
    nativeStack: (guilty?.frames ?? [])
      .filter(({ kind }) => kind === 'native')
      .map((frame, index) => ({ pc: `#${index}`, symbol: frame.function })),
    javascriptHeap: heapOf(report),
    libuv: report.handles.map((handle) => ({
      type: handle.type,
      is_active: handle.active ?? true,
      is_referenced: handle.ref ?? true,
      ...(handle.fd !== undefined && { fd: handle.fd }),
      ...(handle.address !== undefined && { localEndpoint: handle.address }),
      ...(handle.peer !== undefined && { remoteEndpoint: handle.peer }),
      ...(handle.timeoutMs !== undefined && { firesInMsFromNow: handle.timeoutMs }),
      ...(handle.repeatMs !== undefined && { repeat: handle.repeatMs }),
    })),
    workers: [],
    environmentVariables: process.env ?? {},
    userLimits: Object.fromEntries(
      Object.entries(process.limits ?? {}).map(([name, limit]) => [
        name.replace(/^Max /, '').replaceAll(' ', '_'),
        { soft: limit === -1 ? 'unlimited' : limit, hard: '' },
      ]),
    ),
    sharedObjects: [],
  };
}

function stackLines(thread: Thread | undefined): string[] {
  return (thread?.frames ?? [])
    .filter(({ kind }) => kind !== 'native')
    .map((frame) => {
      const { file, line, column } = frame.original ?? frame;
      const place = file === undefined ? '<anonymous>' : `${file}:${line ?? 0}:${column ?? 0}`;
      return `at ${functionName(frame)} (${place})`;
    });
}

const errorLines = (stack: string): string[] =>
  stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());

function heapOf(report: Report): object {
  const heap = report.threads.find(({ kind }) => kind === 'main')?.heap;
  const spaces = heap?.spaces ?? [];
  const sum = (of: (space: (typeof spaces)[number]) => number): number =>
    spaces.reduce((total, space) => total + of(space), 0);
  return {
    totalMemory: sum(({ committedBytes }) => committedBytes),
    usedMemory: sum(({ usedBytes }) => usedBytes),
    ...(heap?.limitBytes !== undefined && { memoryLimit: heap.limitBytes }),
    heapSpaces: Object.fromEntries(
      spaces.map(({ name, usedBytes, committedBytes }) => [
        name,
        { memorySize: committedBytes, committedMemory: committedBytes, used: usedBytes },
      ]),
    ),
  };
}
