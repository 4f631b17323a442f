/** Finds the source maps of what a capture or a report speaks of, and puts the places before compilation into it. */
import path from 'node:path';
import { limits } from '../limits.ts';
import type { ErrorRecord, Missing, Script } from '../report/schema.ts';
import { type Compiled, findSourceMap, type FoundMap, type MapPlaces, pathOf } from './find.ts';
import {
  callPlaceOf,
  type CompiledPlace,
  Originals,
  type Placed,
  type Surroundings,
} from './originals.ts';
import { MapProblem } from './map-problem.ts';
import type { SourceMap } from './source-map.ts';

/** What is known of the compiled files. */
export interface Program {
  /** Null: nothing is known of the file but its name. */
  readonly compiled: (file: string) => Compiled | null;
  readonly declarations: Surroundings['declarations'];
  readonly places: MapPlaces;
  /** Whether an original file is still what was compiled, by the time it was last changed. */
  readonly trustsFile: (modifiedAtMs: number) => boolean;
}

export interface Mapped<T> {
  readonly placed: T;
  readonly scripts: readonly Script[];
  readonly missing: readonly Missing[];
}

/** A copy with `original` wherever a map tells it. */
export async function addOriginals<T extends Placed>(
  placed: T,
  program: Program,
): Promise<Mapped<T>> {
  const scripts: Script[] = [];
  const found = new Map<string, FoundMap>();
  const maps = new Map<string, SourceMap>();
  const known = filesOf(placed).flatMap((file) => program.compiled(file) ?? []);
  const looks = known
    .slice(0, limits.maxMappedScripts)
    .map(async (compiled) => findSourceMap(compiled, program.places));
  for (const one of await Promise.all(looks)) {
    const { script, map } = one;
    const { file } = script;
    if (script.sha256 !== undefined || script.problem !== undefined) scripts.push(script);
    if (map === null) continue;
    found.set(file, one);
    maps.set(file, map);
  }
  const missing = scripts.flatMap(({ file, problem }): Missing[] =>
    problem === undefined ? [] : [{ what: missingOf(file), reason: `unreadable: ${problem}` }],
  );
  if (maps.size === 0) return { placed, scripts, missing };
  const originalFiles = await readOriginals(placed, found, program.trustsFile);
  const { declarations } = program;
  const originals = new Originals({ maps, originalFiles, declarations });
  const { threads, tasks, timers, handles, samples, error } = placed;
  const mapped = {
    ...placed,
    threads: originals.threads(threads),
    tasks: originals.tasks(tasks),
    timers: originals.timers(timers),
    ...(handles !== undefined && { handles: originals.handles(handles) }),
    ...(samples !== undefined && { samples: originals.samples(samples) }),
    ...(error !== undefined && { error: originals.error(error) }),
  };
  return { placed: mapped, scripts, missing };
}

/** What is missing of a file whose source map cannot be used. */
export const missingOf = (file: string): string => `places before compilation of ${file}`;

/** The program's own files, those of stacks first. */
function filesOf(placed: Placed): string[] {
  return [...new Set(placesOf(placed).flatMap(({ file }) => file ?? []))].filter(
    (file) => pathOf(file) !== null || /^[a-z][a-z\d+.-]+:\/\//i.test(file),
  );
}

function placesOf(placed: Placed): CompiledPlace[] {
  const { threads, tasks, timers, handles = [], samples = [], error } = placed;
  return [
    ...threads.flatMap(({ frames }) => frames),
    ...tasks,
    ...timers,
    ...handles.flatMap(({ listeners = [] }) => listeners),
    ...samples.flatMap((sample) => sample.threads.flatMap(({ frames }) => frames)),
    ...errorPlaces(error, 0),
  ].filter(({ file }) => file?.startsWith('node:') === false);
}

function errorPlaces(error: ErrorRecord | undefined, depth: number): CompiledPlace[] {
  if (error === undefined || depth > 16) return [];
  const { stack = '', cause, errors = [] } = error;
  return [
    ...stack
      .split('\n')
      .slice(0, limits.maxFrames)
      .flatMap((line) => callPlaceOf(line) ?? []),
    ...[cause, ...errors].flatMap((one) => errorPlaces(one, depth + 1)),
  ];
}

/** The original files that are shown and that the maps do not hold. */
async function readOriginals(
  { threads, tasks }: Placed,
  found: ReadonlyMap<string, FoundMap>,
  trustsFile: Program['trustsFile'],
): Promise<Map<string, string>> {
  const read = new Map<string, string>();
  const asked = new Set<string>();
  for (const { file, line, column } of [...threads.flatMap(({ frames }) => frames), ...tasks]) {
    const { script, map, files } = found.get(file ?? '') ?? {};
    if (line === undefined || map == null || files === undefined) continue;
    const traced = traceOrNull(map, line, column ?? 1);
    if (traced === null || traced.content !== null || asked.has(traced.file)) continue;
    if (asked.size >= limits.maxOriginalFiles) break;
    asked.add(traced.file);
    const near = script?.sourceMap?.path ?? pathOf(file ?? '');
    if (near === null) continue;
    const isElsewhere = script?.sourceMap?.from === 'directory';
    const place = isElsewhere ? besideMap(traced.file, file ?? '', near) : traced.file;
    const original = await files.readOriginal(place, near, limits.maxOriginalBytes);
    if (original !== null && trustsFile(original.modifiedAtMs))
      read.set(traced.file, original.bytes.toString('utf8'));
  }
  return read;
}

/** Of a map that was moved away from its program, the original files are looked for as far from it as they were. */
function besideMap(original: string, compiled: string, map: string): string {
  const from = path.posix.dirname(pathOf(compiled) ?? '/');
  return path.posix.resolve(path.posix.dirname(map), path.posix.relative(from, original));
}

function traceOrNull(map: SourceMap, line: number, column: number): ReturnType<SourceMap['trace']> {
  try {
    return map.trace(line, column);
  } catch (error) {
    if (error instanceof MapProblem) return null;
    throw error;
  }
}
