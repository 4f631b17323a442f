/** A core file as a capture: like that of a live process, but of one moment long ago, on a machine that is not this one. */
import { type CoreReading, readCore } from '../reader/read-core.ts';
import { type Capture, type Missing, formatVersion, minReaderVersion } from '../report/schema.ts';
import { describeSignal } from './core-signal.ts';
import { coreThreads } from './core-threads.ts';
import { asyncStoreSection } from './async-stores.ts';
import { loopSection } from './loop-section.ts';
import { mapCapture } from './original-places.ts';
import { redact } from './redaction.ts';

/** What to capture. */
export interface CoreCaptureRequest {
  /** The core file. */
  readonly path: string;
  readonly id: string;
  /** The node binary, when it is not where the core says. */
  readonly node?: string;
  readonly deadlineMs: number;
  /** Where source maps are, besides where the program says; by default SLEEPER_SOURCE_MAP_DIR. */
  readonly sourceMapDirectory?: string;
}

/** What no core holds. */
const neverKnown: readonly Missing[] = [
  { what: 'time since the event loop turned', reason: 'not-supported: a core has no clock' },
  {
    what: 'working directory, open files, names of the threads',
    reason: 'not-supported: a core does not hold them',
  },
  { what: 'host', reason: 'not-supported: a core does not tell the machine it was made on' },
];

/** Captures a core. @throws SleeperError as readCore() */
export async function captureCore(request: CoreCaptureRequest): Promise<Capture> {
  const startedAtMs = performance.now();
  const { path, id, node, deadlineMs } = request;
  const core = readCore(path, { deadlineMs, ...(node !== undefined && { node }) });
  const loops = loopSection(core.activity);
  // The files of this machine: whether they are those of the process, their texts tell.
  const mapped = await mapCapture(
    {
      threads: coreThreads(core),
      tasks: [...core.tasks],
      timers: loops.timers,
      handles: loops.handles,
    },
    {
      scripts: [core.scripts],
      root: '',
      startedAtMs: core.modifiedAtMs,
      timeMs: startedAtMs + deadlineMs - performance.now(),
      directory: request.sourceMapDirectory,
    },
  );
  return redact({
    id,
    formatVersion,
    minReaderVersion,
    capturedAt: new Date().toISOString(),
    durationMs: Math.round(performance.now() - startedAtMs),
    pausedMs: 0,
    trigger: triggerOf(path, core),
    host: { hostname: 'unknown', kernel: core.kernel ?? 'unknown' },
    process: processOf(core),
    ...loops,
    ...mapped.placed,
    ...(mapped.scripts.length > 0 && { scripts: [...mapped.scripts] }),
    ...asyncStoreSection(core.threads.flatMap(({ reading }) => reading ?? [])),
    missing: [...core.missing, ...mapped.missing, ...neverKnown],
    redactions: { count: 0, keys: [] },
  });
}

function triggerOf(path: string, core: CoreReading): Capture['trigger'] {
  const { signal, writtenBy, sizeBytes } = core;
  const modifiedAt = new Date(core.modifiedAtMs).toISOString();
  const file = { path, sizeBytes, modifiedAt, writtenBy };
  const origin = `core file ${path}, written by ${writtenBy === 'debugger' ? 'a debugger' : 'the kernel'} (${modifiedAt})`;
  if (signal === null) return { kind: 'request', reason: origin, core: file };
  return {
    kind: 'fatal-signal',
    reason: `${describeSignal(signal, core)}; ${origin}`,
    signal: signal.name,
    tid: signal.tid,
    core: file,
  };
}

function processOf(core: CoreReading): Capture['process'] {
  const { pid, argv, execPath, nodeVersion, v8Version } = core;
  return {
    pid,
    ...(argv !== null && { argv: [...argv] }),
    ...(execPath !== null && { execPath }),
    ...(nodeVersion !== null && { nodeVersion }),
    ...(v8Version !== null && { v8Version }),
  };
}
