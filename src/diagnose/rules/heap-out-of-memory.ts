/** V8's heap is full: of the main thread, or of a Worker. */
import type { Thread } from '../../report/schema.ts';
import { deathVerdict, lookAtDeath, nameApp, parentEvidence, stackEvidence } from '../death.ts';
import type { Rule } from '../evidence.ts';

/** V8 and Node on their way out, in whose frames nothing else can be read. */
const outOfMemory = /FatalProcessOutOfMemory|OOMErrorHandler/;
const mebi = 1 << 20;
const shownSpaces = 4;
const shownObjects = 5;

/** Certain: V8 said so, or stands in its own function for it. */
export const heapOutOfMemory: Rule = (scene) => {
  const { capture } = scene;
  const death = lookAtDeath(scene);
  const { thread } = death;
  const isKilled =
    capture.fault?.signal === 'SIGABRT' &&
    thread.frames.some((frame) => outOfMemory.test(frame.function));
  if (capture.trigger.kind !== 'out-of-memory' && !isKilled) return null;
  const isWorker = thread.kind === 'worker';
  const whose = isWorker ? `The heap of Worker ${thread.workerId ?? thread.tid}` : 'The heap';
  return deathVerdict(death, {
    kind: isWorker ? 'worker-out-of-memory' : 'heap-out-of-memory',
    summary: `${whose} is full${nameApp(death, capture)}.`,
    evidence: [
      { text: capture.trigger.reason },
      ...heapEvidence(thread),
      ...objectEvidence(capture.heapObjects ?? []),
      ...stackEvidence(death, capture).map(({ text }, i) => ({
        text: i === 0 ? `it was allocating in ${text}` : text,
      })),
      ...parentEvidence(death, scene),
    ],
    advice: isWorker
      ? 'Raise resourceLimits.maxOldGenerationSizeMb of the Worker if it needs that much; else look at what the frames hold, and at what grows.'
      : 'Raise --max-old-space-size if the program needs that much; else look at what the frames hold, and at what grows: queues, caches, lists without bound.',
  });
};

function heapEvidence({ heap }: Thread): { text: string }[] {
  if (heap === undefined) return [];
  const spaces = [...heap.spaces]
    .sort((left, right) => right.usedBytes - left.usedBytes)
    .filter(({ usedBytes }) => usedBytes >= mebi)
    .slice(0, shownSpaces)
    .map(({ name, usedBytes }) => `${name} ${Math.round(usedBytes / mebi)} MiB`);
  const limit =
    heap.limitBytes === undefined ? '' : `limit ${Math.round(heap.limitBytes / mebi)} MiB; `;
  return [{ text: `${limit}in use: ${spaces.join(', ')}` }];
}

function objectEvidence(
  objects: readonly { className: string; count: number; bytes: number }[],
): { text: string }[] {
  if (objects.length === 0) return [];
  const biggest = objects
    .slice(0, shownObjects)
    .map(
      ({ className, count, bytes }) => `${count} × ${className} (${Math.round(bytes / mebi)} MiB)`,
    );
  return [{ text: `biggest by class: ${biggest.join(', ')}` }];
}
