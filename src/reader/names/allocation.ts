/**
 * From a finished scope tree to the register file: V8's Scope::AllocateVariablesRecursively.
 * Own variables first, in the order of declaration, then inner scopes, the youngest sibling first.
 */
import type { RegisterName } from './register-names.ts';
import type { Scope, SourceRange, Variable } from './scope.ts';

/** Gives every variable of the function its register; null stands for a temporary of V8's own. */
export function allocateRegisters(root: Scope): (RegisterName | null)[] {
  const order = ownScopes(root);
  const declaring = scopesByName(order);
  const registers: (RegisterName | null)[] = [];
  for (const scope of order) {
    for (const variable of variablesInOrder(scope)) {
      if (takesRegister(variable, scope)) registers.push(nameOf(variable, scope, declaring));
    }
  }
  return registers;
}

/** Binds every name in the tree to its variable, closures within the function included. */
export function resolveTree(root: Scope): void {
  const order: Scope[] = [];
  const pending: Scope[] = [root];
  for (let scope = pending.pop(); scope !== undefined; scope = pending.pop()) {
    order.push(scope);
    scope.resolveReferences();
    pending.push(...scope.children);
  }
  for (const { classVariable, staticPrivateMethods } of order) {
    if (classVariable !== null && staticPrivateMethods.some(({ isUsed }) => isUsed))
      classVariable.isInContext = true;
  }
}

function variablesInOrder(scope: Scope): Variable[] {
  const { locals, functionName } = scope;
  const isTemporary = (variable: Variable): boolean => variable.mode === 'temporary';
  const ordered =
    scope.kind === 'arrow'
      ? [...locals.filter((variable) => !isTemporary(variable)), ...locals.filter(isTemporary)]
      : locals;
  return functionName === null ? ordered : [...ordered, functionName];
}

function takesRegister(variable: Variable, scope: Scope): boolean {
  if (variable.mode === 'temporary') return true;
  if (scope.containsEval || scope.kind === 'catch' || scope.kind === 'script') return false;
  return variable.isUsed && !variable.isInContext && !variable.isElsewhere;
}

function nameOf(
  variable: Variable,
  scope: Scope,
  declaring: ReadonlyMap<string, readonly Scope[]>,
): RegisterName | null {
  const { name, mode, visible } = variable;
  if (visible === null || name === '' || name.startsWith('.')) return null;
  const hiddenIn = (declaring.get(name) ?? [])
    .filter((other) => other !== scope && isWithin(other.range, scope.range))
    .map((other) => other.range);
  return { name, start: visible.start, end: visible.end, lexical: mode === 'lexical', hiddenIn };
}

/** The scopes that share the function's register file, in the order of allocation. */
function ownScopes(root: Scope): Scope[] {
  const order: Scope[] = [];
  const pending: Scope[] = [root];
  for (let scope = pending.pop(); scope !== undefined; scope = pending.pop()) {
    order.push(scope);
    for (const child of scope.children) if (!child.isClosure) pending.push(child);
  }
  return order;
}

function scopesByName(scopes: readonly Scope[]): Map<string, Scope[]> {
  const byName = new Map<string, Scope[]>();
  for (const scope of scopes) {
    for (const name of scope.variables.keys()) {
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [scope]);
      else others.push(scope);
    }
  }
  return byName;
}

function isWithin(inner: SourceRange, outer: SourceRange): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}
