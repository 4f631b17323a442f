/** Finds a function of a syntax tree by its position, with what its surroundings tell about it. */
import type { AnyNode, Program } from 'acorn';
import type { FunctionKind } from './register-names.ts';
import { childrenOf } from './visit.ts';
import { sideOf, type ClassNode, type ClassSide } from './visit-class.ts';
import { hasUseStrict, type FunctionNode } from './visit-function.ts';

/** Where to look. */
export interface Place {
  /** StartPosition, as V8 has it. */
  readonly start: number;
  readonly end: number;
  /** Set when the function is known to be an initialiser. */
  readonly side: ClassSide | null;
}

/** One function of the source; or one class, for its default constructor and its initialisers. */
export interface FoundFunction {
  readonly node: FunctionNode | ClassNode;
  readonly kind: FunctionKind;
  /** The code around it is strict. */
  readonly isStrict: boolean;
  readonly isDerivedConstructor: boolean;
  readonly className: string | undefined;
}

/** A node with what is known about it from above. */
interface Found {
  readonly node: AnyNode;
  readonly isStrict: boolean;
  /** Name that a class gets from the place where it stands. */
  readonly givenName?: string | undefined;
  /** Set for the function of a method. */
  readonly member?: Pick<FoundFunction, 'kind' | 'className' | 'isDerivedConstructor'>;
}

/** Finds the functions at a place, inner ones last. Only for an initialiser may there be more than one. */
export function findFunctions(program: Program, place: Place): FoundFunction[] {
  const functions: FoundFunction[] = [];
  const isStrict = program.sourceType === 'module' || hasUseStrict(program);
  const pending: Found[] = [{ node: program, isStrict }];
  for (let found = pending.pop(); found !== undefined; found = pending.pop()) {
    const entry = entryFor(found);
    if (entry !== null && isAt(entry.node, place)) functions.push(entry);
    for (const below of foundBelow(found)) {
      if (below.node.start <= place.start && below.node.end >= place.end) pending.push(below);
    }
  }
  return functions;
}

function isAt(node: FoundFunction['node'], { start, end, side }: Place): boolean {
  if (side !== null) return isClass(node) && initialiserBegins(node, side).includes(start);
  if (node.end !== end) return false;
  // V8 begins arrows and classes with their first character, other functions with the parenthesis.
  if (isClass(node) || node.type === 'ArrowFunctionExpression') return node.start === start;
  return node.start <= start && start < (node.params[0] ?? node.body).start;
}

/** By version, V8 gives an initialiser the place of the class (to 11), of its body (12), or of the elements (13). */
function initialiserBegins(node: ClassNode, side: ClassSide): number[] {
  const first = node.body.body.find((member) => sideOf(member) === side);
  return first === undefined ? [] : [node.start, node.body.start, first.start];
}

function entryFor({ node, isStrict, member, givenName }: Found): FoundFunction | null {
  if (isClass(node)) {
    const className = node.id?.name ?? givenName;
    return { node, kind: 'class-fields', isStrict, isDerivedConstructor: false, className };
  }
  if (!isFunction(node)) return null;
  const kind = node.type === 'ArrowFunctionExpression' ? 'arrow' : 'function';
  const plain = { kind, className: undefined, isDerivedConstructor: false } as const;
  return { node, isStrict, ...(member ?? plain) };
}

function isClass(node: AnyNode): node is Extract<AnyNode, ClassNode> {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
}

function isFunction(node: AnyNode): node is Extract<AnyNode, FunctionNode> {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

function foundBelow(found: Found): Found[] {
  const { node } = found;
  const isStrict = found.isStrict || (isFunction(node) && hasUseStrict(node.body));
  if (isClass(node)) return membersOf(node, node.id?.name ?? found.givenName);
  if (node.type === 'Property' && (node.method || node.kind !== 'init')) {
    const member = { kind: kindOf(node.kind), className: undefined, isDerivedConstructor: false };
    return [
      { node: node.key, isStrict },
      { node: node.value, isStrict, member },
    ];
  }
  const givenName = nameGivenBy(node);
  return childrenOf(node).map((child) => ({ node: child, isStrict, givenName }));
}

function membersOf(node: ClassNode, className: string | undefined): Found[] {
  const found: Found[] = node.superClass == null ? [] : [{ node: node.superClass, isStrict: true }];
  for (const element of node.body.body) {
    if (element.type !== 'MethodDefinition') {
      found.push({ node: element, isStrict: true });
      continue;
    }
    const isDerivedConstructor = element.kind === 'constructor' && node.superClass != null;
    const member = { kind: kindOf(element.kind), className, isDerivedConstructor };
    found.push(
      { node: element.key, isStrict: true },
      { node: element.value, isStrict: true, member },
    );
  }
  return found;
}

function kindOf(kind: 'constructor' | 'method' | 'get' | 'set' | 'init'): FunctionKind {
  if (kind === 'get') return 'getter';
  if (kind === 'set') return 'setter';
  return kind === 'constructor' ? 'constructor' : 'method';
}

/** The name that an anonymous class gets from the place where it stands. */
function nameGivenBy(node: AnyNode): string | undefined {
  if (node.type === 'VariableDeclarator') return nameOfKey(node.id, false);
  if (node.type === 'Property' || node.type === 'PropertyDefinition')
    return nameOfKey(node.key, node.computed);
  if (node.type !== 'AssignmentExpression' && node.type !== 'AssignmentPattern') return undefined;
  return node.left.type === 'MemberExpression'
    ? nameOfKey(node.left.property, node.left.computed)
    : nameOfKey(node.left, false);
}

function nameOfKey(key: AnyNode, isComputed: boolean): string | undefined {
  return !isComputed && key.type === 'Identifier' ? key.name : undefined;
}
