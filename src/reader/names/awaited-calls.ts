/**
 * What a function asks for at each `await`, and how long it has what it got: `const connection = await pool.acquire()` until
 * `connection.release()`. By the source alone, so only where it leaves no doubt: what a branch, a loop or the catch of a failed attempt may
 * have got is not told.
 */
import type { AnyNode, Expression, Program, Super } from 'acorn';
import { limits } from '../../limits.ts';
import { namesOf } from './declared-in.ts';
import { endsItself, givesBack, isLockName, lends, methodOf, objectOf } from './lending-words.ts';
import type { AwaitedCall } from './register-names.ts';
import type { SourceRange } from './scope.ts';
import { childrenOf } from './visit.ts';
import { type FunctionNode, isFunction } from './visit-function.ts';

const maxCallChars = 80;

/** Statements that run together, if none of them throws. */
interface Stretch extends SourceRange {
  readonly around: Stretch | null;
  /** It ends with a return, a throw, a break: what stands behind it ran without it. */
  readonly leaves: boolean;
}

/** A node on the way, with what is around it. */
interface Step {
  readonly node: AnyNode;
  readonly stretch: Stretch;
  /** Variables that its value goes to. */
  readonly names: readonly string[];
  /** In a function inside of the one that is looked at. */
  readonly isInner: boolean;
}

interface Asked {
  readonly call: AwaitedCall;
  readonly stretch: Stretch;
  /** Variables that the result goes to. */
  readonly results: readonly string[];
  /** Behind the await. */
  readonly end: number;
}

/** A call that gives something back. */
interface Returned {
  readonly at: number;
  readonly stretch: Stretch;
  /** What it may be; empty: the source does not tell. */
  readonly names: readonly string[];
  /** False: it is a call of what was lent, and of nothing else. */
  readonly isGeneral: boolean;
}

/** What was met in a function. */
interface Met {
  readonly asked: Asked[];
  readonly returned: Returned[];
  /** What stands in the handlers ran when the attempts had failed. */
  readonly attempts: { readonly block: SourceRange; readonly handler: SourceRange }[];
}

/** In the order of the source. */
export function awaitedCallsIn(owner: FunctionNode | Program): AwaitedCall[] {
  const met: Met = { asked: [], returned: [], attempts: [] };
  const body = owner.type === 'Program' ? owner : owner.body;
  const whole = { start: body.start, end: body.end, around: null, leaves: false };
  const pending: Step[] = [{ node: body, stretch: whole, names: [], isInner: false }];
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    look(step, met);
    pending.push(...stepsBelow(step));
  }
  return met.asked
    .map((one) => ({ ...one.call, ...(isLent(one) && { held: heldIn(one, met) }) }))
    .sort((a, b) => a.awaitAt - b.awaitAt)
    .slice(0, limits.maxAwaitedCalls);
}

function look(step: Step, { asked, returned, attempts }: Met): void {
  const { node, isInner } = step;
  if (node.type === 'AwaitExpression' && !isInner) asked.push(...askedAt(step, node));
  else if (node.type === 'CallExpression') returned.push(...returnedAt(step, node));
  else if (node.type === 'TryStatement' && node.handler != null)
    attempts.push({ block: node.block, handler: node.handler });
}

function stepsBelow(step: Step): Step[] {
  const { node, stretch } = step;
  const isInner = step.isInner || isFunction(node);
  const names = isFunction(node) ? [] : step.names;
  const own = ownParts(node);
  return childrenOf(node).map((child) => ({
    node: child,
    stretch: own.includes(child)
      ? { start: child.start, end: child.end, around: stretch, leaves: !isInner && leaves(child) }
      : stretch,
    names: namesGiven(node, child) ?? names,
    isInner,
  }));
}

/** Parts that may have been left out, or run again. */
function ownParts(node: AnyNode): readonly (AnyNode | null | undefined)[] {
  switch (node.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
      return [node.consequent, node.alternate];
    case 'LogicalExpression':
      return [node.right];
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      return [node.body];
    case 'SwitchStatement':
      return node.cases;
    case 'TryStatement':
      return [node.handler];
    default:
      return [];
  }
}

function leaves(node: AnyNode): boolean {
  const body: AnyNode = node.type === 'CatchClause' ? node.body : node;
  const statements: readonly AnyNode[] =
    body.type === 'BlockStatement'
      ? body.body
      : body.type === 'SwitchCase'
        ? body.consequent
        : [body];
  return /^(?:Return|Throw|Break|Continue)Statement$/.test(statements.at(-1)?.type ?? '');
}

