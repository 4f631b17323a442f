/** What the source tells about one function: the answer of this folder, and how to read it. */
import type { SourceRange } from './scope.ts';

/** What kind of code a frame runs. `class-fields`: the function V8 makes of field initialisers and static blocks. */
export const functionKinds = [
  'function',
  'method',
  'getter',
  'setter',
  'constructor',
  'arrow',
  'script',
  'module',
  'class-fields',
] as const;
export type FunctionKind = (typeof functionKinds)[number];

/** A variable that lives in an interpreter register. */
export interface RegisterName {
  readonly name: string;
  /**
   * Source range [start, end) in which the register holds the variable's current value. For `let`, `const` and
   * `class` it begins behind the declaration: before it, the register may hold what an earlier iteration left.
   */
  readonly start: number;
  readonly end: number;
  /** `let`, `const`, `class`: a hole in the register means the temporal dead zone. */
  readonly lexical: boolean;
  /** Inner scopes in which the same name means another variable, wherever that one lives. */
  readonly hiddenIn: readonly SourceRange[];
}

/** A call that a function awaits: `await pool.acquire()`. */
export interface AwaitedCall {
  /** `pool.acquire`; what is in brackets is left out. */
  readonly call: string;
  /** Offset of its first character. */
  readonly at: number;
  /** Offset of its `await`: where the function stands while it waits. */
  readonly awaitAt: number;
  /** It is given a function, which is called with what was asked for: when the call returns, that has been given back. */
  readonly isScoped: boolean;
  /** Source range in which the function has what the call gave it, which is to be given back; absent: nothing is. */
  readonly held?: SourceRange & { readonly hiddenIn: readonly SourceRange[] };
}

/** Names for the values of a frame. */
export interface FunctionNames {
  /**
   * Formal parameters in order: a name, `...rest`, or the short text of a pattern (`{ id, qty }`).
   * Parameters with a default value are given by their name.
   */
  readonly parameters: readonly string[];
  /**
   * For each parameter: true when the function works on a copy (in a register or context), so that the slot in which
   * the caller passed it may be stale.
   */
  readonly parametersCopied: readonly boolean[];
  /**
   * registers[i] is the variable in interpreter register i; null for a temporary. Registers behind the end of the list
   * are temporaries too. Empty when the source does not tell.
   */
  readonly registers: readonly (RegisterName | null)[];
  readonly kind: FunctionKind;
  readonly isAsync: boolean;
  readonly isGenerator: boolean;
  /** Class of a method, constructor or initialiser, where the source gives it a name. */
  readonly className?: string;
  /** Offset of the name of the function, or of what it is the value of. */
  readonly nameAt?: number;
  readonly classNameAt?: number;
  /** Of an async function, in the order of the source. */
  readonly awaitedCalls: readonly AwaitedCall[];
  /** The call that the function itself is given to, if that lends it something while it runs: `lock.runExclusive`. */
  readonly givenTo?: Pick<AwaitedCall, 'call' | 'at'>;
  /** Offsets where its parameters and variables are declared, by name: several, where several blocks have one of a name. */
  readonly declaredAt: DeclaredAt;
}

export type DeclaredAt = ReadonlyMap<string, readonly number[]>;

/**
 * Whether a register may be shown under its name in a frame that stands at `position`.
 * For one position there is at most one such register of a name.
 */
export function isVisible(register: RegisterName, position: number): boolean {
  return isIn(register, position);
}

/** What a function that waits at `position` has got by earlier calls. */
export function heldAt(
  { awaitedCalls, givenTo }: FunctionNames,
  position: number,
): Pick<AwaitedCall, 'call' | 'at'>[] {
  const got = awaitedCalls.filter(({ held }) => held !== undefined && isIn(held, position));
  return givenTo === undefined ? got : [givenTo, ...got];
}

function isIn(
  { hiddenIn, ...range }: SourceRange & { readonly hiddenIn: readonly SourceRange[] },
  position: number,
): boolean {
  const isAt = ({ start, end }: SourceRange): boolean => start <= position && position < end;
  return isAt(range) && !hiddenIn.some(isAt);
}
