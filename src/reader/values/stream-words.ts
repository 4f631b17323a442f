/** Streams of Node's in words: which one it is, and what somebody who waits for it may want to know. */
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { readArrayWords } from './elements.ts';
import { tellNodeObject } from './node-objects.ts';
import { isReceiver, readClassName } from './properties.ts';
import { readStreamState, type StreamState } from './stream-state.ts';

/** More are no pipeline that people write. */
const maxStages = 16;
/** What is to be said of a stream whose event is waited for (lib/internal/streams/readable.js, writable.js). */
const eventWords: Partial<Record<string, (state: StreamState) => string[]>> = {
  data: readingWords,
  readable: readingWords,
  end: readingWords,
  drain: (state) => (state.writable?.needsDrain === true ? backlogWords(state) : ['none is due']),
  finish: (state) => [...backlogWords(state), ...openWords(state)],
};

/** `ReadStream {/var/x, fd 33}`, or the name of its class. @throws UnreadableMemory */
export function nameStream(heap: Heap, stream: Tagged): string {
  const name = readClassName(heap, stream) ?? '';
  const told = tellNodeObject(heap, name, stream);
  if (told !== null) {
    // Of a request the line tells what it asks for, and not on which connection.
    const { words, fd } = told;
    return `${name} {${words}${fd === undefined || words.includes(`fd ${fd}`) ? '' : `, fd ${fd}`}}`;
  }
  return name === '' ? 'a stream' : name;
}

/** `the next chunk of ReadStream {/var/x, fd 33}: nothing in its buffer`; null: it is no stream. @throws UnreadableMemory */
export function nextChunkWords(heap: Heap, stream: Tagged): string | null {
  const state = readStreamState(heap, stream);
  if (state === null) return null;
  return `the next chunk of ${nameStream(heap, stream)}${behind(readingWords(state))}`;
}

/** `PassThrough to end: nobody reads it`; null: it is no stream. @throws UnreadableMemory */
export function endWords(heap: Heap, stream: Tagged): string | null {
  const state = readStreamState(heap, stream);
  if (state === null) return null;
  const { readable, writable } = state;
  const isReadToEnd = readable === null || readable.isEndEmitted;
  const words = [
    ...(isReadToEnd ? [] : readingWords(state)),
    ...(writable?.isFinished === false ? [...backlogWords(state), ...openWords(state)] : []),
  ];
  return `${nameStream(heap, stream)} to end${behind(words)}`;
}

/** `Socket {fd 21} to take more: 65,536 bytes wait to be written`; null: it is no stream. @throws UnreadableMemory */
export function roomWords(heap: Heap, stream: Tagged): string | null {
  const state = readStreamState(heap, stream);
  if (state === null) return null;
  return `${nameStream(heap, stream)} to take more${behind(backlogWords(state))}`;
}

/** What stands behind an event that somebody waits for: `: nothing in its buffer`; empty for other events and objects. @throws UnreadableMemory */
export function stateBehindEvent(heap: Heap, emitter: Tagged, event: string): string {
  const words = eventWords[event];
  const state = words === undefined ? null : readStreamState(heap, emitter);
  return state === null ? '' : behind(words?.(state) ?? []);
}

/** `the pipeline ReadStream {/var/x, fd 33} → Gzip → Socket {fd 21}, where Socket takes no more: …`; null: it is none. @throws UnreadableMemory */
export function pipelineWords(heap: Heap, list: Tagged): string | null {
  const stages = readStages(heap, list);
  if (stages.length < 2) return null;
  const names = stages.map((stage) => nameStage(heap, stage)).join(' → ');
  return `the pipeline ${names}${stuckWords(heap, stages)}`;
}

interface Stage {
  readonly stream: Tagged;
  readonly state: StreamState | null;
}

function readStages(heap: Heap, list: Tagged): Stage[] {
  if (!heap.is(list, 'JS_ARRAY')) return [];
  const elements = readArrayWords(heap, list, maxStages).filter((word) => isReceiver(heap, word));
  const [first] = elements;
  // pipeline([a, b, c])
  if (elements.length === 1 && first !== undefined) return readStages(heap, first);
  return elements.map((stream) => ({ stream, state: readStreamState(heap, stream) }));
}

function nameStage(heap: Heap, { stream }: Stage): string {
  return heap.isFunction(stream) ? 'a function' : nameStream(heap, stream);
}

/** Where it does not get on: the last that takes no more; else the first that gives no more. */
function stuckWords(heap: Heap, stages: readonly Stage[]): string {
  const full = stages.findLast(
    ({ state }) => state?.writable?.isFinished === false && state.writable.buffered.count > 0,
  );
  const short = (stage: Stage): string => {
    const name = readClassName(heap, stage.stream) ?? '';
    const isOnly =
      stages.filter(({ stream }) => (readClassName(heap, stream) ?? '') === name).length === 1;
    return isOnly && name !== '' ? name : nameStage(heap, stage);
  };
  if (full?.state != null)
    return `, where ${short(full)} takes no more${behind(backlogWords(full.state))}`;
  const open = stages.find(({ state }) => state?.readable?.isEndEmitted === false);
  return open?.state == null
    ? ''
    : `, where ${short(open)} gives no more${behind(readingWords(open.state))}`;
}

function readingWords(state: StreamState): string[] {
  const { readable, isTransform } = state;
  if (readable === null) return [];
  if (readable.isDestroyed) return ['it is destroyed'];
  const isEmpty = readable.buffered.count === 0;
  return [
    ...(isEmpty ? [] : [`${amountWords(readable.buffered)} in its buffer`]),
    ...(readable.isPaused ? ['paused'] : []),
    ...(readable.isUnread ? ['nobody reads it'] : []),
    ...(readable.isEnded ? ['its source has ended'] : []),
    // What comes out of it is what was written to it.
    ...(isEmpty && isTransform && !readable.isEnded
      ? [...backlogWords(state), ...openWords(state)]
      : []),
  ];
}

/** What it was given, and has not passed on. */
function backlogWords({ writable, isTransform }: StreamState): string[] {
  if (writable === null || writable.buffered.count === 0) return [];
  if (writable.isDestroyed) return ['it is destroyed'];
  const verb = writable.buffered.count === 1 ? 'waits' : 'wait';
  const done = isTransform ? 'transformed' : 'written';
  return [`${amountWords(writable.buffered)} ${verb} to be ${done}`];
}

function openWords({ writable }: StreamState): string[] {
  return writable === null || writable.isEnding || writable.isDestroyed
    ? []
    : ['end() was not called'];
}

function amountWords({ count, unit }: { count: number; unit: string }): string {
  return `${count.toLocaleString('en')} ${unit}${count === 1 ? '' : 's'}`;
}

function behind(words: readonly string[]): string {
  return words.length === 0 ? '' : `: ${[...new Set(words)].join(', ')}`;
}
