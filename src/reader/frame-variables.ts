/** The variables of one activation by name: where each of them is, not yet what it is. */
import { limits } from '../limits.ts';
import type { Activation } from './frames/activation.ts';
import type { Heap } from './heap/heap.ts';
import { optimizedOut, type Slot, unreadable } from './heap/slot.ts';
import { UnreadableMemory } from './memory/source.ts';
import { type FunctionNames, isVisible, type RegisterName } from './names/function-names.ts';
import { readScopeChain } from './values/scope.ts';

export interface NamedSlot {
  readonly name: string;
  readonly slot: Slot;
}

export interface FrameVariables {
  readonly arguments: readonly NamedSlot[];
  readonly locals: readonly NamedSlot[];
  /** Variables of enclosing functions, innermost first. */
  readonly closure: readonly NamedSlot[];
}

/** @param names null: without them only what contexts tell has a name */
export function readVariables(
  heap: Heap,
  activation: Activation,
  names: FunctionNames | null,
): FrameVariables {
  const scope = readScope(heap, activation);
  const own = scope.filter((variable) => variable.isOwn);
  const registers = visibleRegisters(activation, names);
  const parameters = readArguments(activation, names, [...own, ...registers]);
  const known = new Set(parameters.map(({ name }) => name));
  const locals = new Map<string, Slot>();
  for (const { name, slot } of [...own, ...registers])
    if (!known.has(name) && !locals.has(name)) locals.set(name, slot);
  return {
    arguments: parameters,
    locals: [...locals].slice(0, limits.maxVariables).map(([name, slot]) => ({ name, slot })),
    closure: scope.filter((variable) => !variable.isOwn).slice(0, limits.maxProperties),
  };
}

function readScope(
  heap: Heap,
  { shared, context }: Activation,
): readonly (NamedSlot & { isOwn: boolean })[] {
  if (context.kind !== 'tagged') return [];
  const { start, end } = shared.scopeInfo ?? { start: -1, end: -1 };
  try {
    return readScopeChain(heap, context.word, start, end);
  } catch (error) {
    if (error instanceof UnreadableMemory) return [];
    throw error;
  }
}

/** @param moved a captured parameter lives on in the context, one with a default in a register; its slot keeps what was passed */
function readArguments(
  activation: Activation,
  names: FunctionNames | null,
  moved: readonly NamedSlot[],
): NamedSlot[] {
  const present = (name: string): Slot | null => {
    const slot = moved.find((variable) => variable.name === name)?.slot;
    return slot === undefined || slot.kind === 'absent' ? null : slot;
  };
  const variables: NamedSlot[] = [];
  for (const [i, passed] of activation.arguments.slice(0, limits.maxVariables).entries()) {
    const name = names?.parameters[i] ?? `arguments[${i}]`;
    const rest = name.startsWith('...') ? present(name.slice(3)) : null;
    if (rest !== null) {
      variables.push({ name: name.slice(3), slot: rest });
      break;
    }
    const shown = name.startsWith('...') ? `arguments[${i}]` : name;
    // A pattern stands for what was passed; of a parameter with a name of its own that was copied, it may be stale.
    const isStale = names?.parametersCopied[i] === true && /^[\w$]+$/.test(name);
    variables.push({ name: shown, slot: present(name) ?? (isStale ? unreadable : passed) });
  }
  return variables;
}

/** Registers whose variable is in scope at the place where the frame stands; inner scopes win. */
function visibleRegisters(
  { registers, sourceOffset, tier }: Activation,
  names: FunctionNames | null,
): { name: string; slot: Slot }[] {
  // More names than registers: V8 compiled another text, or by other rules; then no name is to be trusted.
  if (
    names === null ||
    (tier === null && registers === null) ||
    names.registers.length > (registers?.length ?? Infinity)
  )
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
