/** What random programs are written with: chance, names in sight, lines, and probes for names (see bytecode-oracle.ts). */

/** A block that is being written, and what is allowed in it. */
export interface Block {
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

/** Writes lines of a program; the same seed gives the same lines. */
export abstract class ProgramWriter {
  protected readonly lines: string[] = [];
  #state: number;
  #counter = 0;
  #probes = 0;
  #blocks: Block[] = [];

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  // Randomness: xorshift32.

  protected random(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }

  protected chance(probability: number): boolean {
    return this.random() < probability;
  }

  protected below(count: number): number {
    return Math.floor(this.random() * count);
  }

  protected pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new Error('Nothing to pick from');
    return choice;
  }

  // Names.

  protected fresh(prefix: string): string {
    return `${prefix}${this.#counter++}`;
  }

  /** A name for let, const or class: new, or one that hides a name further out. */
  protected lexicalName(): string {
    const { own } = this.block();
    for (const name of this.chance(0.3) ? ['la', 'lb', 'lc'] : []) {
      if (own.has(name)) continue;
      own.add(name);
      return name;
    }
    return this.fresh('l');
  }

  protected bring(name: string): string {
    this.block().names.push(name);
    return name;
  }

  protected visible(): string[] {
    const names = this.#blocks.flatMap((block) => block.names);
    return this.block().bansArguments ? names.filter((name) => name !== 'arguments') : names;
  }

  protected block(): Block {
    const block = this.#blocks.at(-1);
    if (block === undefined) throw new Error('Outside of every block');
    return block;
  }

  protected inBlock(shape: Partial<Block>, write: () => void): void {
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

  protected line(text: string): void {
    this.lines.push('  '.repeat(this.#blocks.length - 1) + text);
  }

  /** Asks where some of the visible variables are. */
  protected probe(): void {
    const names = [...new Set(this.visible())];
    for (let count = Math.min(names.length, 1 + this.below(4)); count > 0; count--) {
      // Names declared last are more likely: asking for those of outer functions captures them.
      const name = names[names.length - 1 - Math.floor(this.random() ** 2.5 * names.length)];
      if (name !== undefined) this.line(`__c && __use('${name}@${this.#probes++}', ${name});`);
    }
  }
}
