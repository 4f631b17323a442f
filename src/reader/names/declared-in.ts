/** Where the variables of one function are declared in its source. Functions and classes inside it have variables of their own. */
import type { AnyNode, Identifier, Pattern, Program } from 'acorn';
import { limits } from '../../limits.ts';
import type { DeclaredAt } from './register-names.ts';
import { childrenOf } from './visit.ts';
import type { FunctionNode } from './visit-function.ts';

/** By name, the offsets of the identifiers that declare it, in the order of the source. */
export function declaredIn(owner: FunctionNode | Program): DeclaredAt {
  const found = new Map<string, number[]>();
  const add = ({ name, start }: Identifier): void => {
    const known = found.get(name);
    if (known !== undefined) known.push(start);
    else if (found.size < limits.maxVariables * 4) found.set(name, [start]);
  };
  const pending: AnyNode[] = [];
  if (owner.type === 'Program') pending.push(...owner.body);
  else {
    for (const parameter of owner.params) namesOf(parameter).forEach(add);
    pending.push(owner.body);
  }
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    switch (node.type) {
      case 'VariableDeclarator':
        namesOf(node.id).forEach(add);
        break;
      case 'CatchClause':
        if (node.param != null) namesOf(node.param).forEach(add);
        break;
      case 'FunctionDeclaration':
      case 'ClassDeclaration':
        if (node.id !== null) add(node.id);
        continue;
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'ClassExpression':
        continue;
      default:
    }
    pending.push(...childrenOf(node));
  }
  return found;
}

/** The identifiers that a pattern declares. */
export function namesOf(pattern: Pattern): Identifier[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'AssignmentPattern':
      return namesOf(pattern.left);
    case 'RestElement':
      return namesOf(pattern.argument);
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : namesOf(element)));
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        namesOf(property.type === 'RestElement' ? property : property.value),
      );
    case 'MemberExpression':
      return [];
  }
}
