/** Values of loops that run in optimised code: read at a place of theirs, put into the frames of the look before. */
import { setImmediate } from 'node:timers/promises';
import { limits } from '../limits.ts';
import type { Frame, Variable } from '../report/schema.ts';
import type { CountedLook, LookPlan } from './looks.ts';
import { type TakenLook, takeLook } from './memory/look.ts';
import { findReadableCall } from './read-threads.ts';
import type { ThreadReading } from './reading.ts';

/**
 * A thread in the middle of optimised code shows no locals of its innermost function. It is looked at again, and what it is
 * about to do is worked out up to a place where they can be read (frames/loop-check.ts); they are put into the frames
 * already read. Not every way there is known, so several looks may be needed; the target runs between them.
 */
export async function addLoopValues(
  plan: LookPlan,
  counted: CountedLook,
  pausedMs: number,
): Promise<Pick<CountedLook, 'threads' | 'pausedMs'>> {
  let longestMs = pausedMs;
  const threads: ThreadReading[] = [];
  for (const thread of counted.threads) {
    let filled: ThreadReading | null = null;
    const endsAtMs = Math.min(plan.endsAtMs, performance.now() + limits.loopLooksMs);
    const isWanted = counted.look !== null && lacksLocals(thread);
    for (let looks = 0; isWanted && filled === null && looks < limits.maxLoopLooks; looks++) {
      if (performance.now() > endsAtMs) break;
      // The target runs on; and our own process may do other things.
      await setImmediate();
      const taken = lookAtLoop(plan, thread.tid);
      longestMs = Math.max(longestMs, taken.pausedMs);
      if (taken.isConsistent && taken.result !== null)
        filled = withLoopValues(thread, taken.result);
    }
    threads.push(filled ?? thread);
  }
  return { threads, pausedMs: longestMs };
}

/**
 * One look, decoded while the target runs on. Loops that allocate write to new pages all the time: a look that lacks one
 * counts for nothing, and the next knows it. Holding the target instead would cost it ten times the pause.
 */
function lookAtLoop(plan: LookPlan, tid: number): TakenLook<ThreadReading | null> {
  const { target, mappings, pages } = plan;
  let lateReads = 0;
  const wishes = { tids: [tid], mappings, pages, holdWhileDecoding: false };
  const taken = takeLook(target.pid, wishes, (look) => {
    const { memory, threads } = look;
    const [stopped] = threads;
    const at = stopped === undefined ? null : findReadableCall({ ...plan, memory }, stopped);
    const read = at === null ? [] : plan.decode(look, plan.endsAtMs - performance.now(), at);
    for (const page of memory.usedPages) pages.add(page);
    lateReads = memory.lateReads.size;
    return read[0] ?? null;
  });
  return { ...taken, isConsistent: lateReads === 0 };
}

/** True when the innermost functions are optimised and their variables were nowhere to be found. */
function lacksLocals({ frames }: ThreadReading): boolean {
  const [top] = frames;
  return (
    top?.kind === 'js' &&
    (top.tier === 'turbofan' || top.tier === 'maglev') &&
    frames.some(
      (frame) => frame.tier === top.tier && (frame.inlined === true || isIncomplete(frame)),
    )
  );
}

/**
 * Frames are matched from the outermost in: between the two looks the thread ran on in its innermost functions. Places
 * stay those of the first look.
 * @returns null when no frame got values
 */
function withLoopValues(thread: ThreadReading, advanced: ThreadReading): ThreadReading | null {
  const offset = advanced.frames.length - thread.frames.length;
  // The loop and all below it must be there still: values of another loop do not belong to this stack.
  const loop = thread.frames.findIndex((frame) => frame.inlined !== true);
  const isThere = thread.frames.every((frame, i) => {
    const later = advanced.frames[i + offset];
    return i < loop || (later !== undefined && isSameActivation(frame, later));
  });
  if (!isThere) return null;
  let filled = 0;
  const frames = thread.frames.map((frame, i): Frame => {
    const later = advanced.frames[i + offset];
    if (later === undefined || !isSameActivation(frame, later) || !isIncomplete(frame))
      return frame;
    filled++;
    const { receiver, arguments: parameters, locals } = later;
    return {
      ...frame,
      ...(receiver !== undefined && { receiver }),
      arguments: parameters,
      locals,
    };
  });
  if (filled === 0) return null;
  const note =
    'values of optimised functions are those of a turn of their loop some milliseconds later';
  return { ...thread, frames, note: thread.note === undefined ? note : `${thread.note}; ${note}` };
}

function isSameActivation(frame: Frame, later: Frame): boolean {
  return (
    frame.function === later.function &&
    frame.file === later.file &&
    frame.inlined === later.inlined
  );
}

function isIncomplete(frame: Frame): boolean {
  const isLost = ({ value }: Variable) => value.reason === 'optimized-out';
  return (
    frame.receiver?.reason === 'optimized-out' ||
    frame.arguments.some(isLost) ||
    frame.locals.some(isLost)
  );
}
