/**
 * Scopes and variables as V8's parser builds them, as far as register allocation depends on them.
 * Source of the rules: v8/src/ast/scopes.{h,cc} of V8 10.2 to 14.6; docs/v8-register-names.md tells them in words.
 */

/** A half-open range of source offsets, in UTF-16 units. */
export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

/** `temporary`: made by V8 itself, never seen by the program. */
export type VariableMode = 'var' | 'lexical' | 'temporary';

/** One binding, V8's `Variable`. */
export interface Variable {
  /** Empty for temporaries; V8's own variables begin with a dot. */
  readonly name: string;
  readonly mode: VariableMode;
  /** Where its register holds its current value; null: never, or not to be shown. */
  readonly visible: SourceRange | null;
  /** A function in a sloppy-mode block: Annex B lets it coexist with others of its name. */
  readonly isSloppyBlockFunction: boolean;
  isParameter: boolean;
  /** Declared by a function statement directly in its scope. */
  isFunction: boolean;
  /** V8 gives unused variables no place at all. */
  isUsed: boolean;
  /** Captured by a closure, or reachable through `with`: lives in a context, not in a register. */
  isInContext: boolean;
  /** Parameter slot, module cell or property of the global object. */
  isElsewhere: boolean;
}

/** `function` and `arrow` include class initializers; each of the first four owns a register file. */
export type ScopeKind =
  'function' | 'arrow' | 'script' | 'module' | 'block' | 'catch' | 'with' | 'class';

const closureKinds: ReadonlySet<ScopeKind> = new Set(['function', 'arrow', 'script', 'module']);

/** A function in a sloppy-mode block, waiting for the end of its function to be hoisted. */
interface SloppyBlockFunction {
  readonly variable: Variable;
  readonly scope: Scope;
}

/** What a new scope is made of. */
export interface ScopeShape {
  readonly kind: ScopeKind;
  readonly outer: Scope | null;
  readonly range: SourceRange;
  /** True where `var` lands: functions, their body when parameters are not simple, static blocks. */
  readonly isDeclarationScope: boolean;
  readonly isStrict: boolean;
}

/** One scope. Children are kept in the order of creation, which allocation walks backwards. */
export class Scope {
  readonly kind: ScopeKind;
  readonly outer: Scope | null;
  readonly range: SourceRange;
  readonly isClosure: boolean;
  readonly isDeclarationScope: boolean;
  readonly isStrict: boolean;
  readonly children: Scope[] = [];
  readonly variables = new Map<string, Variable>();
  /** Variables in the order in which V8 places them. */
  readonly locals: Variable[] = [];
  readonly sloppyBlockFunctions: SloppyBlockFunction[] = [];
  /** The name of a function expression, placed behind everything else of its scope. */
  functionName: Variable | null = null;
  /** A direct `eval` in here or further in: every named variable must be findable by name. */
  containsEval = false;
  hasSimpleParameters = true;
  /** The constructor of a class that extends another. */
  isDerivedConstructor = false;
  /** Of a class scope: using one of them makes V8 keep the class itself in a context. */
  readonly staticPrivateMethods: Variable[] = [];
  classVariable: Variable | null = null;
  readonly #references = new Set<string>();

  constructor(shape: ScopeShape) {
    this.kind = shape.kind;
    this.outer = shape.outer;
    // A syntax node would do as a range, but must not be kept.
    this.range = { start: shape.range.start, end: shape.range.end };
    this.isClosure = closureKinds.has(shape.kind);
    this.isDeclarationScope = shape.isDeclarationScope;
    this.isStrict = shape.isStrict;
    shape.outer?.children.push(this);
  }

  /** Declares a name here, or gives the variable that already has it. */
  declare(
    name: string,
    mode: VariableMode,
    visible: SourceRange | null,
    isSloppyBlockFunction = false,
  ): Variable {
    const existing = this.variables.get(name);
    if (existing !== undefined) return existing;
    const variable: Variable = {
      name,
      mode,
      visible,
      isSloppyBlockFunction,
      isParameter: false,
      isFunction: false,
      isUsed: false,
      isInContext: false,
      isElsewhere: false,
    };
    this.variables.set(name, variable);
    this.locals.push(variable);
    return variable;
  }

  /** A register of V8's own, in the closure this scope belongs to. */
  addTemporary(): void {
    this.closure().locals.push({
      name: '',
      mode: 'temporary',
      visible: null,
      isSloppyBlockFunction: false,
      isParameter: false,
      isFunction: false,
      isUsed: true,
      isInContext: false,
      isElsewhere: false,
    });
  }

  /** The nearest scope, this one included, that owns registers. */
  closure(): Scope {
    return this.nearest((scope) => scope.isClosure);
  }

  /** The nearest scope, this one included, where `var` lands. */
  declarationScope(): Scope {
    return this.nearest((scope) => scope.isDeclarationScope);
  }

  /** Notes that code directly in this scope uses a name; resolved when everything is declared. */
  refer(name: string): void {
    this.#references.add(name);
  }

  /** Notes a direct call of `eval`. */
  recordEval(): void {
    for (const scope of this.outwards()) scope.containsEval = true;
  }

  /** Binds the names used in this scope to variables, and marks these used and, where captured, in a context. */
  resolveReferences(): void {
    for (const name of this.#references) {
      let isCaptured = false;
      for (const scope of this.outwards()) {
        const variable = scope.variables.get(name);
        if (variable !== undefined) {
          variable.isUsed = true;
          if (isCaptured) variable.isInContext = true;
          break;
        }
        if (scope.isClosure || scope.kind === 'with') isCaptured = true;
      }
    }
  }

  /** This scope and those around it, from the inside out. */
  *outwards(): Generator<Scope, void> {
    yield this;
    for (let { outer } = this; outer !== null; outer = outer.outer) yield outer;
  }

  private nearest(isWanted: (scope: Scope) => boolean): Scope {
    for (const scope of this.outwards()) if (isWanted(scope)) return scope;
    throw new Error('A scope outside of every function');
  }
}
