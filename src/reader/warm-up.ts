/**
 * The first reading of a process takes twice as long as the second: V8 compiles the reader while it works. A process that waits
 * for something to read may get that over with by reading itself, without stopping anything.
 */
import { limits } from '../limits.ts';
import { LiveMemory } from './memory/live.ts';
import { PagedMemory } from './memory/paged.ts';
import { findThreadPointers } from './memory/thread-pointers.ts';
import { readThreads } from './read-threads.ts';
import { Target } from './target.ts';
import { findOwnedIsolates } from './tasks/isolates.ts';
import { readTasks } from './tasks/read-tasks.ts';

/** Of the isolate, the part that tells where its stack begins. */
const isolateBytes = 64 << 10;
/** A callback of the event loop needs far less. */
const stackBytes = 128 << 10;

/**
 * Reads the calling process's own stack, values and tasks, as those of any other; what is seen is of no interest.
 * @returns how many frames it saw @throws SleeperError where this Node.js cannot be read
 */
export function readItself(): number {
  const { pid } = process;
  const endsAtMs = performance.now() + limits.warmUpMs;
  const target = new Target(pid);
  const mappings = target.readMappings();
  const source = new LiveMemory(pid);
  const threads = findThreadPointers(pid, [pid], mappings);
  const isolates = findOwnedIsolates(target, source, mappings, threads);
  const memory = new PagedMemory(source);
  const stack = mappings.find(({ path }) => path === '[stack]');
  // In one call: at the next one the stack is another.
  memory.prefetchRanges([
    ...isolates.map(({ address }) => ({ address, bytes: isolateBytes })),
    ...(stack === undefined ? [] : [{ address: stack.end - stackBytes, bytes: stackBytes }]),
  ]);
  const scene = { target, memory, mappings, endsAtMs };
  const starts = isolates.map(({ tid, address }) => ({ tid, registers: null, isolate: address }));
  const frames = readThreads(scene, starts).flatMap((thread) => thread.frames);
  readTasks({ target, source, mayStop: false, mappings, isolates, endsAtMs }, []);
  return frames.length;
}
