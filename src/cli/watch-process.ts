/** Looks at one process until it ends: notices hangs, captures each once, tells the story. Used by `watch` and `run`. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Episode, type EpisodeEvent, advance, calm } from '../detect/episode.ts';
import type { HangPolicy } from '../detect/hang.ts';
import { type ProcessIdentity } from '../probe/identity.ts';
import { type LoopProbe, openLoopProbe } from '../probe/loop.ts';
import type { Report, Trigger } from '../report/schema.ts';
import { captureToArchive } from './capture-to-archive.ts';

/** What happened to a watched process. */
export type WatchEvent =
  | { readonly kind: 'watching'; readonly weakness: string | null }
  | Exclude<EpisodeEvent, null>
  | { readonly kind: 'captured'; readonly report: Report; readonly path: string }
  | { readonly kind: 'capture-failed'; readonly error: unknown };

/** How to watch. */
export interface WatchOptions {
  readonly policy: HangPolicy;
  /** Directory of the archive. */
  readonly archive: string;
  /** Total time of one capture. */
  readonly deadlineMs: number;
  /** Ends the watch; a capture that is under way is finished first. */
  readonly signal: AbortSignal;
  readonly tell: (event: WatchEvent) => void;
  /** End after the first hang was captured. */
  readonly once?: boolean;
}

/** Resolves when the process has ended, the signal came, or with `once` a hang was captured. @returns hangs seen */
export async function watchProcess(
  identity: ProcessIdentity,
  options: WatchOptions,
): Promise<number> {
  const probe = await openLoopProbe(identity);
  try {
    return await follow(identity, probe, options);
  } finally {
    probe.close();
  }
}

async function follow(
  identity: ProcessIdentity,
  probe: LoopProbe,
  options: WatchOptions,
): Promise<number> {
  const { policy, signal, tell } = options;
  let episode: Episode = calm;
  let hangs = 0;
  let isToldOf = false;
  while (!signal.aborted) {
    const reading = await probe.read(policy.intervalMs);
    if (!isToldOf) {
      tell({ kind: 'watching', weakness: probe.weakness });
      isToldOf = true;
    }
    const step = advance(episode, reading, policy);
    episode = step.episode;
    if (step.event !== null) tell(step.event);
    if (step.event?.kind === 'ended') return hangs;
    if (step.event?.kind === 'hang-began') {
      hangs += 1;
      await captureHang(identity.pid, step.event.trigger, options);
      if (options.once === true) return hangs;
    }
    await pause(policy.intervalMs, signal);
  }
  return hangs;
}

async function captureHang(pid: number, trigger: Trigger, options: WatchOptions): Promise<void> {
  try {
    const request = { pid, id: randomUUID(), trigger, deadlineMs: options.deadlineMs };
    const { report, path } = await captureToArchive(request, { directory: options.archive });
    options.tell({ kind: 'captured', report, path });
  } catch (error) {
    options.tell({ kind: 'capture-failed', error });
  }
}

async function pause(timeMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(timeMs, undefined, { signal });
  } catch {
    // Aborted: the loop above ends.
  }
}
