/**
 * The stack of an error, which V8 turns into text when somebody first asks for it. Until then it is an array under a private
 * symbol of the error (src/objects/call-site-info.tq): of CallSiteInfo, whose members stand in an order that varies, and
 * since 14.x of the members themselves, one call after the other; in ErrorStackData it is the first field.
 *
 *     code            BytecodeArray, or Code of a builtin; since 14.x in a wrapper
 *     function        JSFunction
 *     code offset     Smi: in the bytecode, or the position in the source once it was asked for
 *     flags           Smi: bit 3 constructor, bit 5 async, and whether the position is known
 */
import { limits } from '../../limits.ts';
import { positionOfBytecode } from '../frames/position.ts';
import { readBytecodeArray } from '../heap/bytecode.ts';
import type { Heap } from '../heap/heap.ts';
import { readString, readStringLength } from '../heap/strings.ts';
import { smiValue, type Tagged } from '../layout/tagged.ts';
import { readNamedFunction } from './function-name.ts';
import type { ValueOpener } from './opening.ts';

const callSiteFields = [8, 16, 24, 32, 40] as const;
const callSiteWords = 6;
const flag = { isConstructor: 8, isAsync: 32 } as const;

interface CallSite {
  readonly function: Tagged;
  readonly code: Tagged;
  readonly offset: number;
  readonly flags: number;
}

/**
 * @param hidden values under private symbols of the error
 * @returns the text without the error's own line; whole, with it, when V8 has made it; null when there is none
 * @throws UnreadableMemory
 */
export function readErrorStack(
  { heap, scripts }: Pick<ValueOpener, 'heap' | 'scripts'>,
  hidden: readonly Tagged[],
): { readonly text: string; readonly isWhole: boolean; readonly isCut: boolean } | null {
  for (const word of hidden) {
    const data = heap.is(word, 'ERROR_STACK_DATA') ? heap.field(word, 8) : word;
    if (heap.isString(data)) {
      const text = readString(heap, data, limits.maxStackChars) ?? '';
      // Node's own private properties hold strings, too.
      if (!/\n {4}at /.test(text)) continue;
      return { text, isWhole: true, isCut: readStringLength(heap, data) > text.length };
    }
    if (!heap.typeName(data).includes('FIXED_ARRAY')) continue;
    const sites = readCallSites(heap, data);
    if (sites.length === 0) continue;
    const lines = sites.map((site) => describeSite(heap, scripts, site));
    return { text: lines.join('\n'), isWhole: false, isCut: false };
  }
  return null;
}

function readCallSites(heap: Heap, array: Tagged): CallSite[] {
  const length = Math.max(0, heap.arrayLength(array));
  const isFlat = length >= callSiteWords && !heap.is(heap.element(array, 0), 'CALL_SITE_INFO');
  const count = Math.min(isFlat ? length / callSiteWords : length, limits.maxErrorFrames);
  const sites: CallSite[] = [];
  for (let i = 0; i < count; i++) {
    const site = heap.element(array, i);
    if (!isFlat && !heap.is(site, 'CALL_SITE_INFO')) break;
    const words = isFlat
      ? Array.from({ length: callSiteWords }, (_, at) =>
          heap.element(array, i * callSiteWords + at),
        )
      : callSiteFields.map((field) => heap.field(site, field));
    const found = toCallSite(heap, words);
    if (found !== null) sites.push(found);
  }
  return sites;
}

function toCallSite(heap: Heap, words: readonly Tagged[]): CallSite | null {
  const code = words
    .map((word) => unwrap(heap, word))
    .find((word) => heap.is(word, 'BYTECODE_ARRAY'));
  // The receiver, which may be a function, stands before the function.
  const jsFunction = words.findLast((word) => heap.isFunction(word));
  const [offset, flags] = words.flatMap((word) => smiValue(word) ?? []);
  if (jsFunction === undefined || offset === undefined || flags === undefined) return null;
  return { function: jsFunction, code: code ?? 0, offset, flags };
}

function unwrap(heap: Heap, word: Tagged): Tagged {
  return heap.is(word, 'BYTECODE_WRAPPER') ? heap.field(word, 8) : word;
}

function describeSite(heap: Heap, scripts: ValueOpener['scripts'], site: CallSite): string {
  const shared = readNamedFunction(heap, site.function);
  const words = [
    '    at',
    ...((site.flags & flag.isAsync) !== 0 ? ['async'] : []),
    ...((site.flags & flag.isConstructor) !== 0 ? ['new'] : []),
    ...(shared.name === '' ? [] : [shared.name]),
  ].join(' ');
  if (shared.script === null) return `${words} (<anonymous>)`;
  const script = scripts.read(heap, shared.script);
  const place = script.place(sourceOffset(heap, site));
  const file = script.name === '' ? '<anonymous>' : script.name;
  const where = place === null ? file : `${file}:${place.line}:${place.column}`;
  return shared.name === '' ? `${words} ${where}` : `${words} (${where})`;
}

function sourceOffset(heap: Heap, { code, offset, flags }: CallSite): number {
  if ((flags & heap.layout.require('callSitePositionKnown')) !== 0) return offset;
  const bytecode = code === 0 ? null : readBytecodeArray(heap, code);
  return bytecode === null ? -1 : positionOfBytecode(heap, bytecode, offset);
}
