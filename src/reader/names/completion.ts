/**
 * Temporaries for the completion value of scripts and modules: the last thing V8 adds to their top level.
 * Source: v8/src/parsing/rewriter.cc (Processor).
 */
import type { Program, Statement, ModuleDeclaration } from 'acorn';

type TopStatement = Statement | ModuleDeclaration;

/** How many registers the completion value takes: one for itself, one more for each `finally` that must save it. */
export function countCompletionTemporaries(program: Program): number {
  const completion = new Completion();
  completion.processAll(program.body);
  const isModule = program.sourceType === 'module';
  return completion.saves + (completion.isAssigned || isModule ? 1 : 0);
}

/** Walks statements backwards, as V8 does, to find those that give the value. */
class Completion {
  isAssigned = false;
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
    switch (node.type) {
      case 'ExpressionStatement':
        if (!this.#isSet) this.isAssigned = true;
        this.#isSet = true;
        return;
      case 'BlockStatement':
        this.processAll(node.body);
        return;
      case 'LabeledStatement':
        this.processLabeled(node.body);
        return;
      case 'IfStatement':
        this.processBranches(node.consequent, node.alternate ?? null);
        return;
      case 'DoWhileStatement':
      case 'WhileStatement':
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.breakable(() => {
          this.process(node.body);
        });
        this.assignBefore();
        return;
      case 'SwitchStatement':
        this.breakable(() => {
          for (const { consequent } of [...node.cases].reverse()) this.processAll(consequent);
        });
        this.assignBefore();
        return;
      case 'TryStatement':
        this.processTry(node);
        return;
      case 'WithStatement':
        this.process(node.body);
        if (!this.#isSet) this.isAssigned = true;
        this.#isSet = true;
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        this.#isSet = false;
        return;
      case 'ReturnStatement':
        this.#isSet = true;
        return;
      default:
    }
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
    const isSetInFirst = this.#isSet;
    this.#isSet = isSetAfter;
    if (second !== null) this.process(second);
    if (!(isSetInFirst && this.#isSet)) this.isAssigned = true;
    this.#isSet = true;
  }

  private processTry(node: Extract<Statement, { type: 'TryStatement' }>): void {
    const { block, handler, finalizer } = node;
    const processTryCatch = (): void => {
      if (handler == null) this.process(block);
      else this.processBranches(block, handler.body);
    };
    if (finalizer == null) {
      processTryCatch();
      return;
    }
    if (this.#isBreakable) {
      this.#isSet = true;
      this.process(finalizer);
      if (this.#isSet) this.saves++;
      else this.isAssigned = true;
      this.#isSet = false;
    }
    processTryCatch();
    this.assignBefore();
  }

  private assignBefore(): void {
    this.isAssigned = true;
    this.#isSet = true;
  }

  private breakable(run: () => void): void {
    const before = this.#isBreakable;
    this.#isBreakable = true;
    run();
    this.#isBreakable = before;
  }
}
