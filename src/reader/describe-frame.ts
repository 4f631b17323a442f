/** From activations to the frames of the report: names, places, values. */
import type { Frame, Variable } from '../report/schema.ts';
import { type NamedSlot, readVariables } from './frame-variables.ts';
import type { Activation, NativeCall } from './frames/activation.ts';
import type { Heap } from './heap/heap.ts';
import type { ScopeInfo } from './heap/scope-info.ts';
import type { Slot } from './heap/slot.ts';
import type { FunctionNames } from './names/function-names.ts';
import { initialiserNames, type Script, type ScriptCache } from './scripts.ts';
import type { OpeningTime } from './values/opening.ts';
import { ValueReader } from './values/value-reader.ts';

/** How far before a function its name may be written. */
const assignmentSearchChars = 160;
/** And around a call, the name of what it calls. */
const calleeSearchChars = 120;

/** Of which frames the values are read, by the function's own name; others are named and placed, no more. */
export type ValuesWanted = (functionName: string) => boolean;
export const allValues: ValuesWanted = () => true;
export const noValues: ValuesWanted = () => false;

export class FrameDescriber {
  readonly #heap: Heap;
  readonly #scripts: ScriptCache;
  readonly #values: ValueReader;
  readonly #time: OpeningTime;
  readonly #wanted: ValuesWanted;

  constructor(heap: Heap, scripts: ScriptCache, time: OpeningTime, wanted = allValues) {
    this.#wanted = wanted;
    this.#heap = heap;
    this.#scripts = scripts;
    this.#values = new ValueReader(heap, scripts);
    this.#time = time;
  }

  describe(activation: Activation): Frame {
    const { shared } = activation;
    const known = this.sourceOf(activation);
    if (known === null) return this.#builtinFrame(activation);
    const { script, names } = known;
    const place = script.place(activation.sourceOffset);
    const excerpt = place === null || script.isInternal ? null : script.excerpt(place);
    const declared = script.isInternal ? null : script.declaredBy(names, shared);
    return {
      function: displayName(activation, names, script),
      ...(script.name !== '' && { file: script.name }),
      ...place,
      kind: 'js',
      ...(activation.tier !== null && { tier: activation.tier }),
      ...(activation.isInlined && { inlined: true }),
      ...this.#valuesOf(activation, names, script.isInternal),
      ...(excerpt !== null && { source: excerpt }),
      ...(declared !== null && { declared }),
    };
  }

