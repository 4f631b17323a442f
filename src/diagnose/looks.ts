/** What several looks at one thread show: whether it moves, and what happened between them. Pure. */
import { lineWords } from '../report/excerpt.ts';
import type { Capture, SampleFrame, SampleThread } from '../report/schema.ts';

/** A call in words, or with raw arguments. */
export const epollCall = /^epoll_p?wait2?\(/;

/** A reading or two of many may be of the moment between two writes of the loop's. */
const strayShare = 0.05;

/** The looks at one thread, added up. */
export interface Looks {
  readonly count: number;
  /** From the first look to the last. */
  readonly overMs: number;
  /** At the first look: the call with its arguments, `running`; null when not known. */
  readonly firstCall: string | null;
  /** All looks found it in the very same call. */
  readonly isSameCall: boolean;
  /** Share of one CPU it used, 0 to 1; null when not known. */
  readonly cpuShare: number | null;
  /** Share of the looks in which it ran or was ready to; a busy machine lets it use less than that. */
  readonly runnableShare: number;
  /**
   * Its JavaScript, innermost function and place: `still`: the same in all looks that saw any · `moving` · `unknown`: fewer
   * than two looks saw any.
   */
  readonly movement: 'still' | 'moving' | 'unknown';
  /** Stacks of the looks that could see one. */
  readonly stacks: readonly (readonly SampleFrame[])[];
  /** Share of the readings between the looks in which V8 was in a state, 0 to 1; null without readings. */
  shareOf(vmState: string): number | null;
  /** How many readings these shares are of. */
  readonly readings: number;
  /** Turns of its loop between the looks; null when not counted. */
  readonly turns: number | null;
  /** Share of the time in which its loop waited in its poll; null when not known. */
  readonly pollingShare: number | null;
  /** The loop neither turned nor waited between the looks. */
  readonly isInOneTurn: boolean;
  /** The loop waited for work between the looks: whatever kept it is over. */
  readonly hasComeBack: boolean;
  /** The last look found it in epoll. Only without JavaScript on the stack is that its own loop for sure. */
  readonly endsInPoll: boolean;
  /** Microtasks that ran between the looks; null when not counted. */
  readonly microtasks: number | null;
  /** Different process.nextTick() callbacks were seen running, each on its own. */
  readonly ticks: { readonly first: number; readonly last: number } | null;
}

/** @param tid the thread that is looked at */
export function looksAt(capture: Capture, tid: number): Looks {
  const samples = capture.samples ?? [];
  const seen = samples.flatMap(({ atMs, threads }) => {
    const thread = threads.find((candidate) => candidate.tid === tid);
    return thread === undefined ? [] : [{ atMs, thread }];
  });
  const [first] = seen;
  const last = seen.at(-1);
  const threads = seen.map(({ thread }) => thread);
  const overMs = (last?.atMs ?? 0) - (first?.atMs ?? 0);
  const usedMs = Number(last?.thread.cpuMs) - Number(first?.thread.cpuMs);
  const stacks = threads.map(({ frames }) => frames).filter((frames) => frames.length > 0);
  const states = sumStates(threads);
  const readings = [...states.values()].reduce((sum, count) => sum + count, 0);
  const turns = lastOf(threads, 'loopTurns');
  const pollingShare = meanOf(threads);
  return {
    count: seen.length,
    overMs,
    firstCall: first?.thread.call ?? null,
    isSameCall: isSameCall(threads),
    cpuShare: overMs > 0 && Number.isFinite(usedMs) ? Math.min(1, usedMs / overMs) : null,
    runnableShare: threads.filter(({ state }) => state === 'R').length / Math.max(1, seen.length),
    movement: movementOf(stacks),
    stacks,
    shareOf: (vmState) => (readings === 0 ? null : (states.get(vmState) ?? 0) / readings),
    readings,
    turns,
    pollingShare,
    isInOneTurn: turns === 0 && pollingShare === 0,
    hasComeBack: (pollingShare ?? 0) > strayShare,
    endsInPoll: epollCall.test(last?.thread.call ?? ''),
    microtasks: lastOf(threads, 'microtasks'),
    ticks: ticksOf(threads),
  };
}

function isSameCall(threads: readonly SampleThread[]): boolean {
  const [first, ...rest] = threads.map(({ call }) => call);
  if (first === undefined || first === 'running' || rest.length === 0) return false;
  // A sleep that a look of ours interrupted goes on as restart_syscall.
  return rest.every((call) => call === first || call?.startsWith('restart_syscall') === true);
}

function sumStates(threads: readonly SampleThread[]): Map<string, number> {
  const states = new Map<string, number>();
  for (const { vmStates } of threads)
    for (const [state, count] of Object.entries(vmStates ?? {}))
      states.set(state, (states.get(state) ?? 0) + count);
  return states;
}

/** Counts are told since the first look: the last one is the sum. */
function lastOf(threads: readonly SampleThread[], name: 'loopTurns' | 'microtasks'): number | null {
  return threads.flatMap((thread) => thread[name] ?? []).at(-1) ?? null;
}

function meanOf(threads: readonly SampleThread[]): number | null {
  const shares = threads.flatMap(({ pollingShare }) => pollingShare ?? []);
  return shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function ticksOf(threads: readonly SampleThread[]): Looks['ticks'] {
  const ids = threads.flatMap(({ tickId }) => tickId ?? []);
  const [first] = ids;
  const last = ids.at(-1);
  return first === undefined || last === undefined || first === last ? null : { first, last };
}

/** `function at file:line` of every JavaScript frame; C++ comes and goes above them. */
function placesOf(frames: readonly SampleFrame[]): string {
  return frames
    .filter(({ kind, file }) => (kind === 'js' || kind === 'wasm') && file !== undefined)
    .map((frame) => `${frame.function} ${frame.file ?? ''}${lineWords(frame)}`)
    .join('\n');
}

function movementOf(stacks: readonly (readonly SampleFrame[])[]): Looks['movement'] {
  const places = stacks.map(placesOf).filter((text) => text !== '');
  const [first, ...rest] = places;
  if (first === undefined || rest.length === 0) return 'unknown';
  return rest.every((text) => text === first) ? 'still' : 'moving';
}
