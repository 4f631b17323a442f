/** The main thread computes in native code that JavaScript called synchronously. */
import { busyEvidence, isBusyStuck, isInNativeCall, machineTop, shareOfStacks } from '../busy.ts';
import { type Rule, certainIf, frameEvidence } from '../evidence.ts';
import type { Frame, Value } from '../../report/schema.ts';
import type { Scene } from '../scene.ts';
import { calledBy, formatBytes } from '../words.ts';

/** Looks that must agree. */
const mostLooks = 0.75;
/** Functions of V8 by which a builtin of JavaScript is known that shows under its short name. */
const builtins: readonly (readonly [RegExp, string])[] = [
  [/JsonParse/, 'JSON.parse'],
  [/JsonStringif/, 'JSON.stringify'],
  [/Structured|ValueSerializer|ValueDeserializer/, 'structuredClone'],
  [/Compiler::|Parser::|ParseProgram/, "V8's compiler"],
];
/** C++ that says nothing about what is done: V8's and Node's way in. */
const glue =
  /^v8::internal::(?:FunctionCallbackArguments|\(anonymous\)::HandleApiCall|Builtin_)|^v8::internal::Runtime_/;

/** C++ on top, below it a native function, in most looks the same. */
export const nativeBusy: Rule = (scene) => {
  if (!isBusyStuck(scene)) return null;
  const share = shareOfStacks(scene, isInNativeCall);
  if (share === null || share < mostLooks) return null;
  const { main, capture } = scene;
  const called = main.frames[0];
  const caller = scene.appFrames[0];
  const what = nameOf(scene);
  const largest = largestArgument([called, caller]);
  const inside = machineTop(scene.allFrames).filter((name) => !glue.test(name));
  return {
    kind: 'native-busy',
    summary: `The main thread is busy in native code, in ${what}${largest === null ? '' : ` on ${largest}`}${calledBy(caller, capture)}.`,
    confidence: certainIf(scene.isLoopKnown && share === 1),
    thread: main.tid,
    evidence: [
      {
        text: `native code on top of the stack in ${Math.round(share * 100)} % of the looks: ${inside.slice(0, 4).join(' < ')}`,
      },
      ...(largest === null ? [] : [{ text: `its largest argument: ${largest}` }]),
      ...frameEvidence(scene),
      ...busyEvidence(scene),
    ],
    advice: adviceOn(what),
  };
};

/** `crypto.pbkdf2Sync`, `JSON.parse`. */
function nameOf({ main, allFrames }: Scene): string {
  const top = machineTop(allFrames);
  for (const [pattern, name] of builtins) if (top.some((one) => pattern.test(one))) return name;
  const end = main.frames.findIndex(({ kind, file }) => kind === 'js' && !isNodes(file));
  const nodes = main.frames.slice(0, end < 0 ? undefined : end).filter(({ file }) => isNodes(file));
  // The function of Node that the program called, not what that is made of.
  const api = nodes.at(-1);
  if (api === undefined) return main.frames[0]?.function ?? 'a native function';
  if (api.function === 'syncBufferWrapper')
    return zlibName(nodes) ?? 'a synchronous function of zlib';
  const module = /^node:(?:internal\/)?([\w]+)/.exec(api.file ?? '')?.[1];
  return module === undefined || api.function.includes('.')
    ? api.function
    : `${module}.${api.function}`;
}

/**
 * All synchronous functions of zlib are closures of one name; what they were called by, the class of the engine tells: a Gzip does
 * the work of gzipSync, a BrotliDecompress that of brotliDecompressSync (lib/zlib.js, createConvenienceMethod).
 */
function zlibName(frames: readonly Frame[]): string | null {
  const engine = frames.find((frame) => frame.function === 'zlibBufferSync')?.arguments[0];
  const className = engine?.value.className ?? '';
  return className === '' ? null : `zlib.${className[0]?.toLowerCase()}${className.slice(1)}Sync`;
}

function isNodes(file: string | undefined): boolean {
  return file?.startsWith('node:') === true;
}

/** The size of what it works on, when that is worth telling. */
function largestArgument(frames: readonly (Frame | undefined)[]): string | null {
  const sized = frames
    .flatMap((frame) => [...(frame?.arguments ?? []), ...(frame?.locals ?? [])])
    .map(({ value }) => value)
    .filter((value): value is Value & { length: number } => (value.length ?? 0) >= 100_000)
    .sort((left, right) => right.length - left.length);
  const [largest] = sized;
  if (largest === undefined) return null;
  if (largest.type === 'string')
    return `a string of ${largest.length.toLocaleString('en')} characters`;
  return `${largest.className ?? largest.type} of ${formatBytes(largest.length)}`;
}

function adviceOn(what: string): string {
  if (what.endsWith('Sync'))
    return `Use the asynchronous form of ${what}: it works on the thread pool, and the event loop goes on.`;
  if (what.startsWith('JSON.'))
    return 'Send less, stream it (one object a line), or do it in a Worker: JSON of this size takes the event loop with it.';
  return 'Long native work belongs on the thread pool or in a Worker; see the arguments above.';
}
