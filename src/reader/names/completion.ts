/**
 * Temporaries for the completion value of scripts and modules: the last thing V8 adds to their top level.
 * Source: v8/src/parsing/rewriter.cc (Processor).
 */
import type { ModuleDeclaration, Program, Statement } from 'acorn';

type TopStatement = Statement | ModuleDeclaration;

const loopTypes: ReadonlySet<string> = new Set([
  'DoWhileStatement',
  'WhileStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
]);

/** How many registers the completion value takes: one for itself, one more for each `finally` that must save it. */
export function countCompletionTemporaries(program: Program): number {
  if (program.body.length === 0) return 0;
  const completion = new Completion();
  completion.processAll(program.body);
  return completion.saves + 1;
}

/** Walks statements backwards, as V8 does, from those that give the value to those that cannot any more. */
class Completion {
  saves = 0;
  #isSet = false;
  #isBreakable = false;

  processAll(statements: readonly TopStatement[]): void {
    for (let index = statements.length - 1; index >= 0; index--) {
      if (!this.#isBreakable && this.#isSet) return;
      const statement = statements[index];
      if (statement !== undefined) this.process(statement);
    }
  }

  private process(node: TopStatement): void {
    if (node.type === 'ExpressionStatement') this.#isSet = true;
    else if (node.type === 'BlockStatement') this.processAll(node.body);
    else if (node.type === 'LabeledStatement') this.processLabeled(node.body);
    else if (node.type === 'IfStatement')
      this.processBranches(node.consequent, node.alternate ?? null);
    else if (node.type === 'TryStatement') this.processTry(node);
    else if (node.type === 'WithStatement') {
      this.process(node.body);
      this.#isSet = true;
    } else this.processLoopOrJump(node);
  }

  private processLoopOrJump(node: TopStatement): void {
    if (node.type === 'BreakStatement' || node.type === 'ContinueStatement') this.#isSet = false;
    if (node.type === 'ReturnStatement') this.#isSet = true;
    if (node.type === 'SwitchStatement') {
      this.breakable(() => {
        for (const { consequent } of [...node.cases].reverse()) this.processAll(consequent);
      });
    } else if (loopTypes.has(node.type) && 'body' in node) {
      this.breakable(() => {
        this.process(node.body as Statement);
      });
    } else return;
    this.#isSet = true;
  }

  /** Only a labelled block can be left by `break`; the label of a loop changes nothing. */
  private processLabeled(body: Statement): void {
    if (body.type !== 'BlockStatement') {
      this.process(body);
      return;
    }
    this.breakable(() => {
      this.process(body);
    });
  }

  private processBranches(first: Statement, second: Statement | null): void {
    const isSetAfter = this.#isSet;
    this.process(first);
    this.#isSet = isSetAfter;
    if (second !== null) this.process(second);
    this.#isSet = true;
  }

  private processTry(node: Extract<Statement, { type: 'TryStatement' }>): void {
    const { block, handler, finalizer } = node;
    if (finalizer != null && this.#isBreakable) {
      this.#isSet = true;
      this.process(finalizer);
      // A `finally` that is left in the normal way must not change the value.
      if (this.isStillSet()) this.saves++;
      this.#isSet = false;
    }
    if (handler == null) this.process(block);
    else this.processBranches(block, handler.body);
    this.#isSet = true;
  }

  private isStillSet(): boolean {
    return this.#isSet;
  }

  private breakable(run: () => void): void {
    const before = this.#isBreakable;
    this.#isBreakable = true;
    run();
    this.#isBreakable = before;
  }
}
