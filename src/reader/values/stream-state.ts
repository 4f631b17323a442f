/**
 * How a stream of Node's stands: what is in its buffers, who reads it, whether it has ended (lib/internal/streams/readable.js, writable.js,
 * transform.js). Read from the properties of its states; no getter runs.
 *
 * Flags are bits of one number, at places that differ by version, or properties of their own. Which it is, the state itself shows.
 */
import type { Heap } from '../heap/heap.ts';
import { smiValue, type Tagged, untag } from '../layout/tagged.ts';
import { type Properties, propertiesOf } from './fetch-objects.ts';
import { isReceiver } from './properties.ts';

/** Flags by name: the bit in the number, where there is one. Others are properties of that name, or of another one. */
interface FlagTable {
  /** The property that has the number. */
  readonly word: string;
  readonly bits: Readonly<Record<string, number>>;
}

/** The first whose number is there is that of the version. The places are the same in all that have it. */
const readableFlags: readonly FlagTable[] = [
  {
    // Node.js 20 to 26.
    word: '[Symbol(kState)]',
    bits: {
      objectMode: 0,
      destroyed: 4,
      ended: 9,
      endEmitted: 10,
      readableListening: 15,
      hasFlowing: 23,
      hasPaused: 25,
      paused: 26,
    },
  },
  // Node.js 18.
  {
    word: 'state',
    bits: { objectMode: 0, ended: 1, endEmitted: 2, readableListening: 8, destroyed: 13 },
  },
];
const writableFlags: readonly FlagTable[] = [
  // Node.js 20 to 26; before that they are properties.
  {
    word: '[Symbol(kState)]',
    bits: { objectMode: 0, destroyed: 4, needDrain: 11, ending: 12, finished: 13 },
  },
];
const maxStreamProperties = 200;

export interface ReadableState {
  readonly buffered: Amount;
  readonly isDestroyed: boolean;
  /** Its source has said that there is no more. */
  readonly isEnded: boolean;
  /** And everybody has heard of that. */
  readonly isEndEmitted: boolean;
  /** pause() was called, or a writer that it is piped to is full. */
  readonly isPaused: boolean;
  /** Nobody has begun to read: no listener of `data` or `readable`, no pipe(), no resume(). */
  readonly isUnread: boolean;
}

export interface WritableState {
  readonly buffered: Amount;
  readonly isDestroyed: boolean;
  /** write() has returned false, and `drain` has not come. */
  readonly needsDrain: boolean;
  /** end() was called. */
  readonly isEnding: boolean;
  /** And all is written. */
  readonly isFinished: boolean;
}

interface Amount {
  readonly count: number;
  readonly unit: 'byte' | 'object';
}

export interface StreamState {
  readonly readable: ReadableState | null;
  readonly writable: WritableState | null;
  /** What is written to it comes out of it: zlib, crypto, PassThrough. */
  readonly isTransform: boolean;
}

/** Null: the object is no stream of Node's. @throws UnreadableMemory */
export function readStreamState(heap: Heap, object: Tagged): StreamState | null {
  if (!heap.is(object, 'JS_OBJECT')) return null;
  const properties = propertiesOf(heap, object, maxStreamProperties);
  const stateOf = (name: string): Properties | null => {
    const word = properties.get(name);
    return word !== undefined && isReceiver(heap, word)
      ? propertiesOf(heap, word, maxStreamProperties)
      : null;
  };
  const [readable, writable] = [stateOf('_readableState'), stateOf('_writableState')];
  if (readable === null && writable === null) return null;
  return {
    readable: readable === null ? null : tellReadable(heap, readable),
    writable: writable === null ? null : tellWritable(heap, writable),
    isTransform: properties.has('[Symbol(kCallback)]'),
  };
}

function tellReadable(heap: Heap, state: Properties): ReadableState {
  const flag = flagsOf(heap, state, readableFlags);
  const flowing = state.get('flowing');
  const hasFlowing =
    flowing === undefined ? flag('hasFlowing') : readBoolean(heap, flowing) !== null;
  return {
    buffered: amount(heap, state, flag),
    isDestroyed: flag('destroyed'),
    isEnded: flag('ended'),
    isEndEmitted: flag('endEmitted'),
    isPaused: flag('paused', '[Symbol(kPaused)]'),
    isUnread: !hasFlowing && !flag('readableListening'),
  };
}

function tellWritable(heap: Heap, state: Properties): WritableState {
  const flag = flagsOf(heap, state, writableFlags);
  return {
    buffered: amount(heap, state, flag),
    isDestroyed: flag('destroyed'),
    needsDrain: flag('needDrain'),
    isEnding: flag('ending'),
    isFinished: flag('finished'),
  };
}

type Flag = (name: string, property?: string) => boolean;

function flagsOf(heap: Heap, state: Properties, tables: readonly FlagTable[]): Flag {
  const table = tables.find(({ word }) => readNumber(heap, state.get(word)) !== null);
  const bits = readNumber(heap, state.get(table?.word ?? '')) ?? 0;
  return (name, property = name) => {
    const bit = table?.bits[name];
    if (bit !== undefined) return ((bits >>> bit) & 1) === 1;
    const word = state.get(property);
    return word !== undefined && readBoolean(heap, word) === true;
  };
}

function amount(heap: Heap, state: Properties, flag: Flag): Amount {
  const count = readNumber(heap, state.get('length')) ?? 0;
  return { count, unit: flag('objectMode') ? 'object' : 'byte' };
}

function readNumber(heap: Heap, word: Tagged | undefined): number | null {
  if (word === undefined) return null;
  const small = smiValue(word);
  if (small !== null) return small;
  return heap.is(word, 'HEAP_NUMBER') ? heap.memory.f64(untag(word) + 8) : null;
}

/** Null for what is neither. */
function readBoolean(heap: Heap, word: Tagged): boolean | null {
  if (!heap.is(word, 'ODDBALL')) return null;
  const { layout } = heap;
  const kind = heap.smiField(word, layout.require('oddballKind'));
  if (kind === layout.require('oddballTrue')) return true;
  return kind === layout.require('oddballFalse') ? false : null;
}