/** Null: the same as what is around it. */
function namesGiven(node: AnyNode, child: AnyNode): readonly string[] | null {
  if (node.type === 'VariableDeclarator' && child === node.init)
    return namesOf(node.id).map(({ name }) => name);
  if (node.type !== 'AssignmentExpression' || child !== node.right) return null;
  const { left } = node;
  return left.type === 'MemberExpression' || left.type === 'Identifier'
    ? [callText(left) ?? '']
    : namesOf(left).map(({ name }) => name);
}

/** `this.pools[].acquire` of a callee; null for what is no name. */
export function callText(callee: Expression | Super): string | null {
  const parts: string[] = [];
  for (let node: Expression | Super = callee; ;) {
    if (node.type === 'ChainExpression') node = node.expression;
    // `(0, pool_1.connect)()`, as compilers write calls of what is imported.
    else if (node.type === 'SequenceExpression') node = node.expressions.at(-1) ?? node;
    else if (node.type === 'CallExpression') {
      parts.push('()');
      node = node.callee;
    } else if (node.type === 'MemberExpression') {
      const { property } = node;
      const name = property.type === 'PrivateIdentifier' ? `#${property.name}` : nameOf(property);
      parts.push(node.computed || name === null ? '[]' : `.${name}`);
      node = node.object;
    } else {
      const root = node.type === 'Super' ? 'super' : nameOf(node);
      const text = root === null ? null : `${root}${parts.reverse().join('')}`;
      return text === null || text.length > maxCallChars ? null : text;
    }
  }
}

function nameOf(node: Expression): string | null {
  if (node.type === 'ThisExpression') return 'this';
  return node.type === 'Identifier' ? node.name : null;
}

function askedAt(
  { stretch, names }: Step,
  { argument, start, end }: Extract<AnyNode, { type: 'AwaitExpression' }>,
): Asked[] {
  const call = argument.type === 'ChainExpression' ? argument.expression : argument;
  const text = call.type === 'CallExpression' ? callText(call.callee) : null;
  if (call.type !== 'CallExpression' || text === null) return [];
  const isScoped = call.arguments.some((one) => isFunction(one));
  const own = { call: text, at: call.start, awaitAt: start, isScoped };
  return [{ call: own, stretch, results: names, end }];
}

/** Without a result, it is a lock or nothing: `await client.connect()` lends no connection. */
function isLent({ call: { call, isScoped }, results }: Asked): boolean {
  return !isScoped && lends(call) && (results.length > 0 || isLockName(methodOf(call)));
}

/** By what it can be given back. */
function namesOfLent({ call, results }: Asked): string[] {
  return [...results, objectOf(call.call)].filter((name) => name !== '');
}

function returnedAt(
  { stretch }: Step,
  { callee, arguments: passed, start }: Extract<AnyNode, { type: 'CallExpression' }>,
): Returned[] {
  const text = callText(callee);
  if (text === null) return [];
  const object = objectOf(text);
  const own = { at: start, stretch };
  // `const free = await lock.acquire()` is given back by free().
  if (!givesBack(text))
    return [{ ...own, names: [endsItself(text) ? object : text], isGeneral: false }];
  const given = passed.flatMap((one) =>
    one.type === 'SpreadElement' ? [] : (callText(one) ?? []),
  );
  return [{ ...own, names: [text, object, ...given], isGeneral: true }];
}

/** Where what was asked for is had: from the await to the end of the statements around it, but for where it has been given back. */
function heldIn(one: Asked, { asked, returned, attempts }: Met): NonNullable<AwaitedCall['held']> {
  const { stretch, end } = one;
  const names = namesOfLent(one);
  const isNamed = (what: Returned, by: readonly string[]): boolean =>
    what.names.some((name) => by.includes(name));
  const others = asked.filter((other) => other !== one && isLent(other));
  const given = returned.filter(
    (what) =>
      isNamed(what, names) ||
      (what.isGeneral && !others.some((other) => isNamed(what, namesOfLent(other)))),
  );
  const hiddenIn = given.flatMap((what): SourceRange[] => {
    if (what.at < end || what.at >= stretch.end) return [];
    return [{ start: what.at, end: branchThatLeaves(what, one)?.end ?? stretch.end }];
  });
  const failed = attempts.filter(({ block }) => block.start <= end && end <= block.end);
  return {
    start: end,
    end: stretch.end,
    hiddenIn: [
      ...hiddenIn,
      ...failed.map(({ handler }) => ({ start: handler.start, end: handler.end })),
    ],
  };
}

/** The innermost branch around a call that is none around the other, and has a return at its end. */
function branchThatLeaves({ stretch }: Returned, { call }: Asked): Stretch | null {
  for (
    let branch: Stretch | null = stretch;
    branch !== null && !(branch.start <= call.at && call.at < branch.end);
    branch = branch.around
  )
    if (branch.leaves) return branch;
  return null;
}
