/**
 * Which child process a pipe leads to. The socket does not say, but ChildProcess.spawn() (lib/internal/child_process.js) listens to the end of the
 * child's output, and its listener has the ChildProcess as `this`.
 */
import {
  contextOfFunction,
  readScriptName,
  readSharedFunction,
  sharedOfFunction,
} from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { readListeners } from './elements.ts';
import { type Properties, propertiesOf, textOf } from './fetch-objects.ts';
import { isReceiver } from './properties.ts';
import { readScopeChain } from './scope.ts';

const childScript = 'node:internal/child_process';
const streams = ['stdout', 'stderr'] as const;
const maxListeners = 8;
const maxProperties = 100;
const maxFileChars = 120;

/** `stdout of child 7, sleep`; null: it is none. @param properties of the socket @throws UnreadableMemory */
export function tellChildStream(heap: Heap, socket: Tagged, properties: Properties): string | null {
  const events = properties.get('_events');
  const close =
    events === undefined || !isReceiver(heap, events)
      ? undefined
      : propertiesOf(heap, events).get('close');
  if (close === undefined || !isReceiver(heap, close)) return null;
  for (const listener of readListeners(heap, close, maxListeners)) {
    const told = heap.isFunction(listener) ? tellChildOf(heap, listener, socket) : null;
    if (told !== null) return told;
  }
  return null;
}

function tellChildOf(heap: Heap, listener: Tagged, socket: Tagged): string | null {
  const { script } = readSharedFunction(heap, sharedOfFunction(heap, listener));
  if (script === null || readScriptName(heap, script) !== childScript) return null;
  const context = contextOfFunction(heap, listener);
  const owner = readScopeChain(heap, context, 0, Infinity).find(({ name }) => name === 'this');
  if (owner?.slot.kind !== 'tagged' || !isReceiver(heap, owner.slot.word)) return null;
  const child = propertiesOf(heap, owner.slot.word, maxProperties);
  const name = streams.find((stream) => child.get(stream) === socket);
  const pid = smiValue(child.get('pid') ?? 1);
  const file = textOf(heap, child.get('spawnfile'), maxFileChars);
  if (name === undefined || pid === null) return null;
  return `${name} of child ${pid}${file === null ? '' : `, ${file}`}`;
}
