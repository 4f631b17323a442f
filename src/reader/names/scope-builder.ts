/**
 * Walks the syntax tree in the order in which V8 parses, so that scopes and variables come into being in V8's order.
 * The walk keeps its own stack: a tree as deep as the parser can make it must not overflow ours.
 */
import type { AnyNode } from 'acorn';
import type { RegisterRules } from './register-rules.ts';
import { Scope, type ScopeKind, type SourceRange, type Variable } from './scope.ts';

/** What the walk does next: look at a node, or run something that depends on what was seen before. */
export type Step = AnyNode | (() => void) | null | undefined;

/** Looks at one node: plans steps for its children, declares, refers. */
export type Visit = (builder: ScopeBuilder, node: AnyNode) => void;

/** The state of one walk. */
export class ScopeBuilder {
  /** The scope that the walk stands in. */
  scope: Scope;
  readonly rules: RegisterRules;
  /** Closures and direct evals met so far; V8 asks of a loop whether it contains any. */
  closureCount = 0;
  /** Whether a module waits outside of its functions. */
  hasTopLevelAwait = false;
  /** Names that a module exports, wherever it declares them. */
  readonly exportedNames = new Set<string>();
  /** Variables of `import * as`. */
  readonly namespaces = new Set<Variable>();
  readonly #steps: Step[] = [];
  readonly #visit: Visit;

  constructor(root: Scope, rules: RegisterRules, visit: Visit) {
    this.scope = root;
    this.rules = rules;
    this.#visit = visit;
  }

  /** Runs until nothing is planned any more. */
  run(): void {
    while (this.#steps.length > 0) {
      const step = this.#steps.pop();
      if (typeof step === 'function') step();
      else if (step) this.#visit(this, step);
    }
  }

  /** Puts steps before everything planned earlier; the first of them runs first. */
  plan(steps: readonly Step[]): void {
    for (let index = steps.length - 1; index >= 0; index--) this.#steps.push(steps[index]);
  }

  /** Plans steps that run inside a scope, after which the walk is back where it was. */
  planIn(scope: Scope, steps: readonly Step[]): void {
    const before = this.scope;
    this.#steps.push(() => {
      this.scope = before;
    });
    this.plan(steps);
    this.#steps.push(() => {
      this.scope = scope;
    });
  }

  /** Makes a scope inside the present one, without entering it. */
  open(
    kind: ScopeKind,
    range: SourceRange,
    { isDeclarationScope = false, isStrict = this.scope.isStrict } = {},
  ): Scope {
    return new Scope({ kind, outer: this.scope, range, isDeclarationScope, isStrict });
  }
}
