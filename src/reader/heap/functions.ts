/** Functions as V8 knows them: JSFunction → SharedFunctionInfo → Script (src/objects/shared-function-info.tq). */
import { smiValue, type Tagged, untag } from '../layout/tagged.ts';
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

/** The SharedFunctionInfo of a JSFunction. @throws UnreadableMemory */
export function sharedOfFunction(heap: Heap, jsFunction: Tagged): Tagged {
  return heap.field(jsFunction, heap.layout.require('functionShared'));
}

/** src/objects/shared-function-info.tq: a builtin's id stands in place of other data; since 13.x in the second field. */
const builtinIdFields = [8, 16];

/** Id of the builtin that a SharedFunctionInfo is of; null when it is of none. @throws UnreadableMemory */
export function readBuiltinId(heap: Heap, shared: Tagged): number | null {
  for (const offset of builtinIdFields) {
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
