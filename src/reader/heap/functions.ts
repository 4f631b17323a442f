/** Functions as V8 knows them: JSFunction → SharedFunctionInfo → Script (src/objects/shared-function-info.tq). */
import { isPointer, smiValue, type Tagged, untag } from '../layout/tagged.ts';
import type { Heap } from './heap.ts';
import { readScopeInfo, type ScopeInfo } from './scope-info.ts';
import { readString } from './strings.ts';

export interface SharedFunction {
  readonly address: Tagged;
  /** Its own name, else the inferred one, else empty. */
  readonly name: string;
  readonly scopeInfo: ScopeInfo | null;
  /** Tagged pointer to the Script, or null for builtins and API functions. */
  readonly script: Tagged | null;
  /** Declared parameters including the receiver; null when the function adapts to any number. */
  readonly formalParameters: number | null;
}

const maxNameChars = 200;
/**
 * src/objects/shared-function-info.tq: the function's data are the first or, since 12.x, the first or second field. Of a builtin its id stands
 * there, since 13.x in the second.
 */
const sharedDataFields = [8, 16];
/** src/objects/shared-function-info.tq UncompiledData: map, inferred_name, start_position, end_position. */
const uncompiled = { start: 16, end: 20 } as const;
/** kDontAdaptArgumentsSentinel: builtins that take what comes. */
const dontAdapt = 0xffff;

/** @throws UnreadableMemory */
export function readSharedFunction(heap: Heap, shared: Tagged): SharedFunction {
  const nameOrScopeInfo = heap.field(shared, heap.layout.require('sharedNameOrScopeInfo'));
  let name = '';
  let scopeInfo: ScopeInfo | null = null;
  if (heap.isString(nameOrScopeInfo)) name = readString(heap, nameOrScopeInfo, maxNameChars) ?? '';
  else if (heap.is(nameOrScopeInfo, 'SCOPE_INFO')) {
    scopeInfo = readScopeInfo(heap, nameOrScopeInfo);
    name = scopeInfo.name !== '' ? scopeInfo.name : scopeInfo.inferredName;
  }
  const formal = heap.memory.u16(untag(shared) + heap.layout.require('sharedFormalParameters'));
  return {
    address: shared,
    name,
    scopeInfo,
    script: findScript(heap, shared),
    formalParameters: formal === dontAdapt ? null : formal,
  };
}

/** Offsets in the script's source, also of a function that was never called; -1 when it does not say. @throws UnreadableMemory */
export function readSourceRange(
  heap: Heap,
  { address, scopeInfo }: SharedFunction,
): { readonly start: number; readonly end: number } {
  if (scopeInfo !== null) return scopeInfo;
  for (const offset of sharedDataFields) {
    const word = heap.field(address, offset);
    if (!isPointer(word) || !heap.typeName(word).startsWith('UNCOMPILED_DATA')) continue;
    const at = (field: number): number => heap.memory.i32(untag(word) + field);
    return { start: at(uncompiled.start), end: at(uncompiled.end) };
  }
  return { start: -1, end: -1 };
}

/** The scope that a JSFunction was made in. @throws UnreadableMemory */
export function contextOfFunction(heap: Heap, jsFunction: Tagged): Tagged {
  return heap.field(jsFunction, heap.layout.require('functionContext'));
}

/** The SharedFunctionInfo of a JSFunction. @throws UnreadableMemory */
export function sharedOfFunction(heap: Heap, jsFunction: Tagged): Tagged {
  return heap.field(jsFunction, heap.layout.require('functionShared'));
}

/** Id of the builtin that a SharedFunctionInfo is of; null when it is of none. @throws UnreadableMemory */
export function readBuiltinId(heap: Heap, shared: Tagged): number | null {
  for (const offset of sharedDataFields) {
    const id = smiValue(heap.field(shared, offset));
    if (id !== null && id > 0) return id;
  }
  return null;
}

/** Name V8 has for a script: a path, a URL, or empty. @throws UnreadableMemory */
export function readScriptName(heap: Heap, script: Tagged): string {
  const name = heap.field(script, heap.layout.require('scriptName'));
  return heap.isString(name) ? (readString(heap, name, 4096) ?? '') : '';
}

/** The source string of a script, or null when it has none. @throws UnreadableMemory */
export function scriptSource(heap: Heap, script: Tagged): Tagged | null {
  const source = heap.field(script, heap.layout.require('scriptSource'));
  return heap.isString(source) ? source : null;
}

function findScript(heap: Heap, shared: Tagged): Tagged | null {
  const word = heap.field(shared, heap.layout.require('sharedScript'));
  if (heap.is(word, 'SCRIPT')) return word;
  // Where a debugger has looked at the function.
  const inDebugInfo = heap.layout.find('debugInfoScript');
  if (inDebugInfo === undefined || !heap.is(word, 'DEBUG_INFO')) return null;
  const script = heap.field(word, inDebugInfo);
  return heap.is(script, 'SCRIPT') ? script : null;
}
