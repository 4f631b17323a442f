/**
 * What each kind of syntax node means for scopes, statement by statement.
 * Source: v8/src/parsing/parser-base.h and parser.cc (ParseStatement and the Rewrite and Desugar functions).
 */
import type {
  AnyNode,
  CallExpression,
  CatchClause,
  MemberExpression,
  Statement,
  SwitchStatement,
} from 'acorn';
import { visitClass } from './visit-class.ts';
import { visitFunction, visitFunctionDeclaration } from './visit-function.ts';
import { visitFor, visitForEach } from './visit-loop.ts';
import { visitExport, visitImport } from './visit-module.ts';
import { declarationSteps, patternSteps } from './declarations.ts';
import type { ScopeBuilder, Step } from './scope-builder.ts';

type AnyProperty = Extract<AnyNode, { type: 'Property' }>;

/** Looks at one node of the tree. */
export function visit(builder: ScopeBuilder, node: AnyNode): void {
  switch (node.type) {
    case 'Identifier':
      builder.scope.refer(node.name);
      return;
    case 'CallExpression':
      visitCall(builder, node);
      return;
    case 'MemberExpression':
      visitMember(builder, node);
      return;
    case 'Property':
      visitProperty(builder, node);
      return;
    case 'PrivateIdentifier':
      builder.scope.refer(`#${node.name}`);
      return;
    case 'MetaProperty':
      if (node.meta.name === 'new') builder.scope.refer('.new.target');
      return;
    case 'FunctionDeclaration':
      visitFunctionDeclaration(builder, node);
      return;
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      visitFunction(builder, node);
      return;
    case 'ClassDeclaration':
    case 'ClassExpression':
      visitClass(builder, node);
      return;
    default:
      visitStatement(builder, node);
  }
}

function visitStatement(builder: ScopeBuilder, node: AnyNode): void {
  switch (node.type) {
    case 'VariableDeclaration':
      builder.plan(declarationSteps(builder, node, builder.scope.range.end));
      return;
    case 'BlockStatement':
      builder.planIn(builder.open('block', node), node.body);
      return;
    case 'IfStatement':
      builder.plan([node.test, branch(builder, node.consequent), branch(builder, node.alternate)]);
      return;
    case 'ForStatement':
      visitFor(builder, node);
      return;
    case 'ForInStatement':
    case 'ForOfStatement':
      visitForEach(builder, node);
      return;
    case 'SwitchStatement':
      visitSwitch(builder, node);
      return;
    case 'CatchClause':
      visitCatch(builder, node);
      return;
    case 'WithStatement':
      builder.plan([
        node.object,
        () => {
          builder.planIn(builder.open('with', node.body), [node.body]);
        },
      ]);
      return;
    case 'LabeledStatement':
      builder.plan([node.body]);
      return;
    case 'BreakStatement':
    case 'ContinueStatement':
      return;
    case 'ReturnStatement':
      visitReturn(builder, node.argument);
      return;
    case 'AwaitExpression':
      if (builder.scope.closure().kind === 'module') builder.hasTopLevelAwait = true;
      builder.plan([node.argument]);
      return;
    case 'ImportDeclaration':
      visitImport(builder, node);
      return;
    case 'ExportNamedDeclaration':
    case 'ExportDefaultDeclaration':
    case 'ExportAllDeclaration':
      visitExport(builder, node);
      return;
    default:
      builder.plan(childrenOf(node));
  }
}

/** A sloppy-mode function as the branch of an `if` gets a block of its own. */
function branch(builder: ScopeBuilder, statement: Statement | null | undefined): Step {
  if (statement?.type !== 'FunctionDeclaration' || builder.scope.isStrict) return statement;
  return () => {
    builder.planIn(builder.open('block', statement), [statement]);
  };
}

function visitSwitch(builder: ScopeBuilder, node: SwitchStatement): void {
  builder.plan([
    node.discriminant,
    () => {
      const scope = builder.open('block', { start: node.discriminant.end, end: node.end });
      const steps = node.cases.flatMap((clause): Step[] => [
        clause.test,
        // Another clause may be entered without passing the declarations of this one.
        ...clause.consequent.map((statement) =>
          statement.type === 'VariableDeclaration'
            ? () => {
                builder.plan(declarationSteps(builder, statement, clause.end));
              }
            : statement,
        ),
      ]);
      builder.plan([
        () => {
          builder.planIn(scope, steps);
        },
        () => {
          if (scope.variables.size > 0) scope.addTemporary();
        },
      ]);
    },
  ]);
}

function visitCatch(builder: ScopeBuilder, node: CatchClause): void {
  const { param, body } = node;
  if (param == null) {
    builder.plan([body]);
    return;
  }
  const catchScope = builder.open('catch', node);
  catchScope.declare(param.type === 'Identifier' ? param.name : '.catch', 'var', null);
  const steps =
    param.type === 'Identifier'
      ? [body]
      : [
          ...patternSteps(builder, param, {
            mode: 'lexical',
            isParameter: false,
            isInitialised: true,
            visible: { start: param.end, end: node.end },
          }),
          body,
        ];
  builder.planIn(catchScope, [
    () => {
      builder.planIn(builder.open('block', node), steps);
    },
  ]);
}

/** In a derived constructor the returned value must be compared with undefined. */
function visitReturn(builder: ScopeBuilder, argument: AnyNode | null | undefined): void {
  builder.plan([
    argument,
    () => {
      if (!builder.rules.hasReturnTemporaries) return;
      const closure = builder.scope.closure();
      if (closure.isDerivedConstructor) closure.addTemporary();
    },
  ]);
}

function visitCall(builder: ScopeBuilder, node: CallExpression): void {
  const { callee } = node;
  if (callee.type === 'Super') {
    builder.scope.refer('.new.target');
    builder.scope.refer('.this_function');
  }
  if (callee.type === 'Identifier' && callee.name === 'eval' && !node.optional) {
    builder.scope.recordEval();
    builder.closureCount++;
  }
  builder.plan([callee.type === 'Super' ? null : callee, ...node.arguments]);
}

function visitMember(builder: ScopeBuilder, node: MemberExpression): void {
  const { property } = node;
  if (property.type === 'PrivateIdentifier') builder.scope.refer(`#${property.name}`);
  builder.plan([node.object, node.computed ? property : null]);
}

function visitProperty(builder: ScopeBuilder, { computed, key, value }: AnyProperty): void {
  builder.plan([computed ? key : null, value]);
}

/** All nodes directly below, in source order. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[]) {
    if (Array.isArray(value)) children.push(...value.filter(isNode));
    else if (isNode(value)) children.push(value);
  }
  return children;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
