/**
 * Random programs full of scopes. They run, end at once, and probe every name that is in sight (see bytecode-oracle.ts).
 * The same seed gives the same program.
 */

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

interface Block {
  readonly names: string[];
  /** Lexical names of this very block, which it must not declare twice. */
  readonly own: Set<string>;
  readonly isFunction: boolean;
  readonly isStrict: boolean;
  readonly isAsync: boolean;
  readonly isGenerator: boolean;
  /** Inside class fields and static blocks. */
  readonly bansArguments: boolean;
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

class Generator {
  readonly #options: GeneratorOptions;
  #state: number;
  #counter = 0;
  #probes = 0;
  #blocks: Block[] = [];
  #lines: string[] = [];

  constructor(options: GeneratorOptions) {
    this.#options = options;
    this.#state = options.seed >>> 0 || 1;
  }

  program(): string {
    const { kind, functionCount } = this.#options;
    const isStrict = kind === 'module' || (kind === 'commonjs' && this.chance(0.3));
    if (isStrict && kind !== 'module') this.#lines.push("'use strict';");
    this.inBlock({ isStrict, isFunction: true }, () => {
      for (let index = 0; index < functionCount; index++) {
        this.functionStatement();
        if (this.chance(0.5)) this.statement(1);
        if (this.chance(0.3)) this.probe();
      }
    });
    return this.#lines.join('\n') + '\n';
  }

  // Randomness: xorshift32.

  private random(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  private below(count: number): number {
    return Math.floor(this.random() * count);
  }

  private pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new Error('Nothing to pick from');
    return choice;
  }

  // Names.

  private fresh(prefix: string): string {
    return `${prefix}${this.#counter++}`;
  }

  /** A name for let, const or class: new, or one that hides a name further out. */
  private lexicalName(): string {
    const { own } = this.block();
    for (const name of this.chance(0.3) ? ['la', 'lb', 'lc'] : []) {
      if (own.has(name)) continue;
      own.add(name);
      return name;
    }
    return this.fresh('l');
  }

  private bring(name: string): string {
    this.block().names.push(name);
    return name;
  }

  private visible(): string[] {
    const names = this.#blocks.flatMap((block) => block.names);
    return this.block().bansArguments ? names.filter((name) => name !== 'arguments') : names;
  }

  private block(): Block {
    const block = this.#blocks.at(-1);
    if (block === undefined) throw new Error('Outside of every block');
    return block;
  }

