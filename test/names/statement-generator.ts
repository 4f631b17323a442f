/** Random statements: declarations, blocks, loops and the rest. */
import { ProgramWriter } from './program-writer.ts';

/** Writes statements; what stands inside them is chosen by whoever extends it. */
export abstract class StatementGenerator extends ProgramWriter {
  /** Writes one statement, which may hold others. */
  protected abstract statement(depth: number): void;

  protected body(depth: number, count = 1 + this.below(5)): void {
    for (let index = 0; index < count; index++) this.statement(depth);
    this.probe();
  }

  protected value(): string {
    const names = this.visible();
    return names.length > 0 && this.chance(0.1)
      ? `__id(() => ${this.pick(names)})`
      : `'${this.fresh('s')}'`;
  }

  protected variable(): void {
    const kind = this.pick(['var', 'let', 'const', 'let', 'const']);
    const name = kind === 'var' ? this.fresh('v') : this.lexicalName();
    const hasValue = kind === 'const' || this.chance(0.7);
    this.line(`${kind} ${name}${hasValue ? ` = ${this.value()}` : ''};`);
    this.bring(name);
  }

  protected assignment(): void {
    const name = this.fresh('v');
    this.line(`var ${name}; ${name} = ${this.value()};`);
    this.bring(name);
  }

  protected pattern(nameOf: () => string, depth = 0): string {
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

  protected destructuring(): void {
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

  protected nestedBlock(depth: number): void {
    this.line('{');
    this.inBlock({}, () => {
      this.body(depth);
    });
    this.line('}');
  }

  protected ifStatement(depth: number): void {
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

  protected forLoop(depth: number): void {
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

  protected forEach(depth: number): void {
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

  protected whileLoop(depth: number): void {
    this.line('do {');
    this.inBlock({}, () => {
      this.body(depth);
    });
    this.line('} while (!__id(1));');
  }

  protected labelled(depth: number): void {
    const label = this.fresh('L');
    this.line(`${label}: {`);
    this.inBlock({}, () => {
      this.body(depth);
      this.line(`break ${label};`);
    });
    this.line('}');
  }

  protected tryStatement(depth: number): void {
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

  protected switchStatement(depth: number): void {
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
}
