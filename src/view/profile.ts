/**
 * The looks of a report as a profile, for tools that show profiles. Weights are the time from one look to the next, so that a
 * thread which stood still for a second weighs a second.
 *
 * - collapsed: one line a stack, `outer;inner 12`, of Brendan Gregg's flamegraph.pl; weights in milliseconds.
 * - speedscope: file-format-schema.json of speedscope, `type: "sampled"`, a profile a thread.
 * - pprof: profile.proto, gzipped (pprof.ts).
 * - cpuprofile: what `node --cpu-prof` and the Chrome DevTools write (Profiler.Profile of the inspector protocol); one
 *   thread, the first that has looks: the format has no threads. Lines and columns count from 0 there.
 */
import { lineWords } from '../report/excerpt.ts';
import type { Report } from '../report/schema.ts';
import { sanitize } from '../report/sanitize.ts';
import { looksOf } from './model/samples.ts';
import type { LookFrame, ThreadLook } from './model/samples.ts';
import { renderPprof } from './pprof.ts';
import type { WeighedLooks } from './pprof.ts';
import { threadTitle } from './model/thread.ts';

export const profileFormats = ['speedscope', 'cpuprofile', 'collapsed', 'pprof'] as const;
export type ProfileFormat = (typeof profileFormats)[number];
type TextFormat = Exclude<ProfileFormat, 'pprof'>;

/** The file; null when no look of the report has a stack. */
export function renderProfile(report: Report, format: 'pprof'): Buffer | null;
export function renderProfile(report: Report, format: TextFormat): string | null;
export function renderProfile(report: Report, format: ProfileFormat): string | Buffer | null;
export function renderProfile(report: Report, format: ProfileFormat): string | Buffer | null {
  const threads = threadProfiles(report);
  const [first] = threads;
  if (first === undefined) return null;
  switch (format) {
    case 'collapsed':
      return collapsed(threads);
    case 'speedscope':
      return `${JSON.stringify(speedscope(report, threads))}\n`;
    case 'cpuprofile':
      return `${JSON.stringify(cpuProfile(first))}\n`;
    case 'pprof':
      return renderPprof(report, threads);
  }
}

function threadProfiles(report: Report): WeighedLooks[] {
  const byThread = new Map<number, ThreadLook[]>();
  for (const look of looksOf(report)) {
    if (look.frames.length === 0) continue;
    const looks = byThread.get(look.tid);
    if (looks === undefined) byThread.set(look.tid, [look]);
    else looks.push(look);
  }
  return [...byThread].map(([tid, looks]) => {
    const thread = report.threads.find((one) => one.tid === tid);
    const title = thread === undefined ? `thread ${tid}` : `${threadTitle(thread)} (${tid})`;
    return { tid, title: sanitize(title, 120), looks, weights: weightsOf(looks) };
  });
}

/** Time to the next look; the last one gets the mean of the others. */
function weightsOf(looks: readonly ThreadLook[]): number[] {
  const gaps = looks
    .slice(1)
    .map((look, index) => Math.max(0, look.atMs - (looks[index]?.atMs ?? 0)));
  const mean = gaps.length === 0 ? 1 : gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  return [...gaps, mean];
}

const nameOf = (frame: LookFrame): string =>
  sanitize(frame.function === '' ? '(anonymous)' : frame.function, 500);

function collapsed(threads: readonly WeighedLooks[]): string {
  const stacks = new Map<string, number>();
  for (const { title, looks, weights } of threads)
    for (const [index, { frames }] of looks.entries()) {
      const words = [...frames]
        .reverse()
        .map((frame) =>
          frame.file === undefined
            ? nameOf(frame)
            : `${nameOf(frame)} (${sanitize(frame.file, 500)}${lineWords(frame) || ':0'})`,
        );
      // `;` parts frames, and the last space the weight.
      const key = [title, ...words].map((word) => word.replaceAll(';', ':')).join(';');
      stacks.set(key, (stacks.get(key) ?? 0) + (weights[index] ?? 0));
    }
  return [...stacks]
    .map(([stack, weight]) => `${stack} ${Math.max(1, Math.round(weight))}\n`)
    .join('');
}

/** Frames once, by index. */
class FrameTable {
  readonly frames: { name: string; file?: string; line?: number; col?: number }[] = [];
  readonly #indexes = new Map<string, number>();

  indexOf(frame: LookFrame): number {
    const key = `${frame.function}\0${frame.file ?? ''}\0${frame.line ?? 0}\0${frame.column ?? 0}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    this.#indexes.set(key, this.frames.length);
    return (
      this.frames.push({
        name: nameOf(frame),
        ...(frame.file !== undefined && { file: sanitize(frame.file, 1_000) }),
        ...(frame.line !== undefined && { line: frame.line }),
        ...(frame.column !== undefined && { col: frame.column }),
      }) - 1
    );
  }
}

function speedscope(report: Report, threads: readonly WeighedLooks[]): object {
  const table = new FrameTable();
  const profiles = threads.map(({ title, looks, weights }) => ({
    type: 'sampled',
    name: title,
    unit: 'milliseconds',
    startValue: 0,
    endValue: weights.reduce((sum, weight) => sum + weight, 0),
    samples: looks.map(({ frames }) => [...frames].reverse().map((frame) => table.indexOf(frame))),
    weights,
  }));
  return {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    exporter: 'sleeper',
    name: sanitize(`${report.verdict.kind} ${report.host.hostname} ${report.process.pid}`, 200),
    activeProfileIndex: 0,
    shared: { frames: table.frames },
    profiles,
  };
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  hitCount: number;
  readonly children: number[];
}

function cpuProfile({ looks, weights }: WeighedLooks): object {
  const nodes: ProfileNode[] = [];
  const byKey = new Map<string, ProfileNode>();
  const nodeOf = (key: string, frame: LookFrame): ProfileNode => {
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const node: ProfileNode = {
      id: nodes.length + 1,
      callFrame: {
        functionName: nameOf(frame),
        scriptId: '0',
        url: sanitize(frame.file ?? '', 1_000),
        lineNumber: (frame.line ?? 0) - 1,
        columnNumber: (frame.column ?? 0) - 1,
      },
      hitCount: 0,
      children: [],
    };
    nodes.push(node);
    byKey.set(key, node);
    return node;
  };
  const root = nodeOf('', { function: '(root)', kind: 'native' });
  const samples = looks.map(({ frames }) => {
    let key = '';
    let parent = root;
    for (const frame of [...frames].reverse()) {
      key += `\n${frame.function}\0${frame.file ?? ''}\0${frame.line ?? 0}`;
      const isNew = !byKey.has(key);
      const node = nodeOf(key, frame);
      if (isNew) parent.children.push(node.id);
      parent = node;
    }
    parent.hitCount++;
    return parent.id;
  });
  const timeDeltas = [0, ...weights.slice(0, -1)].map((ms) => Math.round(ms * 1_000));
  const endTime = Math.round(weights.reduce((sum, weight) => sum + weight, 0) * 1_000);
  return { nodes, startTime: 0, endTime, samples, timeDeltas };
}