  private inBlock(shape: Partial<Block>, write: () => void): void {
    const outer = this.#blocks.at(-1);
    const around = {
      isStrict: false,
      isAsync: false,
      isGenerator: false,
      bansArguments: false,
      ...outer,
    };
    this.#blocks.push({
      ...around,
      ...shape,
      isFunction: shape.isFunction ?? false,
      names: [],
      own: new Set(),
    });
    write();
    this.#blocks.pop();
  }

  // Statements.

  private line(text: string): void {
    this.#lines.push('  '.repeat(this.#blocks.length - 1) + text);
  }

  /** Asks where some of the visible variables are. */
  private probe(): void {
    const names = [...new Set(this.visible())];
    for (let count = Math.min(names.length, 1 + this.below(4)); count > 0; count--) {
      // Names declared last are more likely: asking for those of outer functions captures them.
      const name = names[names.length - 1 - Math.floor(this.random() ** 2.5 * names.length)];
      if (name !== undefined) this.line(`__c && __use('${name}@${this.#probes++}', ${name});`);
    }
  }

  private body(depth: number, count = 1 + this.below(5)): void {
    for (let index = 0; index < count; index++) this.statement(depth);
    this.probe();
  }

  private statement(depth: number): void {
    const kinds = depth < maxDepth && this.chance(0.45) ? nestedKinds : simpleKinds;
    this[this.pick(kinds)](depth + 1);
  }

  private value(): string {
    const names = this.visible();
    return names.length > 0 && this.chance(0.1)
      ? `__id(() => ${this.pick(names)})`
      : `'${this.fresh('s')}'`;
  }

  private variable(): void {
    const kind = this.pick(['var', 'let', 'const', 'let', 'const']);
    const name = kind === 'var' ? this.fresh('v') : this.lexicalName();
    const hasValue = kind === 'const' || this.chance(0.7);
    this.line(`${kind} ${name}${hasValue ? ` = ${this.value()}` : ''};`);
    this.bring(name);
  }

  private assignment(): void {
    const name = this.fresh('v');
    this.line(`var ${name}; ${name} = ${this.value()};`);
    this.bring(name);
  }

  private pattern(nameOf: () => string, depth = 0): string {
    const part = (): string => {
      const inner = depth < 2 && this.chance(0.25) ? this.pattern(nameOf, depth + 1) : nameOf();
      return this.chance(0.3)
        ? `${inner} = ${inner.startsWith('[') ? '[]' : inner.startsWith('{') ? '{}' : this.value()}`
        : inner;
    };
    const count = 1 + this.below(3);
    if (this.chance(0.5)) {
      const parts = Array.from({ length: count }, part);
      if (this.chance(0.2)) parts.push(`...${nameOf()}`);
      return `[${parts.join(', ')}]`;
    }
    const parts = Array.from(
      { length: count },
      () => `${this.chance(0.1) ? `[${this.value()}]` : this.fresh('k')}: ${part()}`,
    );
    if (this.chance(0.2)) parts.push(`...${nameOf()}`);
    return `{ ${parts.join(', ')} }`;
  }

  private destructuring(): void {
    const kind = this.pick(['var', 'let', 'const']);
    const names: string[] = [];
    const pattern = this.pattern(() => {
      const name = kind === 'var' ? this.fresh('v') : this.lexicalName();
      names.push(name);
      return name;
    });
    this.line(`${kind} ${pattern} = __id(${pattern.startsWith('[') ? '[[], [], []]' : '{}'});`);
    for (const name of names) this.bring(name);
  }

  private nestedBlock(depth: number): void {
    this.line('{');
    this.inBlock({}, () => {
      this.body(depth);
    });
    this.line('}');
  }

  private ifStatement(depth: number): void {
    this.line(`if (__id(1)) {`);
    this.inBlock({}, () => {
      this.body(depth);
    });
    if (this.chance(0.4)) {
      this.line('} else {');
      this.inBlock({}, () => {
        this.body(depth);
      });
    }
    this.line('}');
  }

  private forLoop(depth: number): void {
    const kind = this.pick(['let', 'let', 'const', 'var']);
    this.inBlock({}, () => {
      const count = 1 + this.below(2);
      const names = Array.from({ length: count }, () =>
        kind === 'var' ? this.fresh('v') : this.lexicalName(),
      );
      const [first = ''] = names;
      const init = names
        .map((name) => `${name} = ${name === first ? '0' : this.value()}`)
        .join(', ');
      const test = kind === 'const' ? '__id(1)' : `${first} < 1`;
      const update = this.chance(0.9) && kind !== 'const' ? `${first}++` : '';
      this.line(`for (${kind} ${init}; ${test}; ${update}) {`);
      for (const name of names) this.bring(name);
      this.inBlock({}, () => {
        this.body(depth);
        this.line('break;');
      });
      this.line('}');
    });
  }

  private forEach(depth: number): void {
    const { isAsync } = this.block();
    const kind = this.pick(['let', 'const', 'const', 'var', '']);
    const isIn = this.chance(0.3);
    this.inBlock({}, () => {
      const names: string[] = [];
      const nameOf = (): string => {
        const name = kind === 'var' || kind === '' ? this.fresh('v') : this.lexicalName();
        names.push(name);
        return name;
      };
      const isPattern = !isIn && this.chance(0.3);
      const left = isPattern ? this.pattern(nameOf) : nameOf();
      const isAwaited = isAsync && !isIn && this.chance(0.4);
      const items = isPattern
        ? `[${left.startsWith('[') ? '[[], [], []]' : '{}'}]`
        : `[${this.value()}]`;
      if (kind === '') this.line(`var ${names.join(', ')};`);
      this.line(
        `for ${isAwaited ? 'await ' : ''}(${kind} ${left} ${isIn ? 'in' : 'of'} ${items}) {`,
      );
      for (const name of names) this.bring(name);
      this.inBlock({}, () => {
        this.body(depth);
      });
      this.line('}');
    });
  }

  private whileLoop(depth: number): void {
    this.line('do {');
    this.inBlock({}, () => {
      this.body(depth);
    });
    this.line('} while (!__id(1));');
  }

  private labelled(depth: number): void {
    const label = this.fresh('L');
    this.line(`${label}: {`);
    this.inBlock({}, () => {
      this.body(depth);
      this.line(`break ${label};`);
    });
    this.line('}');
  }

  private tryStatement(depth: number): void {
    this.line('try {');
    this.inBlock({}, () => {
      this.body(depth);
      if (this.chance(0.5)) this.line('__id(null).x;');
    });
    const hasCatch = this.chance(0.7);
    if (hasCatch) {
      this.inBlock({}, () => {
        const names: string[] = [];
        const nameOf = (): string => {
          const name = this.fresh('e');
          names.push(name);
          return name;
        };
        const param = this.pick(['', 'name', 'pattern']);
        const head =
          param === '' ? '' : param === 'name' ? ` (${nameOf()})` : ` (${this.pattern(nameOf)})`;
        this.line(`} catch${head} {`);
        for (const name of names) this.bring(name);
        if (param === 'name' && this.chance(0.3))
          this.line(`var ${names[0] ?? ''} = ${this.value()};`);
        this.inBlock({}, () => {
          this.body(depth);
        });
      });
    }
    if (!hasCatch || this.chance(0.4)) {
      this.line('} finally {');
      this.inBlock({}, () => {
        this.body(depth);
      });
    }
    this.line('}');
  }

  private switchStatement(depth: number): void {
    this.line(`switch (__id(1)) {`);
    this.inBlock({}, () => {
      for (let count = 1 + this.below(3); count > 0; count--) {
        this.line(count === 1 ? 'default:' : `case ${count}:`);
        this.body(depth, 1 + this.below(2));
        if (this.chance(0.6)) this.line('break;');
      }
    });
    this.line('}');
  }

  // Functions.

  private parameters(names: string[], isSimple: boolean): string {
    const nameOf = (): string => {
      const name = this.fresh('p');
      names.push(name);
      return name;
    };
    const count = this.below(4);
    const parts = Array.from({ length: count }, () => {
      if (isSimple || this.chance(0.4)) return nameOf();
      if (this.chance(0.5)) return `${nameOf()} = ${this.value()}`;
      const pattern = this.pattern(nameOf);
      return `${pattern} = ${pattern.startsWith('[') ? '[[], [], []]' : '{}'}`;
    });
    if (!isSimple && this.chance(0.4))
      parts.push(`...${this.chance(0.7) ? nameOf() : `[${nameOf()}]`}`);
    return parts.join(', ');
  }

  private functionBody(
    depth: number,
    names: readonly string[],
    shape: Partial<Block>,
    extra: readonly string[] = [],
  ): void {
    this.inBlock({ isFunction: true, isAsync: false, isGenerator: false, ...shape }, () => {
      for (const name of names) this.bring(name);
      if (shape.isStrict === true && extra.includes('directive')) this.line("'use strict';");
      if (names.length > 0 && this.chance(0.15))
        this.line(`var ${this.pick(names)}${this.chance(0.5) ? ` = ${this.value()}` : ''};`);
      if (extra.includes('arguments') && this.chance(0.15)) {
        this.bring('arguments');
        if (this.chance(0.5)) this.line('__id(arguments);');
      }
      this.body(depth, 2 + this.below(6));
      if (this.chance(0.1) && extra.includes('target')) this.line('__id(new.target);');
      if (shape.isGenerator === true) this.line('yield 1;');
      if (shape.isAsync === true && this.chance(0.5)) this.line('await 1;');
      if (this.chance(0.3)) this.line(`return ${this.value()};`);
    });
  }

  private shape(): { isAsync: boolean; isGenerator: boolean } {
    return { isAsync: this.chance(0.2), isGenerator: this.chance(0.15) };
  }

  private callOf(name: string): string {
    return this.chance(0.9) ? `__run(${name});` : '';
  }

  private functionStatement(depth = 1): void {
    const name = this.fresh('f');
    const { isAsync, isGenerator } = this.shape();
    const isSimple = this.chance(0.6);
    const makesStrict = isSimple && this.chance(0.1);
    const names: string[] = [];
    const params = this.parameters(names, isSimple);
    this.line(`${isAsync ? 'async ' : ''}function${isGenerator ? '*' : ''} ${name}(${params}) {`);
    this.functionBody(
      depth,
      names,
      { isAsync, isGenerator, ...(makesStrict ? { isStrict: true } : {}) },
      ['arguments', 'target', 'directive'],
    );
    this.line('}');
    this.line(this.callOf(name));
    this.bring(name);
  }

  /** Immediately called, and so compiled together with the code around it; or kept for later. */
  private functionExpression(depth: number): void {
    const { isAsync, isGenerator } = this.shape();
    const names: string[] = [];
    const params = this.parameters(names, this.chance(0.6));
    const name = this.chance(0.5) ? this.fresh('n') : '';
    const isImmediate = this.chance(0.5);
    const variable = this.lexicalName();
    this.line(
      `${isImmediate ? '(' : `const ${variable} = `}${isAsync ? 'async ' : ''}function${isGenerator ? '*' : ''} ${name}(${params}) {`,
    );
    this.functionBody(
      depth,
      name === '' || this.chance(0.5) ? names : [name, ...names],
      { isAsync, isGenerator },
      ['arguments', 'target'],
    );
    this.line(isImmediate ? `})(${isGenerator ? '' : ''});` : `}; ${this.callOf(variable)}`);
    if (!isImmediate) this.bring(variable);
  }

  private arrow(depth: number): void {
    const isAsync = this.chance(0.2);
    const names: string[] = [];
    const params = this.parameters(names, this.chance(0.6));
    const isImmediate = this.chance(0.4);
    const variable = this.lexicalName();
    const head = `${isAsync ? 'async ' : ''}(${params}) =>`;
    if (this.chance(0.2)) {
      this.line(`const ${variable} = ${head} __id(${this.value()}); ${this.callOf(variable)}`);
      this.bring(variable);
      return;
    }
    this.line(`${isImmediate ? '(' : `const ${variable} = `}${head} {`);
    this.functionBody(depth, names, { isAsync });
    this.line(isImmediate ? `})();` : `}; ${this.callOf(variable)}`);
    if (!isImmediate) this.bring(variable);
  }

  private objectWithMethods(depth: number): void {
    const variable = this.lexicalName();
    this.line(`const ${variable} = {`);
    this.inBlock({}, () => {
      const { isAsync, isGenerator } = this.shape();
      const names: string[] = [];
      const params = this.parameters(names, this.chance(0.6));
      this.line(`${isAsync ? 'async ' : ''}${isGenerator ? '*' : ''}m(${params}) {`);
      this.functionBody(depth, names, { isAsync, isGenerator }, ['arguments']);
      this.line('},');
      this.line('get g() {');
      this.functionBody(depth, [], {});
      this.line('},');
    });
    this.line(`}; __run(() => ${variable}.m()); __run(() => ${variable}.g);`);
    this.bring(variable);
  }

  private classBody(depth: number, isDerived: boolean): void {
    this.inBlock({ isStrict: true, bansArguments: true }, () => {
      if (this.chance(0.6)) {
        const names: string[] = [];
        this.line(`constructor(${this.parameters(names, this.chance(0.6))}) {`);
        if (isDerived) this.line('super();');
        this.functionBody(depth, names, {}, ['arguments', 'target']);
        this.line('}');
      }
      if (this.chance(0.6)) {
        const { isAsync, isGenerator } = this.shape();
        const names: string[] = [];
        const isPrivate = this.chance(0.2);
        const key = isPrivate ? '#m' : 'm';
        this.line(
          `${this.chance(0.4) ? 'static ' : ''}${isAsync ? 'async ' : ''}${isGenerator ? '*' : ''}${key}(${this.parameters(names, this.chance(0.6))}) {`,
        );
        this.functionBody(depth, names, { isAsync, isGenerator }, ['arguments']);
        this.line('}');
      }
      if (this.chance(0.4)) this.line(`${this.fresh('field')} = ${this.value()};`);
      if (this.chance(0.2)) this.line(`static ${this.fresh('field')} = ${this.value()};`);
      if (this.chance(0.2)) this.line(`[__id('${this.fresh('computed')}')] = ${this.value()};`);
      if (this.chance(0.4)) {
        this.line('static {');
        this.inBlock({ isFunction: true, isAsync: false, isGenerator: false }, () => {
          this.body(depth, 2 + this.below(4));
        });
        this.line('}');
      }
    });
  }

  private heritage(): string {
    if (this.chance(0.6)) return '';
    return this.chance(0.8) ? ' extends Object' : ' extends (class { static q = () => 1; })';
  }

  private classStatement(depth: number): void {
    const name = this.lexicalName();
    const heritage = this.heritage();
    this.line(`class ${name}${heritage} {`);
    this.classBody(depth, heritage !== '');
    this.line(
      `} __new(${name}); __run(() => ${name}.m?.()); __run(() => ${name}.prototype.m?.());`,
    );
    this.bring(name);
  }

  private classExpression(depth: number): void {
    const variable = this.lexicalName();
    const heritage = this.heritage();
    this.line(`const ${variable} = class ${this.chance(0.5) ? this.fresh('C') : ''}${heritage} {`);
    this.classBody(depth, heritage !== '');
    this.line(`}; __new(${variable}); __run(() => ${variable}.prototype.m?.());`);
    this.bring(variable);
  }

  /** A function in a block, and the variable that sloppy mode makes of it. */
  private blockFunction(depth: number): void {
    const name = this.fresh('b');
    this.line('{');
    this.inBlock({}, () => {
      this.line(`function ${name}() {`);
      this.functionBody(depth, [], {}, ['arguments']);
      this.line('}');
      if (this.chance(0.7)) this.line(`__run(${name});`);
      if (this.chance(0.5)) this.bring(name);
      this.body(depth, 1);
    });
    this.line('}');
    if (!this.block().isStrict && this.chance(0.5)) this.bring(name);
  }

  private annexB(): void {
    if (this.block().isStrict) return;
    const name = this.fresh('b');
    this.line(`if (__id(1)) function ${name}() { return 1; }`);
    if (this.chance(0.5)) this.bring(name);
  }
}
