/** Objects of Node's own, told apart for certain from those of a program that has classes of the same names. */
import { readScriptName, readSharedFunction, sharedOfFunction } from '../heap/functions.ts';
import type { Heap } from '../heap/heap.ts';
import type { Tagged } from '../layout/tagged.ts';
import { findConstructor } from '../values/properties.ts';

/** lib/internal/timers.js: Timeout and Immediate. */
const timersScript = 'node:internal/timers';
/** lib/internal/event_target.js */
const eventTargetScript = 'node:internal/event_target';
const requestName = /^[A-Z]\w*(Req|ReqPromise|ReqWrap|Wrap|Job)$/;

/** @throws UnreadableMemory */
export function isTimer(heap: Heap, object: Tagged, className: string): boolean {
  return (
    (className === 'Timeout' || className === 'Immediate') && isMadeIn(heap, object, timersScript)
  );
}

/** One listener of an EventTarget. @throws UnreadableMemory */
export function isEventListener(heap: Heap, object: Tagged, className: string): boolean {
  return className === 'Listener' && isMadeIn(heap, object, eventTargetScript);
}

/** What C++ has of a request: its class is made from a template of V8's API, which no script can do. */
export function isRequest(heap: Heap, object: Tagged, className: string): boolean {
  const { layout } = heap;
  const type = heap.type(object);
  const isApiObject =
    type === layout.require('specialApiObjectType') ||
    (type >= layout.require('firstApiObjectType') && type <= layout.require('lastApiObjectType'));
  return isApiObject && requestName.test(className);
}

function isMadeIn(heap: Heap, object: Tagged, script: string): boolean {
  const constructor = findConstructor(heap, heap.field(object, 0));
  if (constructor === null || constructor === 'none') return false;
  const shared = readSharedFunction(heap, sharedOfFunction(heap, constructor));
  return shared.script !== null && readScriptName(heap, shared.script) === script;
}
