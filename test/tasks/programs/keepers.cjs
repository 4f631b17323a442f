// Every place where a program may keep the function that settles a promise. Each function waits at its marker.
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const { PassThrough } = require('node:stream');

const kept = {
  map: new Map(),
  keys: new Map(),
  set: new Set(),
  weak: new WeakMap(),
  object: {},
  shapeless: Object.create(null),
  indexed: {},
  sparse: [],
  queue: [],
};
globalThis.kept = kept;
const many = new Map(Array.from({ length: 50_000 }, (_, i) => [i, i]));
kept.many = many;

async function inMap() {
  await new Promise((resolve) => kept.map.set(17, resolve)); // @map
}
async function inMapByText() {
  await new Promise((resolve) => kept.map.set('order-7', resolve)); // @map-text
}
async function inMapByObject() {
  await new Promise((resolve) => kept.map.set(kept, resolve)); // @map-object
}
async function inLargeMap() {
  await new Promise((resolve) => many.set('last', resolve)); // @map-large
}
async function asKey() {
  await new Promise((resolve) => kept.keys.set(resolve, 1)); // @map-key
}
async function inSet() {
  await new Promise((resolve) => kept.set.add(resolve)); // @set
}
async function inWeakMap() {
  await new Promise((resolve) => kept.weak.set(kept, resolve)); // @weak-map
}
async function inDictionary() {
  await new Promise((resolve) => (kept.shapeless['req-7'] = resolve)); // @dictionary
}
async function inDeleted() {
  kept.deleted = { first: 1, last: 2 };
  delete kept.deleted.first;
  await new Promise((resolve) => (kept.deleted.go = resolve)); // @deleted
}
async function inIndexed() {
  await new Promise((resolve) => (kept.indexed[7] = resolve)); // @indexed
}
async function inSparse() {
  await new Promise((resolve) => (kept.sparse[5_000_000] = resolve)); // @sparse
}
async function inSparseObject() {
  await new Promise((resolve) => (kept.indexed[5_000_000] = resolve)); // @sparse-object
}
async function inAccessor() {
  // Not defineProperty(): the descriptor keeps it, too, until it is collected.
  await new Promise((resolve) => kept.__defineSetter__('answer', resolve)); // @accessor
}
async function inFunction() {
  await new Promise((resolve) => (inFunction.resolve = resolve)); // @function
}
async function inBound() {
  await new Promise((resolve) => (kept.bound = resolve.bind(null, 5))); // @bound
}
async function inGlobal() {
  await new Promise((resolve) => (globalThis.pendingResolve = resolve)); // @global
}
async function inGlobalPromise() {
  globalThis.pendingPromise = new Promise(() => {});
  await globalThis.pendingPromise; // @global-promise
}

async function asProperty() {
  await new Promise((resolve) => (kept.object.go = resolve)); // @property
}
async function rejectOnly() {
  await new Promise((_, reject) => (kept.object.fail = reject)); // @reject
}
async function rejectAndResolve() {
  await new Promise((resolve, reject) => (kept.pair = { reject, resolve })); // @pair
}

async function onEvent() {
  kept.emitter = new EventEmitter();
  await new Promise((resolve) => kept.emitter.on('ready', resolve)); // @on
}
async function onEventOfSeveral() {
  kept.emitters = new EventEmitter().on('ready', () => {});
  await new Promise((resolve) => kept.emitters.on('ready', resolve)); // @on-several
}
async function onStream() {
  kept.stream = new PassThrough().on('error', () => {});
  await new Promise((resolve, reject) => kept.stream.on('close', resolve).on('error', reject)); // @on-stream
}
async function onSignal() {
  await new Promise((resolve) => process.on('SIGUSR2', resolve)); // @on-signal
}
async function onChange() {
  await new Promise((resolve) => (kept.watcher = fs.watch(__dirname, resolve))); // @on-change
}
async function onTarget() {
  kept.target = new EventTarget();
  await new Promise((resolve) => kept.target.addEventListener('go', resolve)); // @on-target
}
async function onPort() {
  kept.ports = new MessageChannel();
  await new Promise((resolve) => (kept.ports.port1.onmessage = resolve)); // @on-port
}

// Named as Node names its own.
class EmailJob {
  done = new Promise((resolve) => (this.finish = resolve));
}
class ApiReq {
  answer = new Promise(() => {});
}
/** The resolve function is in the scope of listeners, which listen to more than the one event that is waited for. */
async function byListener() {
  const emitter = (kept.closures = new EventEmitter());
  // prettier-ignore
  await new Promise((resolve, reject) => { // @closure-on
    emitter.on('error', (error) => reject(error));
    emitter.on('ready', (value) => resolve(value));
    emitter.on('close', () => reject(new Error('closed')));
  });
}
async function byListenerOfSeveral() {
  const emitter = (kept.closures2 = new EventEmitter());
  emitter.on('ready', () => {});
  // prettier-ignore
  await new Promise((resolve) => { // @closure-several
    emitter.on('ready', (value) => resolve(value));
  });
}
async function byListenerOnce() {
  const emitter = (kept.closures3 = new EventEmitter());
  // prettier-ignore
  await new Promise((resolve) => { // @closure-once
    emitter.once('ready', (value) => resolve(value));
  });
}
async function byListenerOfTarget() {
  kept.controller = new AbortController();
  const { signal } = kept.controller;
  // prettier-ignore
  await new Promise((resolve) => { // @closure-target
    signal.addEventListener('abort', () => resolve(signal.reason));
  });
}
/** With a deadline, and with a member that nobody settles. */
async function inRace() {
  const answer = new Promise((resolve) => kept.map.set('raced', resolve));
  const deadline = new Promise((_, reject) => setTimeout(reject, 345_678));
  kept.never = new Promise(() => {});
  await Promise.race([answer, deadline, kept.never]); // @race
}
class Timeout {
  _idleTimeout = 5;
  fired = new Promise((resolve) => (this.fire = resolve));
}
async function ofJob() {
  await (kept.job = new EmailJob()).done; // @job
}
async function ofRequest() {
  await (kept.request = new ApiReq()).answer; // @request
}
async function ofTimeout() {
  await (kept.timeout = new Timeout()).fired; // @timeout
}
async function ofNode() {
  await fs.promises.open(process.argv[2]); // @node
}

const all = [
  [inMap, inMapByText, inMapByObject, inLargeMap, asKey, inSet, inWeakMap, inDictionary, inDeleted],
  [inIndexed, inSparse, inSparseObject, inAccessor, inFunction, inBound, inGlobal, inGlobalPromise],
  [asProperty, rejectOnly, rejectAndResolve],
  [onEvent, onEventOfSeveral, onStream, onSignal, onChange, onTarget, onPort],
  [byListener, byListenerOfSeveral, byListenerOnce, byListenerOfTarget],
  [inRace],
  [ofJob, ofRequest, ofTimeout, ofNode],
];
for (const start of all.flat()) void start();
setInterval(() => {}, 1_000_000);
setImmediate(() => {
  globalThis.gc?.();
  fs.writeSync(3, '.');
});
