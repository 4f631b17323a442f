/**
 * Loops with variables of their own. V8 rewrites them: see ParseForStatement, DesugarBindingInForEachStatement and
 * DesugarLexicalBindingsInForStatement in v8/src/parsing.
 */
import type { ForInStatement, ForOfStatement, ForStatement, VariableDeclaration } from 'acorn';
import { declarationSteps, patternSteps } from './declarations.ts';
import type { ScopeBuilder, Step } from './scope-builder.ts';
import type { Scope } from './scope.ts';

/** `for (init; test; update) body`. */
export function visitFor(builder: ScopeBuilder, node: ForStatement): void {
  const { init, test, update, body } = node;
  if (init?.type !== 'VariableDeclaration' || init.kind === 'var') {
    builder.plan([init, test, update, body]);
    return;
  }
  const closuresBefore = builder.closureCount;
  const declared = builder.open('block', node);
  builder.planIn(declared, [
    // Only when the loop has been seen to its end is it known how far the first variables reach.
    ...declarationSteps(builder, init, node.end),
    () => {
      const iteration = builder.open('block', { start: init.end, end: node.end });
      builder.plan([
        () => {
          builder.planIn(iteration, [test, update, body]);
        },
        () => {
          if (builder.closureCount > closuresBefore)
            copyPerIteration(declared, iteration, node, update != null);
        },
      ]);
    },
  ]);
}

/**
 * A loop that contains a closure gets new variables for each iteration, and temporaries to carry the values over:
 * one per variable, one that tells the first iteration, one that tells `break`.
 */
function copyPerIteration(
  declared: Scope,
  iteration: Scope,
  node: ForStatement,
  hasUpdate: boolean,
): void {
  const names = [...declared.variables.keys()];
  if (names.length === 0) return;
  for (let count = names.length + (hasUpdate ? 2 : 1); count > 0; count--) declared.addTemporary();
  const visible = { start: iteration.range.start, end: node.end };
  for (const name of names) iteration.declare(name, 'lexical', visible).isUsed = true;
}

/** `for (left in right) body`, `for (left of right) body`, `for await`. */
export function visitForEach(builder: ScopeBuilder, node: ForInStatement | ForOfStatement): void {
  const { left, right, body } = node;
  if (node.type === 'ForOfStatement' && node.await && builder.scope.closure().kind === 'module')
    builder.hasTopLevelAwait = true;
  if (left.type !== 'VariableDeclaration') {
    builder.plan([left, right, body]);
    return;
  }
  if (left.kind === 'var') {
    builder.plan([
      () => {
        builder.plan(headSteps(builder, left, node));
      },
      right,
      body,
      () => {
        builder.scope.addTemporary();
      },
    ]);
    return;
  }
  visitLexicalForEach(builder, node, left);
}

function visitLexicalForEach(
  builder: ScopeBuilder,
  node: ForInStatement | ForOfStatement,
  left: VariableDeclaration,
): void {
  const outer = builder.open('block', node);
  builder.planIn(outer, [
    () => {
      const each = builder.open('block', { start: node.right.end, end: node.end });
      builder.plan([
        () => {
          builder.planIn(each, headSteps(builder, left, node));
        },
        node.right,
        () => {
          builder.planIn(each, [node.body]);
        },
        () => {
          outer.addTemporary();
          // The expression behind `of` must find the names in their dead zone.
          for (const name of each.variables.keys())
            outer.declare(name, 'lexical', null).isUsed = true;
        },
      ]);
    },
  ]);
}

function headSteps(
  builder: ScopeBuilder,
  left: VariableDeclaration,
  node: ForInStatement | ForOfStatement,
): Step[] {
  const isVar = left.kind === 'var';
  return left.declarations.flatMap((declarator) => [
    ...patternSteps(builder, declarator.id, {
      mode: isVar ? 'var' : 'lexical',
      isParameter: false,
      isInitialised: true,
      // Between two iterations the register holds what is over: the names are current in the body only.
      visible: { start: node.body.start, end: node.end },
    }),
    declarator.init,
  ]);
}
