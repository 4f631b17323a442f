/** Random functions and classes. */
import type { Block } from './program-writer.ts';
import { StatementGenerator } from './statement-generator.ts';

/** Writes functions of all kinds, and calls most of them. */
export abstract class FunctionGenerator extends StatementGenerator {
  protected parameters(names: string[], isSimple: boolean): string {
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

  protected functionBody(
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

  protected shape(): { isAsync: boolean; isGenerator: boolean } {
    return { isAsync: this.chance(0.2), isGenerator: this.chance(0.15) };
  }

  protected callOf(name: string): string {
    return this.chance(0.9) ? `__run(${name});` : '';
  }

  protected functionStatement(depth = 1): void {
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
  protected functionExpression(depth: number): void {
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

  protected arrow(depth: number): void {
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

  protected objectWithMethods(depth: number): void {
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

  protected classBody(depth: number, isDerived: boolean): void {
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

  protected heritage(): string {
    if (this.chance(0.6)) return '';
    return this.chance(0.8) ? ' extends Object' : ' extends (class { static q = () => 1; })';
  }

  protected classStatement(depth: number): void {
    const name = this.lexicalName();
    const heritage = this.heritage();
    this.line(`class ${name}${heritage} {`);
    this.classBody(depth, heritage !== '');
    this.line(
      `} __new(${name}); __run(() => ${name}.m?.()); __run(() => ${name}.prototype.m?.());`,
    );
    this.bring(name);
  }

  protected classExpression(depth: number): void {
    const variable = this.lexicalName();
    const heritage = this.heritage();
    this.line(`const ${variable} = class ${this.chance(0.5) ? this.fresh('C') : ''}${heritage} {`);
    this.classBody(depth, heritage !== '');
    this.line(`}; __new(${variable}); __run(() => ${variable}.prototype.m?.());`);
    this.bring(variable);
  }

  /** A function in a block, and the variable that sloppy mode makes of it. */
  protected blockFunction(depth: number): void {
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

  protected annexB(): void {
    if (this.block().isStrict) return;
    const name = this.fresh('b');
    this.line(`if (__id(1)) function ${name}() { return 1; }`);
    if (this.chance(0.5)) this.bring(name);
  }
}
