/**
 * What is waited for where a function of Node's own settles the promise: the next chunk of which stream, which pipeline. By the script of that
 * function, and the variable of its scopes that has the stream. They are the same in Node.js 18 to 26.
 */
import type { Heap } from '../heap/heap.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { UnreadableMemory } from '../memory/source.ts';
import { propertiesOf } from '../values/fetch-objects.ts';
import { readScopeChain } from '../values/scope.ts';
import { endWords, nextChunkWords, pipelineWords, roomWords } from '../values/stream-words.ts';

interface Variable {
  readonly name: string;
  /** Null: it is not what the name says. */
  readonly tell: (heap: Heap, word: Tagged) => string | null;
}

const byScript: Partial<Record<string, Variable>> = {
  // createAsyncIterator(): for await (… of stream).
  'node:internal/streams/readable': { name: 'stream', tell: nextChunkWords },
  'node:stream/promises': { name: 'streams', tell: pipelineWords },
  // finished() of stream/promises.
  'node:internal/streams/end-of-stream': { name: 'stream', tell: endWords },
  // pumpToNode(): behind a function or an iterable in a pipeline.
  'node:internal/streams/pipeline': { name: 'writable', tell: roomWords },
  // setInterval() of timers/promises.
  'node:timers/promises': { name: 'interval', tell: intervalWords },
};

/** @param file script of the function. @param context its own. @returns null when it is none of these */
export function tellNodeWait(heap: Heap, file: string, context: Tagged): string | null {
  const variable = byScript[file];
  if (variable === undefined) return null;
  try {
    const found = readScopeChain(heap, context, 0, Infinity).find(
      ({ name }) => name === variable.name,
    );
    return found?.slot.kind === 'tagged' ? variable.tell(heap, found.slot.word) : null;
  } catch (error) {
    if (error instanceof UnreadableMemory) return null;
    throw error;
  }
}

function intervalWords(heap: Heap, timeout: Tagged): string | null {
  if (!heap.is(timeout, 'JS_OBJECT')) return null;
  const delayMs = smiValue(propertiesOf(heap, timeout).get('_repeat') ?? 1);
  return delayMs === null ? null : `a timer of ${delayMs} ms, again and again`;
}
