/** Every function of a syntax tree, to be found by its position, with what its surroundings tell about it. */
import type { AnyNode, Program } from 'acorn';
import type { FunctionKind } from './register-names.ts';
import { childrenOf } from './visit.ts';
import type { ClassNode } from './visit-class.ts';
import { hasUseStrict, type FunctionNode } from './visit-function.ts';

/** One function of the source, or one class: V8 makes functions of its fields. */
export interface IndexedFunction {
  readonly node: FunctionNode | ClassNode;
  readonly kind: FunctionKind;
  /** The code around it is strict. */
  readonly isStrict: boolean;
  readonly isDerivedConstructor: boolean;
  readonly className: string | undefined;
}

/** Functions by the offset of their end; several can end at the same place. */
export type FunctionIndex = ReadonlyMap<number, readonly IndexedFunction[]>;

/** A node with what is known about it from above. */
interface Found {
  readonly node: AnyNode;
  readonly isStrict: boolean;
  /** Name that a class gets from the place where it stands. */
  readonly givenName?: string | undefined;
  /** Set for the function of a method. */
  readonly member?: Pick<IndexedFunction, 'kind' | 'className' | 'isDerivedConstructor'>;
}

/** Finds all functions; as deep as the tree may be, the call stack stays flat. */
export function indexFunctions(program: Program): FunctionIndex {
  const index = new Map<number, IndexedFunction[]>();
  const isStrict = program.sourceType === 'module' || hasUseStrict(program);
  const pending: Found[] = [{ node: program, isStrict }];
  for (let found = pending.pop(); found !== undefined; found = pending.pop()) {
    const entry = entryFor(found);
    if (entry !== null) {
      const others = index.get(entry.node.end);
      if (others === undefined) index.set(entry.node.end, [entry]);
      else others.push(entry);
    }
    for (const below of foundBelow(found)) pending.push(below);
  }
  return index;
}

function entryFor(found: Found): IndexedFunction | null {
  const { node, isStrict, member } = found;
  switch (node.type) {
    case 'ClassDeclaration':
    case 'ClassExpression': {
      const className = nameOfClass(node, found.givenName);
      return { node, kind: 'class-fields', isStrict, isDerivedConstructor: false, className };
    }
    case 'ArrowFunctionExpression':
    case 'FunctionDeclaration':
    case 'FunctionExpression': {
      const kind = node.type === 'ArrowFunctionExpression' ? 'arrow' : 'function';
      const plain = { kind, className: undefined, isDerivedConstructor: false } as const;
      return { node, isStrict, ...(member ?? plain) };
    }
    default:
      return null;
  }
}

function foundBelow(found: Found): Found[] {
  const { node } = found;
  const isStrict = found.isStrict || makesStrict(node);
  if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression')
    return membersOf(node, found.givenName);
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

function membersOf(node: ClassNode, givenName: string | undefined): Found[] {
  const className = nameOfClass(node, givenName);
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

function makesStrict(node: AnyNode): boolean {
  const isFunction =
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression';
  return isFunction && hasUseStrict(node.body);
}

function kindOf(kind: 'constructor' | 'method' | 'get' | 'set' | 'init'): FunctionKind {
  if (kind === 'get') return 'getter';
  if (kind === 'set') return 'setter';
  return kind === 'constructor' ? 'constructor' : 'method';
}

function nameOfClass(node: ClassNode, givenName: string | undefined): string | undefined {
  return node.id?.name ?? givenName;
}

/** The name that an anonymous class gets from the place where it stands. */
function nameGivenBy(node: AnyNode): string | undefined {
  switch (node.type) {
    case 'VariableDeclarator':
      return nameOfKey(node.id, false);
    case 'AssignmentExpression':
    case 'AssignmentPattern':
      return node.left.type === 'MemberExpression'
        ? nameOfKey(node.left.property, node.left.computed)
        : nameOfKey(node.left, false);
    case 'Property':
    case 'PropertyDefinition':
      return nameOfKey(node.key, node.computed);
    default:
      return undefined;
  }
}

function nameOfKey(key: AnyNode, isComputed: boolean): string | undefined {
  return !isComputed && key.type === 'Identifier' ? key.name : undefined;
}