  #valuesOf(
    activation: Activation,
    names: FunctionNames | null,
    isInternal: boolean,
  ): Pick<Frame, 'receiver' | 'arguments' | 'locals' | 'closure'> {
    if (!this.#wanted(activation.shared.name)) return { arguments: [], locals: [] };
    const variables = readVariables(this.#heap, activation, names);
    return {
      receiver: this.#read(activation.receiver),
      arguments: this.#readAll(variables.arguments),
      locals: this.#readAll(variables.locals),
      ...(isInternal ? {} : { closure: this.#readAll(variables.closure) }),
    };
  }

  /** What the source tells of where an activation stands. */
  sourceOf({ shared }: Activation): { script: Script; names: FunctionNames | null } | null {
    if (shared.script === null) return null;
    const script = this.#scripts.read(this.#heap, shared.script);
    return { script, names: script.namesOf(shared) };
  }

  /** @param caller the frame that made the call: its source names what its frame does not */
  describeCall(call: NativeCall, caller: Activation | undefined): Frame {
    return {
      function: call.name !== '' ? call.name : this.#calleeInSource(caller),
      kind: 'native',
      arguments: this.#wanted(call.name) ? this.#unnamed(call.arguments) : [],
      locals: [],
    };
  }

  #builtinFrame(activation: Activation): Frame {
    const { shared, builtinName = '' } = activation;
    const name = shared.name !== '' ? shared.name : builtinName;
    const isWanted = this.#wanted(name);
    return {
      function: activation.isConstruct === true ? `new ${name}` : name,
      kind: 'builtin',
      ...(isWanted && { receiver: this.#read(activation.receiver) }),
      arguments: isWanted ? this.#unnamed(activation.arguments) : [],
      locals: [],
    };
  }

  #unnamed(slots: readonly Slot[]): Variable[] {
    return slots.map((slot, i) => ({ name: `arg${i}`, value: this.#read(slot) }));
  }

  #readAll(variables: readonly NamedSlot[]): Variable[] {
    return variables.map(({ name, slot }) => ({ name, value: this.#read(slot) }));
  }

  #calleeInSource(caller: Activation | undefined): string {
    const address = caller?.shared.script ?? null;
    if (caller === undefined || address === null || caller.sourceOffset < 0) return '(native)';
    const script: Script = this.#scripts.read(this.#heap, address);
    return calleeAt(script.text ?? '', caller.sourceOffset);
  }

  #read(slot: Slot): Variable['value'] {
    return this.#values.read(slot, this.#time);
  }
}

/** Name of what a call calls. @param offset where V8 says the call is: at the last name before the parenthesis */
function calleeAt(text: string, offset: number): string {
  const call = text.slice(offset, offset + calleeSearchChars);
  const before = text.slice(Math.max(0, offset - calleeSearchChars), offset);
  // `ReflectApply` and its like are Node's names for the functions of the language, taken before a program can change them.
  const applied = /^(?:ReflectApply|FunctionPrototypeCall|apply)\(\s*(?:[\w$#]+\.)*([\w$#]+)/.exec(
    call,
  );
  const isReflect = !call.startsWith('apply') || before.endsWith('Reflect.');
  if (applied?.[1] !== undefined && isReflect) return applied[1];
  const receiver = /^(?:call|apply)\(/.test(call) ? /([\w$#]+)\.$/.exec(before) : null;
  return receiver?.[1] ?? /^[\w$#]+/.exec(call)?.[0] ?? '(native)';
}

/** `Class.method` where the source tells, `new Class` for constructors, V8's name otherwise. */
function displayName(activation: Activation, names: FunctionNames | null, script: Script): string {
  const { scopeInfo } = activation.shared;
  const className = names?.className ?? '';
  const name = script.nameOf(activation.shared) || assignedName(script, scopeInfo?.start ?? -1);
  const initialises = scopeInfo?.initialises ?? null;
  if (initialises !== null) {
    const initialiser = initialiserNames[initialises];
    const owner = className !== '' ? className : name;
    return owner === '' || owner === initialiser ? initialiser : `${owner}.${initialiser}`;
  }
  if (names?.kind === 'constructor' || scopeInfo?.isClassConstructor === true)
    return `new ${className === '' ? name || '(anonymous)' : className}`;
  if (name === '') return isTopLevel(names, scopeInfo, script) ? topLevel(script) : '(anonymous)';
  if (activation.isConstruct === true) return `new ${name}`;
  if (className === '') return name;
  if (name.startsWith('[')) return className + name;
  return name.includes('.') ? name : `${className}.${name}`;
}

function topLevel(script: Script): string {
  return script.name === '' ? '(eval)' : '(top level)';
}

function isTopLevel(
  names: FunctionNames | null,
  scopeInfo: ScopeInfo | null,
  script: Script,
): boolean {
  if (names?.kind === 'script' || names?.kind === 'module') return true;
  return (
    scopeInfo !== null && scopeInfo.start <= 0 && scopeInfo.end >= (script.text?.length ?? Infinity)
  );
}

/** The left side of `a.b = function (`, for functions whose inferred name V8 did not keep (Node's own, from its code cache). */
function assignedName(script: Script, start: number): string {
  if (script.text === null || start <= 0) return '';
  const before = script.text.slice(Math.max(0, start - assignmentSearchChars), start);
  const match = /([\w$]+(?:\.[\w$]+)*)\s*[=:]\s*(?:async\s+)?(?:function\b\s*\*?\s*)?$/.exec(
    before,
  );
  return match?.[1]?.replace(/^module\.exports$|^exports$/, '').replace('.prototype', '') ?? '';
}
