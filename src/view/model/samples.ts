/** Several quick looks at the threads: has anything moved? */
import { lineWords } from '../../report/excerpt.ts';
import type { Report, SampleFrame, SampleThread } from '../../report/schema.ts';
import { formatCount, formatDuration } from './units.ts';

/** An activation as a look saw it, placed and named as it was written: before compilation where that is known. */
export type LookFrame = SampleFrame;

/** One thread in one look. */
export type ThreadLook = SampleThread & {
  /** Since the first look. */
  readonly atMs: number;
};

/** What several looks at one thread say together. */
export interface Movement {
  readonly tid: number;
  readonly looks: readonly ThreadLook[];
  readonly spanMs: number;
  /** `stands`: the same stack each time · `within`: the same function, other lines · `moves` · `unknown`: too few looks. */
  readonly kind: 'stands' | 'within' | 'moves' | 'unknown';
  /** Where the looks found it, innermost function of the program, most frequent first. */
  readonly places: readonly { readonly words: string; readonly count: number }[];
  /** CPU time used between the first and the last look. */
  readonly usedCpuMs?: number;
  readonly loopTurns?: number;
  /** One sentence. */
  readonly words: string;
}

const maxLooks = 10_000;
const maxLookFrames = 1_000;

/** Every look at every thread, oldest first. */
export function looksOf({ samples = [] }: Pick<Report, 'samples'>): ThreadLook[] {
  const looks: ThreadLook[] = [];
  for (const { atMs, threads } of samples.slice(0, maxLooks))
    for (const thread of threads.slice(0, maxLooks - looks.length))
      looks.push({
        ...thread,
        atMs,
        frames: thread.frames.slice(0, maxLookFrames).map(asWritten),
      });
  return looks.sort((a, b) => a.atMs - b.atMs);
}

function asWritten(frame: SampleFrame): LookFrame {
  const { original } = frame;
  if (original === undefined) return frame;
  const { file, line, column, function: name = frame.function } = original;
  return { function: name, file, line, column, kind: frame.kind };
}

/** What the looks say, thread by thread, in the order of the first look. */
export function movementsOf(report: Pick<Report, 'samples'>): Movement[] {
  const byThread = new Map<number, ThreadLook[]>();
  for (const look of looksOf(report)) {
    const looks = byThread.get(look.tid);
    if (looks === undefined) byThread.set(look.tid, [look]);
    else looks.push(look);
  }
  return [...byThread].map(([tid, looks]) => movementOf(tid, looks));
}

function movementOf(tid: number, looks: readonly ThreadLook[]): Movement {
  const first = looks[0];
  const last = looks.at(-1);
  const spanMs = (last?.atMs ?? 0) - (first?.atMs ?? 0);
  const counts = new Map<string, number>();
  for (const look of looks) {
    const words = placeOfLook(look);
    if (words !== '') counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  const places = [...counts]
    .map(([words, count]) => ({ words, count }))
    .sort((a, b) => b.count - a.count);
  const usedCpuMs = difference(first?.cpuMs, last?.cpuMs);
  const loopTurns = difference(first?.loopTurns, last?.loopTurns);
  const kind = kindOf(looks);
  return {
    tid,
    looks,
    spanMs,
    kind,
    places,
    ...(usedCpuMs !== undefined && { usedCpuMs }),
    ...(loopTurns !== undefined && { loopTurns }),
    words: movementWords(kind, looks, spanMs, places, usedCpuMs, loopTurns),
  };
}

function difference(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from;
}

function kindOf(looks: readonly ThreadLook[]): Movement['kind'] {
  if (looks.length < 2) return 'unknown';
  const isOne = (keys: readonly string[]): boolean => new Set(keys).size === 1;
  if (looks.every(({ frames }) => frames.length === 0)) {
    if (!looks.every(({ call }) => call !== undefined)) return 'unknown';
    return isOne(looks.map(({ call = '' }) => call)) && looks[0]?.call !== 'running'
      ? 'stands'
      : 'unknown';
  }
  if (isOne(looks.map(({ frames }) => frames.map(lineKey).join('\n')))) return 'stands';
  return isOne(looks.map((look) => functionKey(innermostOwn(look)))) ? 'within' : 'moves';
}

const lineKey = (frame: LookFrame): string => functionKey(frame) + lineWords(frame);
const functionKey = (frame: LookFrame | undefined): string =>
  `${frame?.function ?? ''}@${frame?.file ?? ''}`;

/** The innermost function of the program; the innermost at all where there is none. */
export function innermostOwn({ frames }: ThreadLook): LookFrame | undefined {
  const own = frames.find(
    ({ kind, file }) => kind === 'js' && file !== undefined && !file.startsWith('node:'),
  );
  return own ?? frames[0];
}

function placeOfLook(look: ThreadLook): string {
  const frame = innermostOwn(look);
  if (frame === undefined) return look.call ?? look.vmState ?? '';
  const file = frame.file?.split('/').at(-1);
  const place = file === undefined ? '' : ` (${file}${lineWords(frame)})`;
  return `${frame.function === '' ? '(anonymous)' : frame.function}${place}`;
}

function movementWords(
  kind: Movement['kind'],
  looks: readonly ThreadLook[],
  spanMs: number,
  places: Movement['places'],
  usedCpuMs: number | undefined,
  loopTurns: number | undefined,
): string {
  const span = `${formatCount(looks.length, 'look')} in ${formatDuration(spanMs)}`;
  const cpu = usedCpuMs === undefined ? '' : `; it used ${formatDuration(usedCpuMs)} of CPU`;
  const turns =
    loopTurns === undefined
      ? ''
      : loopTurns === 0
        ? '; its loop did not turn'
        : `; its loop turned ${formatCount(loopTurns, 'time')}`;
  const top = places[0]?.words ?? 'the same place';
  switch (kind) {
    case 'stands':
      return `has not moved: ${top} in ${span}${cpu}${turns}`;
    case 'within':
      return `moves within one function: ${places
        .slice(0, 3)
        .map((place) => place.words)
        .join(', ')} in ${span}${cpu}${turns}`;
    case 'moves':
      return `moves: ${places
        .slice(0, 4)
        .map((place) => `${place.words} ×${place.count}`)
        .join(', ')} in ${span}${cpu}${turns}`;
    case 'unknown':
      return `${span}${cpu}${turns}`;
  }
}
