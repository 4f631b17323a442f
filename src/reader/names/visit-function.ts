/**
 * Functions: parameters, body, and what V8 adds behind them.
 * Source: ParseFunctionBody in v8/src/parsing/parser-base.h, DeclarationScope in v8/src/ast/scopes.cc.
 */
import type {
  AnyNode,
  ArrowFunctionExpression,
  BlockStatement,
  Expression,
  FunctionDeclaration,
  AnonymousFunctionDeclaration,
  FunctionExpression,
  Pattern,
} from 'acorn';
import { patternSteps } from './declarations.ts';
import type { ScopeBuilder, Step } from './scope-builder.ts';
import type { Scope } from './scope.ts';

/** Any function of the syntax tree. */
export type FunctionNode =
  FunctionDeclaration | AnonymousFunctionDeclaration | FunctionExpression | ArrowFunctionExpression;

export function isFunction(node: AnyNode): node is Extract<AnyNode, FunctionNode> {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

/** A function expression or arrow inside the code that is looked at. */
export function visitFunction(builder: ScopeBuilder, node: FunctionNode): void {
  builder.closureCount++;
  const scope = openFunction(builder, node);
  builder.planIn(scope, functionSteps(builder, scope, node));
}

/** A function statement: declares its name when it has been parsed. */
export function visitFunctionDeclaration(
  builder: ScopeBuilder,
  node: FunctionDeclaration | AnonymousFunctionDeclaration,
): void {
  builder.plan([
    () => {
      visitFunction(builder, node);
    },
    () => {
      if (node.id != null) declareFunction(builder.scope, node, node.id.name);
    },
  ]);
}

function declareFunction(scope: Scope, node: FunctionNode, name: string): void {
  const isVar = scope.isDeclarationScope && scope.kind !== 'module';
  const isSloppyBlockFunction =
    !scope.isStrict && !scope.isDeclarationScope && !node.async && !node.generator;
  const mode = isVar ? 'var' : 'lexical';
  const variable = scope.declare(name, mode, scope.range, isSloppyBlockFunction);
  variable.isFunction = true;
  if (isSloppyBlockFunction)
    scope.declarationScope().sloppyBlockFunctions.push({ variable, scope });
}

/** Makes the scope of a function. */
export function openFunction(builder: ScopeBuilder, node: FunctionNode): Scope {
  const isArrow = node.type === 'ArrowFunctionExpression';
  const isStrict = builder.scope.isStrict || hasUseStrict(node.body);
  return builder.open(isArrow ? 'arrow' : 'function', node, { isDeclarationScope: true, isStrict });
}

/** Steps that fill the scope of a function, to be run inside it. */
export function functionSteps(builder: ScopeBuilder, scope: Scope, node: FunctionNode): Step[] {
  const isArrow = node.type === 'ArrowFunctionExpression';
  const { params } = node;
  const isSimple = params.every((param) => param.type === 'Identifier');
  scope.hasSimpleParameters = isSimple;
  if (!isArrow) declareOwn(scope);
  return [
    ...params.flatMap((param) => parameterSteps(builder, param, isSimple, node)),
    () => {
      if (params.at(-1)?.type === 'RestElement') scope.addTemporary();
      if (node.async || node.generator) scope.addTemporary(); // the generator object
    },
    ...(isSimple ? bodySteps(node.body) : [bodyScopeStep(builder, scope, node)]),
    () => {
      if (isSimple) hoistSloppyBlockFunctions(scope, scope);
      if (!isArrow) scope.declare('arguments', 'var', scope.range);
      if (node.type === 'FunctionExpression' && node.id != null)
        declareFunctionName(scope, node.id.name);
    },
  ];
}

/** Variables that every function except an arrow has; `this` always has a slot of its own. */
export function declareOwn(scope: Scope): void {
  scope.declare('.new.target', 'lexical', null);
  scope.declare('.this_function', 'lexical', null);
}

function parameterSteps(
  builder: ScopeBuilder,
  param: Pattern,
  isSimple: boolean,
  node: FunctionNode,
): Step[] {
  if (isSimple && param.type === 'Identifier')
    return [
      () => {
        declareSimpleParameter(builder.scope, param.name);
      },
    ];
  return patternSteps(builder, param, {
    mode: 'var',
    isParameter: true,
    isInitialised: true,
    visible: { start: param.end, end: node.end },
  });
}

/** A parameter that stays in the slot where the caller put it, unless a closure captures it. */
export function declareSimpleParameter(scope: Scope, name: string): void {
  const variable = scope.declare(name, 'var', null);
  variable.isParameter = true;
  variable.isElsewhere = true;
  variable.isUsed = true;
}

/** With parameters that are not simple the body has a scope of its own, where `var` lands. */
function bodyScopeStep(builder: ScopeBuilder, functionScope: Scope, node: FunctionNode): Step {
  return () => {
    const scope = builder.open('block', node.body, { isDeclarationScope: true });
    builder.plan([
      () => {
        builder.planIn(scope, bodySteps(node.body));
      },
      () => {
        hoistSloppyBlockFunctions(scope, functionScope);
        if (scope.variables.size > 0) shadowParameters(scope, functionScope);
      },
    ]);
  };
}

function bodySteps(body: BlockStatement | Expression): AnyNode[] {
  return body.type === 'BlockStatement' ? body.body : [body];
}

/** A `var` with the name of a parameter begins with the parameter's value: both are used. */
function shadowParameters(scope: Scope, functionScope: Scope): void {
  if (functionScope.kind !== 'arrow')
    functionScope.declare('arguments', 'var', functionScope.range);
  for (const variable of scope.variables.values()) {
    const parameter = functionScope.variables.get(variable.name);
    if (variable.mode !== 'var' || variable.isFunction || parameter === undefined) continue;
    variable.isUsed = true;
    parameter.isUsed = true;
  }
}

/** Annex B: a sloppy-mode function in a block is also a `var`, unless that would clash. */
export function hoistSloppyBlockFunctions(target: Scope, parameterScope: Scope): void {
  for (const { variable, scope } of target.sloppyBlockFunctions) {
    const { name } = variable;
    if (parameterScope.variables.get(name)?.isParameter === true) continue;
    if (clashesOutside(name, scope, target)) continue;
    target.declare(name, 'var', target.range).isUsed = true;
    variable.isUsed = true;
  }
}

function clashesOutside(name: string, scope: Scope, target: Scope): boolean {
  for (let outer = scope.outer; outer !== null && outer !== target.outer; outer = outer.outer) {
    const other = outer.variables.get(name);
    if (other?.mode === 'lexical' && !other.isSloppyBlockFunction) return true;
  }
  return false;
}

/** The name of a function expression is visible inside it, unless something else there has it. */
function declareFunctionName(scope: Scope, name: string): void {
  if (scope.variables.has(name)) return;
  scope.functionName = scope.declare(name, 'var', scope.range);
  scope.locals.pop();
}

/** True when the code begins with a "use strict" directive. */
export function hasUseStrict(body: AnyNode): boolean {
  if (body.type !== 'BlockStatement' && body.type !== 'Program') return false;
  for (const statement of body.body) {
    if (statement.type !== 'ExpressionStatement' || statement.directive === undefined) return false;
    if (statement.directive === 'use strict') return true;
  }
  return false;
}
