/** What declarations bring into a scope: names of patterns, in order, with what the patterns compute. */
import type { Identifier, Pattern, VariableDeclaration } from 'acorn';
import type { ScopeBuilder, Step } from './scope-builder.ts';
import type { Scope, SourceRange, VariableMode } from './scope.ts';

/** How the names of a pattern are declared. */
export interface Binding {
  readonly mode: VariableMode;
  readonly isParameter: boolean;
  /** Where the names are current; `var` is current in its whole function whatever stands here. */
  readonly visible: SourceRange;
  /** False for `var x;`, which alone does not make x used. */
  readonly isInitialised: boolean;
}

/** Steps that declare the names of a pattern and look at what it computes, from left to right. */
export function patternSteps(builder: ScopeBuilder, pattern: Pattern, binding: Binding): Step[] {
  switch (pattern.type) {
    case 'Identifier':
      return [
        () => {
          declareName(builder, pattern, binding);
        },
      ];
    case 'AssignmentPattern':
      return [...patternSteps(builder, pattern.left, binding), pattern.right];
    case 'RestElement':
      return patternSteps(builder, pattern.argument, binding);
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) =>
        element === null ? [] : patternSteps(builder, element, binding),
      );
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        property.type === 'RestElement'
          ? patternSteps(builder, property, binding)
          : [
              property.computed ? property.key : null,
              ...patternSteps(builder, property.value, binding),
            ],
      );
    case 'MemberExpression':
      return [pattern];
  }
}

/**
 * Steps that declare and initialise the names of one declaration statement.
 * @param end where the scope of `let` and `const` ends; they are current behind their own declarator only
 */
export function declarationSteps(
  builder: ScopeBuilder,
  declaration: VariableDeclaration,
  end: number,
): Step[] {
  const isVar = declaration.kind === 'var';
  return declaration.declarations.flatMap((declarator) => [
    ...patternSteps(builder, declarator.id, {
      mode: isVar ? 'var' : 'lexical',
      isParameter: false,
      isInitialised: !isVar || declarator.init != null || declarator.id.type !== 'Identifier',
      visible: { start: declarator.end, end },
    }),
    declarator.init,
  ]);
}

/** The names a pattern binds, from left to right. */
export function boundNames(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : boundNames(element)));
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'RestElement' ? property : property.value),
      );
    case 'MemberExpression':
      return [];
  }
}

function declareName(builder: ScopeBuilder, identifier: Identifier, binding: Binding): void {
  const { name } = identifier;
  const { mode, visible, isInitialised, isParameter } = binding;
  const scope = mode === 'var' ? builder.scope.declarationScope() : builder.scope;
  const range = mode === 'var' && !isParameter ? scope.range : visible;
  const variable = scope.declare(name, mode, range);
  if (isParameter) variable.isParameter = true;
  if (!isInitialised) return;
  if (mode === 'lexical' || isParameter) variable.isUsed = true;
  else assignVar(builder, name, scope);
}

/** The value of `var x = …` goes to a catch parameter or `with` object of that name, if one is between. */
function assignVar(builder: ScopeBuilder, name: string, declarationScope: Scope): void {
  let scope: Scope | null = builder.scope;
  for (; scope !== null && scope !== declarationScope; scope = scope.outer) {
    if (scope.kind === 'with' || (scope.kind === 'catch' && scope.variables.has(name))) {
      builder.scope.refer(name);
      return;
    }
  }
  const variable = declarationScope.variables.get(name);
  if (variable !== undefined) variable.isUsed = true;
}
