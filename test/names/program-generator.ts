/**
 * Random programs full of scopes. They run, end at once, and probe every name that is in sight.
 * The same seed gives the same program.
 */
import { FunctionGenerator } from './function-generator.ts';

/** What to make. */
export interface GeneratorOptions {
  readonly seed: number;
  readonly kind: 'commonjs' | 'module' | 'script';
  /** Top-level functions to write. */
  readonly functionCount: number;
}

/** Writes a program. */
export function generateProgram(options: GeneratorOptions): string {
  return new Generator(options).program();
}

const maxDepth = 5;

const simpleKinds = ['variable', 'variable', 'probe', 'destructuring', 'assignment'] as const;

/** Statements with statements inside; some are more likely. */
const nestedKinds = [
  'nestedBlock',
  'ifStatement',
  'forLoop',
  'forLoop',
  'forEach',
  'forEach',
  'tryStatement',
  'switchStatement',
  'functionStatement',
  'functionExpression',
  'arrow',
  'arrow',
  'classStatement',
  'classExpression',
  'whileLoop',
  'labelled',
  'objectWithMethods',
  'blockFunction',
  'annexB',
] as const;

class Generator extends FunctionGenerator {
  readonly #options: GeneratorOptions;

  constructor(options: GeneratorOptions) {
    super(options.seed);
    this.#options = options;
  }

  program(): string {
    const { kind, functionCount } = this.#options;
    const isStrict = kind === 'module' || (kind === 'commonjs' && this.chance(0.3));
    if (isStrict && kind !== 'module') this.lines.push("'use strict';");
    this.inBlock({ isStrict, isFunction: true }, () => {
      for (let index = 0; index < functionCount; index++) {
        this.functionStatement();
        if (this.chance(0.5)) this.statement(1);
        if (this.chance(0.3)) this.probe();
      }
    });
    return this.lines.join('\n') + '\n';
  }

  protected statement(depth: number): void {
    const kinds = depth < maxDepth && this.chance(0.45) ? nestedKinds : simpleKinds;
    this[this.pick(kinds)](depth + 1);
  }
}
