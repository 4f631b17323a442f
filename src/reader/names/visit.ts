/**
 * What each kind of syntax node means for scopes, statement by statement.
 * Source: v8/src/parsing/parser-base.h and parser.cc (ParseStatement and the Rewrite and Desugar functions).
 */
import type {
  AnyNode,
  CallExpression,
  CatchClause,
  MemberExpression,
  ReturnStatement,
  Statement,
  SwitchStatement,
  WithStatement,
} from 'acorn';
import { visitClass } from './visit-class.ts';
import { visitFunction, visitFunctionDeclaration } from './visit-function.ts';
import { visitFor, visitForEach } from './visit-loop.ts';
import { visitExport, visitImport } from './visit-module.ts';
import { declarationSteps, patternSteps } from './declarations.ts';
import type { ScopeBuilder, Step } from './scope-builder.ts';

type Visitors = {
  readonly [Type in AnyNode['type']]?: (
    builder: ScopeBuilder,
    node: Extract<AnyNode, { type: Type }>,
  ) => void;
};

/** Nodes that are more than the sum of their children. */
const visitors: Visitors = {
  Identifier: (builder, { name }) => {
    builder.scope.refer(name);
  },
  PrivateIdentifier: (builder, { name }) => {
    builder.scope.refer(`#${name}`);
  },
  MetaProperty: (builder, { meta }) => {
    if (meta.name === 'new') builder.scope.refer('.new.target');
  },
  CallExpression: visitCall,
  MemberExpression: visitMember,
  Property: (builder, { computed, key, value }) => {
    builder.plan([computed ? key : null, value]);
  },
  FunctionDeclaration: visitFunctionDeclaration,
  FunctionExpression: visitFunction,
  ArrowFunctionExpression: visitFunction,
  ClassDeclaration: visitClass,
  ClassExpression: visitClass,
  VariableDeclaration: (builder, node) => {
    builder.plan(declarationSteps(builder, node, builder.scope.range.end));
  },
  BlockStatement: (builder, node) => {
    builder.planIn(builder.open('block', node), node.body);
  },
  IfStatement: (builder, { test, consequent, alternate }) => {
    builder.plan([test, branch(builder, consequent), branch(builder, alternate)]);
  },
  ForStatement: visitFor,
  ForInStatement: visitForEach,
  ForOfStatement: visitForEach,
  SwitchStatement: visitSwitch,
  CatchClause: visitCatch,
  WithStatement: visitWith,
  LabeledStatement: (builder, { body }) => {
    builder.plan([body]);
  },
  BreakStatement: () => undefined,
  ContinueStatement: () => undefined,
  ReturnStatement: visitReturn,
  AwaitExpression: (builder, { argument }) => {
    if (builder.scope.closure().kind === 'module') builder.hasTopLevelAwait = true;
    builder.plan([argument]);
  },
  ImportDeclaration: visitImport,
  ExportNamedDeclaration: visitExport,
  ExportDefaultDeclaration: visitExport,
  ExportAllDeclaration: visitExport,
};

/** Looks at one node of the tree. */
export function visit(builder: ScopeBuilder, node: AnyNode): void {
  const visitor = visitors[node.type] as
    ((builder: ScopeBuilder, node: AnyNode) => void) | undefined;
  if (visitor === undefined) builder.plan(childrenOf(node));
  else visitor(builder, node);
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
function visitReturn(builder: ScopeBuilder, { argument }: ReturnStatement): void {
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

function visitWith(builder: ScopeBuilder, { object, body }: WithStatement): void {
  builder.plan([
    object,
    () => {
      builder.planIn(builder.open('with', body), [body]);
    },
  ]);
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
