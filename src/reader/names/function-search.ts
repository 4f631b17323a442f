/** Finds a function of a syntax tree by its position, with what its surroundings tell about it. */
import type { AnyNode } from 'acorn';
import type { SyntaxTree } from './lazy-parser.ts';
import { callText } from './awaited-calls.ts';
import { lends } from './lending-words.ts';
import type { FunctionKind, FunctionNames } from './register-names.ts';
import { childrenOf } from './visit.ts';
import { sideOf, type ClassNode, type ClassSide } from './visit-class.ts';
import { hasUseStrict, isFunction, type FunctionNode } from './visit-function.ts';

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
  /** Offset of its name, or of what it is the value of; absent: neither is there. */
  readonly nameAt: number | undefined;
  /** The same of the class of a member. */
  readonly classNameAt: number | undefined;
  /** The call that it is given to, if that lends something while it runs. */
  readonly givenTo?: FunctionNames['givenTo'];
}

/** A name and where it is written. */
interface WrittenName {
  readonly name: string;
  readonly start: number;
}

/** A node with what is known about it from above. */
interface Found {
  readonly node: AnyNode;
  readonly isStrict: boolean;
  /** Name that a class or function gets from the place where it stands. */
  readonly givenName?: WrittenName | undefined;
  readonly givenTo?: FunctionNames['givenTo'];
  /** Set for the function of a method. */
  readonly member?: Omit<FoundFunction, 'node' | 'isStrict'>;
}

/**
 * Finds the functions at a place, inner ones last. Only for an initialiser may there be more than one. Parses what is around it.
 * @throws SyntaxError, RangeError
 */
export function findFunctions(script: SyntaxTree, place: Place): FoundFunction[] {
  const { program } = script;
  const functions: FoundFunction[] = [];
  const isStrict = program.sourceType === 'module' || hasUseStrict(program);
  const pending: Found[] = [{ node: program, isStrict }];
  for (let found = pending.pop(); found !== undefined; found = pending.pop()) {
    const { node } = found;
    if (isFunction(node) && node.body.start <= place.start && node.body.end >= place.end)
      script.open(node, place);
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
  // A default constructor is where the class begins, and nowhere else.
  if (isClass(node)) return node.start === start && end === start;
  if (node.end !== end) return false;
  // V8 begins arrows with their first character, other functions with the parenthesis.
  if (node.type === 'ArrowFunctionExpression') return node.start === start;
  return node.start <= start && start < (node.params[0] ?? node.body).start;
}

/** By version, V8 gives an initialiser the place of the class (to 11), of its body (12), or of the elements (13). */
function initialiserBegins(node: ClassNode, side: ClassSide): number[] {
  const first = node.body.body.find((member) => sideOf(member) === side);
  return first === undefined ? [] : [node.start, node.body.start, first.start];
}

function entryFor({ node, isStrict, member, givenName, givenTo }: Found): FoundFunction | null {
  if (isClass(node)) {
    const written = node.id ?? givenName;
    const names = { className: written?.name, classNameAt: written?.start, nameAt: undefined };
    return { node, kind: 'class-fields', isStrict, isDerivedConstructor: false, ...names };
  }
  if (!isFunction(node)) return null;
  const kind = node.type === 'ArrowFunctionExpression' ? 'arrow' : 'function';
  const nameAt = (node.type === 'ArrowFunctionExpression' ? null : node.id)?.start;
  const names = { className: undefined, classNameAt: undefined };
  const plain = { kind, isDerivedConstructor: false, nameAt: nameAt ?? givenName?.start } as const;
  const lent = givenTo !== undefined && { givenTo };
  return { node, isStrict, ...lent, ...(member ?? { ...plain, ...names }) };
}

function isClass(node: AnyNode): node is Extract<AnyNode, ClassNode> {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
}

function foundBelow(found: Found): Found[] {
  const { node } = found;
  const isStrict = found.isStrict || (isFunction(node) && hasUseStrict(node.body));
  if (isClass(node)) return membersOf(node, node.id ?? found.givenName);
  if (node.type === 'Property' && (node.method || node.kind !== 'init')) {
    const names = { className: undefined, classNameAt: undefined, nameAt: node.key.start };
    const member = { kind: kindOf(node.kind), isDerivedConstructor: false, ...names };
    return [
      { node: node.key, isStrict },
      { node: node.value, isStrict, member },
    ];
  }
  const givenName = nameGivenBy(node);
  const givenTo = lenderOf(node);
  return childrenOf(node).map((child) => ({
    node: child,
    isStrict,
    givenName,
    ...(givenTo !== null && isFunction(child) && { givenTo }),
  }));
}

function membersOf(node: ClassNode, written: WrittenName | undefined): Found[] {
  const className = { className: written?.name, classNameAt: written?.start };
  const found: Found[] = node.superClass == null ? [] : [{ node: node.superClass, isStrict: true }];
  for (const element of node.body.body) {
    if (element.type !== 'MethodDefinition') {
      found.push(...fieldOf(element, className));
      continue;
    }
    const isDerivedConstructor = element.kind === 'constructor' && node.superClass != null;
    const own = { nameAt: element.key.start, ...className };
    const member = { kind: kindOf(element.kind), isDerivedConstructor, ...own };
    found.push(
      { node: element.key, isStrict: true },
      { node: element.value, isStrict: true, member },
    );
  }
  return found;
}

/** A field or static block; a function that is the value of a field is called like a method. */
function fieldOf(
  element: ClassNode['body']['body'][number],
  className: Pick<FoundFunction, 'className' | 'classNameAt'>,
): Found[] {
  if (element.type !== 'PropertyDefinition' || element.value == null || !isFunction(element.value))
    return [{ node: element, isStrict: true }];
  const kind = element.value.type === 'ArrowFunctionExpression' ? 'arrow' : 'function';
  const names = { nameAt: element.key.start, ...className };
  const member = { kind, isDerivedConstructor: false, ...names } as const;
  return [
    { node: element.key, isStrict: true },
    { node: element.value, isStrict: true, member },
  ];
}

function kindOf(kind: 'constructor' | 'method' | 'get' | 'set' | 'init'): FunctionKind {
  if (kind === 'get') return 'getter';
  if (kind === 'set') return 'setter';
  return kind === 'constructor' ? 'constructor' : 'method';
}

/** The name that an anonymous class or function gets from the place where it stands. */
function nameGivenBy(node: AnyNode): WrittenName | undefined {
  if (node.type === 'VariableDeclarator') return nameOfKey(node.id, false);
  if (node.type === 'Property' || node.type === 'PropertyDefinition')
    return nameOfKey(node.key, node.computed);
  if (node.type !== 'AssignmentExpression' && node.type !== 'AssignmentPattern') return undefined;
  return node.left.type === 'MemberExpression'
    ? nameOfKey(node.left.property, node.left.computed)
    : nameOfKey(node.left, false);
}

/** Of a call that lends something: what it is given runs while that is lent. */
function lenderOf(node: AnyNode): NonNullable<FunctionNames['givenTo']> | null {
  if (node.type !== 'CallExpression' || !node.arguments.some((one) => isFunction(one))) return null;
  const call = callText(node.callee);
  return call !== null && lends(call) ? { call, at: node.start } : null;
}

function nameOfKey(key: AnyNode, isComputed: boolean): WrittenName | undefined {
  return !isComputed && key.type === 'Identifier' ? key : undefined;
}
