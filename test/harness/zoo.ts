/** The zoo: small programs that do one wrong thing each, and what must be said about them. */
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { Tier, Verdict, triggerKinds } from '#dist/report/schema.js';
import type { Json } from './expect-value.ts';
import { holders } from './held.ts';
import { nodeNames } from './node-versions.ts';
import { zooRoot } from './paths.ts';

export const habitats = ['hang', 'crash', 'quiet'] as const;
export type Habitat = (typeof habitats)[number];

const JsonValue = v.custom<Json>(() => true);
const Values = v.record(v.string(), JsonValue);
/** One name, or several of which one must be right: V8 versions name methods differently. */
const Names = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((names) => (Array.isArray(names) ? names : [names])),
);

/** One frame of the program itself, as it must stand in the report. */
const ExpectedFrame = v.strictObject({
  function: Names,
  /** A marker of the program such as `@stuck`; where several lines carry it, any of them. */
  line: v.string(),
  tier: v.optional(v.array(Tier)),
  inlined: v.optional(v.boolean()),
  receiver: v.optional(JsonValue),
  arguments: v.optional(Values, {}),
  locals: v.optional(Values, {}),
  /** Variables (or `this`) that the compiler may have thrown away: right, or `optimized-out`, never wrong. */
  mayBeOptimizedOut: v.optional(v.array(v.string()), []),
});
export type ExpectedFrame = v.InferOutput<typeof ExpectedFrame>;

export interface ExpectedError {
  name?: string | undefined;
  message: string;
  stack?: { function: string; line: string } | undefined;
  properties?: Record<string, Json> | undefined;
  cause?: ExpectedError | undefined;
}
const ExpectedError: v.GenericSchema<unknown, ExpectedError> = v.strictObject({
  name: v.optional(v.string()),
  message: v.string(),
  stack: v.optional(v.strictObject({ function: v.string(), line: v.string() })),
  properties: v.optional(Values),
  cause: v.optional(v.lazy(() => ExpectedError)),
});

/** A suspended async function, as it must stand among the tasks. */
const ExpectedTask = v.strictObject({
  function: v.string(),
  line: v.string(),
  arguments: v.optional(Values, {}),
  locals: v.optional(Values, {}),
});
export type ExpectedTask = v.InferOutput<typeof ExpectedTask>;

/** expected.json: meaning only, never addresses, times or whole dumps. */
const Expected = v.strictObject({
  about: v.string(),
  nodeFlags: v.optional(v.partial(v.strictObject(flagsByNode())), {}),
  /** Any of these. */
  verdict: v.array(Verdict.entries.kind),
  /** Regular expressions that summary, evidence or advice of the verdict must match, each. */
  matches: v.optional(v.array(v.string()), []),
  trigger: v.optional(v.picklist(triggerKinds), 'request'),
  /** The command that node is started by; `$zoo` is the program's folder. It must become the program. */
  within: v.optional(v.array(v.string()), []),
  /** Arguments of the program. */
  args: v.optional(v.array(v.string()), []),
  /** C source beside the program; its library's path is in the environment as ZOO_LIBRARY. */
  library: v.optional(v.string()),
  /** Who is captured: the program, or its child. */
  target: v.optional(v.picklist(['program', 'child']), 'program'),
  /** How to tell from outside that the program has reached its state. */
  stuck: v.optional(
    v.union([
      v.strictObject({ cpuMs: v.number() }),
      v.strictObject({ workerCpuMs: v.number() }),
      v.strictObject({ syscall: v.string() }),
      v.strictObject({ state: v.string() }),
      /** Name of the program that its child has become. */
      v.strictObject({ child: v.string() }),
    ]),
  ),
  /** Who holds it, once the state is reached. */
  held: v.optional(v.picklist(holders)),
  /** Verdicts when it is let go. */
  afterwards: v.optional(v.array(Verdict.entries.kind)),
  /** CPUs that its control group allows it on average, once it is ready. */
  cpuQuota: v.optional(v.number()),
  /** Bytes of memory that its control group allows it. */
  memoryLimit: v.optional(v.number()),
  thread: v.optional(v.picklist(['main', 'worker']), 'main'),
  /** Functions of the program that may stand above the first expected frame. */
  callees: v.optional(v.array(v.string()), []),
  /** Innermost first, without gaps. */
  frames: v.optional(v.array(ExpectedFrame), []),
  /** Among the tasks, in any order. */
  tasks: v.optional(v.array(ExpectedTask), []),
  /** True: the main thread has no JavaScript frame, and a note says why. */
  noFrames: v.optional(v.boolean(), false),
  exit: v.optional(
    v.union([v.strictObject({ status: v.number() }), v.strictObject({ signal: v.string() })]),
  ),
  /** Crashes: of how many reports the last one is the expected one; one in each run of `sleeper`. */
  reports: v.optional(v.number(), 1),
  fault: v.optional(
    v.strictObject({
      signal: v.string(),
      message: v.optional(v.string()),
      mapping: v.optional(v.string()),
      stackOverflow: v.optional(v.boolean()),
    }),
  ),
  /** Words that stand in the verdict's summary or evidence. */
  says: v.optional(v.array(v.string()), []),
  error: v.optional(ExpectedError),
});
export type Expected = v.InferOutput<typeof Expected>;

function flagsByNode(): Record<
  (typeof nodeNames)[number],
  v.ArraySchema<v.StringSchema<undefined>, undefined>
> {
  const flags = v.array(v.string());
  return { '18': flags, '20': flags, '22': flags, '24': flags, '26': flags };
}

/** One folder of the zoo. */
export interface ZooKind {
  readonly habitat: Habitat;
  /** `hang/sync-loop` */
  readonly id: string;
  readonly program: string;
  readonly expected: Expected;
  /** Lines (from 1) that carry a marker, by marker: `@stuck` → [12]. */
  readonly markers: ReadonlyMap<string, readonly number[]>;
}

/** Markers stand at the end of a line: `…; // @stuck`. */
export function readMarkers(file: string): Map<string, number[]> {
  const markers = new Map<string, number[]>();
  for (const [index, text] of fs.readFileSync(file, 'utf8').split('\n').entries()) {
    const marker = /\/\/ (@[\w-]+)$/.exec(text)?.[1];
    if (marker !== undefined) markers.set(marker, [...(markers.get(marker) ?? []), index + 1]);
  }
  return markers;
}

function loadKind(habitat: Habitat, name: string): ZooKind {
  const directory = path.join(zooRoot, habitat, name);
  const program = ['program.mjs', 'program.cjs']
    .map((file) => path.join(directory, file))
    .find((file) => fs.existsSync(file));
  if (program === undefined) throw new Error(`${directory} has no program`);
  const text = fs.readFileSync(path.join(directory, 'expected.json'), 'utf8');
  const expected = v.parse(Expected, JSON.parse(text));
  const markers = readMarkers(program);
  for (const { line } of [...expected.frames, ...expected.tasks]) {
    if (!markers.has(line)) throw new Error(`${program} has no line marked ${line}`);
  }
  return { habitat, id: `${habitat}/${name}`, program, expected, markers };
}

/** Every kind of a habitat, by name. @throws Error or ValiError on a folder that is not complete */
export function loadKinds(habitat: Habitat): ZooKind[] {
  return fs
    .readdirSync(path.join(zooRoot, habitat))
    .sort()
    .map((name) => loadKind(habitat, name));
}

/** One kind by id, such as `hang/sync-loop`. */
export function loadZooKind(id: `${Habitat}/${string}`): ZooKind {
  const [habitat, name] = id.split('/') as [Habitat, string];
  return loadKind(habitat, name);
}
