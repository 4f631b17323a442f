/** From activations to the frames of the report: names, places, values. */
import { limits } from '../limits.ts';
import type { Frame, Variable } from '../report/schema.ts';
import type { Activation, NativeCall } from './frames/activation.ts';
import type { Heap } from './heap/heap.ts';
import type { ScopeInfo } from './heap/scope-info.ts';
import { optimizedOut, type Slot, unreadable } from './heap/slot.ts';
import { UnreadableMemory } from './memory/source.ts';
import { type FunctionNames, isVisible, type RegisterName } from './names/function-names.ts';
import type { Script, ScriptCache } from './scripts.ts';
import { readScopeChain, type ScopeVariable } from './values/scope.ts';
import { ValueReader } from './values/value-reader.ts';

/** How far before a function its name may be written. */
const assignmentSearchChars = 160;

export class FrameDescriber {
  readonly #heap: Heap;
  readonly #scripts: ScriptCache;
  readonly #values: ValueReader;
  /** performance.now() after which values are no longer opened. */
  readonly #endsAtMs: number;

  constructor(heap: Heap, scripts: ScriptCache, endsAtMs: number) {
    this.#heap = heap;
    this.#scripts = scripts;
    this.#values = new ValueReader(heap);
    this.#endsAtMs = endsAtMs;
  }

