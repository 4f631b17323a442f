/** Puts the values read at a loop check into the frames of the look before it. */
import type { Frame, Variable } from '../report/schema.ts';
import type { ThreadReading } from './reading.ts';

/** True when the innermost functions are optimised and their variables were nowhere to be found. */
export function lacksLocals({ frames }: ThreadReading): boolean {
  const [top] = frames;
  return (
    top !== undefined &&
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
export function withLoopValues(
  thread: ThreadReading,
  advanced: ThreadReading,
): ThreadReading | null {
  const offset = advanced.frames.length - thread.frames.length;
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