  describe(activation: Activation): Frame {
    const { shared } = activation;
    if (shared.script === null) return this.#builtinFrame(activation);
    const script = this.#scripts.read(this.#heap, shared.script);
    const { start, end } = shared.scopeInfo ?? { start: -1, end: -1 };
    const names = script.namesOf(shared);
    const place = script.place(activation.sourceOffset);
    const scope = this.#scopeOf(activation, start, end);
    const own = scope.filter((variable) => variable.isOwn);
    const parameters = this.#arguments(activation, names, own);
    const excerpt = place === null || script.isInternal ? null : script.excerpt(place.line);
    return {
      function: displayName(activation, names, script),
      ...(script.name !== '' && { file: script.name }),
      ...place,
      kind: 'js',
      ...(activation.tier !== null && { tier: activation.tier }),
      ...(activation.isInlined && { inlined: true }),
      receiver: this.#read(activation.receiver),
      arguments: parameters,
      locals: this.#locals(activation, names, own, new Set(parameters.map(({ name }) => name))),
      ...(script.isInternal ? {} : { closure: this.#closure(scope) }),
      ...(excerpt !== null && { source: excerpt }),
    };
  }

  /** @param caller the frame that made the call: its source names what its frame does not */
  describeCall(call: NativeCall, caller: Activation | undefined): Frame {
    return {
      function: call.name !== '' ? call.name : this.#calleeInSource(caller),
      kind: 'native',
      arguments: call.arguments.map((slot, i) => ({ name: `arg${i}`, value: this.#read(slot) })),
      locals: [],
    };
  }

  #builtinFrame(activation: Activation): Frame {
    const { shared, builtinName = '' } = activation;
    return {
      function: shared.name !== '' ? shared.name : builtinName,
      kind: 'builtin',
      receiver: this.#read(activation.receiver),
      arguments: activation.arguments.map((slot, i) => ({
        name: `arg${i}`,
        value: this.#read(slot),
      })),
      locals: [],
    };
  }

  #scopeOf(activation: Activation, start: number, end: number): ScopeVariable[] {
    if (activation.context.kind !== 'tagged') return [];
    try {
      return readScopeChain(this.#heap, activation.context.word, start, end);
    } catch (error) {
      if (error instanceof UnreadableMemory) return [];
      throw error;
    }
  }

  #arguments(
    activation: Activation,
    names: FunctionNames | null,
    own: readonly ScopeVariable[],
  ): Variable[] {
    // A captured parameter lives on in the context, one with a default in a register; the slot keeps what was passed.
    const moved = [...own, ...visibleRegisters(activation, names)];
    const present = (name: string): Slot | null => {
      const slot = moved.find((variable) => variable.name === name)?.slot;
      return slot === undefined || slot.kind === 'absent' ? null : slot;
    };
    const variables: Variable[] = [];
    for (const [i, passed] of activation.arguments.slice(0, limits.maxVariables).entries()) {
      const name = names?.parameters[i] ?? `arguments[${i}]`;
      const rest = name.startsWith('...') ? present(name.slice(3)) : null;
      if (rest !== null) {
        variables.push({ name: name.slice(3), value: this.#read(rest) });
        break;
      }
      const shown = name.startsWith('...') ? `arguments[${i}]` : name;
      // A pattern stands for what was passed; of a parameter with a name of its own that was copied, it may be stale.
      const isStale = names?.parametersCopied[i] === true && /^[\w$]+$/.test(name);
      variables.push({
        name: shown,
        value: this.#read(present(name) ?? (isStale ? unreadable : passed)),
      });
    }
    return variables;
  }

  #locals(
    activation: Activation,
    names: FunctionNames | null,
    own: readonly ScopeVariable[],
    parameters: ReadonlySet<string>,
  ): Variable[] {
    const locals = new Map<string, Slot>();
    for (const { name, slot } of own)
      if (!parameters.has(name) && !locals.has(name)) locals.set(name, slot);
    for (const { name, slot } of visibleRegisters(activation, names))
      if (!parameters.has(name) && !locals.has(name)) locals.set(name, slot);
    return [...locals]
      .slice(0, limits.maxVariables)
      .map(([name, slot]) => ({ name, value: this.#read(slot) }));
  }

  #closure(scope: readonly ScopeVariable[]): Variable[] {
    return scope
      .filter((variable) => !variable.isOwn)
      .slice(0, limits.maxProperties)
      .map(({ name, slot }) => ({ name, value: this.#read(slot) }));
  }

  #calleeInSource(caller: Activation | undefined): string {
    const address = caller?.shared.script ?? null;
    if (caller === undefined || address === null || caller.sourceOffset < 0) return '(native)';
    const script: Script = this.#scripts.read(this.#heap, address);
    const name = /^[\w$]+/.exec(
      script.text?.slice(caller.sourceOffset, caller.sourceOffset + 80) ?? '',
    );
    return name?.[0] ?? '(native)';
  }

  #read(slot: Slot): Variable['value'] {
    return this.#values.read(slot, this.#endsAtMs);
  }
}

/** `Class.method` where the source tells, `new Class` for constructors, V8's name otherwise. */
function displayName(activation: Activation, names: FunctionNames | null, script: Script): string {
  const { scopeInfo } = activation.shared;
  const className = names?.className ?? '';
  const name = activation.shared.name || assignedName(script, scopeInfo?.start ?? -1);
  if (names?.kind === 'constructor') return `new ${className === '' ? name : className}`;
  if (name === '') return isTopLevel(names, scopeInfo, script) ? '(top level)' : '(anonymous)';
  const isMember = names?.kind === 'method' || names?.kind === 'getter' || names?.kind === 'setter';
  return isMember && className !== '' && !name.includes('.') ? `${className}.${name}` : name;
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

/** Registers whose variable is in scope at the place where the frame stands; inner scopes win. */
function visibleRegisters(
  { registers, sourceOffset, tier }: Activation,
  names: FunctionNames | null,
): { name: string; slot: Slot }[] {
  // More names than registers: V8 compiled another text, or by other rules; then no name is to be trusted.
  if (names === null || tier === null || names.registers.length > (registers?.length ?? Infinity))
    return [];
  const found = new Map<string, { register: RegisterName; slot: Slot }>();
  names.registers.forEach((register, i) => {
    if (register === null || !isVisible(register, sourceOffset)) return;
    const other = found.get(register.name)?.register;
    if (other !== undefined && other.end - other.start < register.end - register.start) return;
    // Without a map of the registers the compiler kept the values where it liked.
    const slot = registers === null ? optimizedOut : (registers[i] ?? unreadable);
    found.set(register.name, { register, slot });
  });
  return [...found].map(([name, { slot }]) => ({ name, slot }));
}
