/** Which of many names begin with one of some prefixes, told from their raw bytes. Pure. */

const letters = 128;

/** Some dozens of prefixes, many of which begin alike, are told from 150,000 names by walking a tree of their letters. */
export class PrefixTree {
  /** Next node by node and letter; 0: none. */
  readonly #next: Uint16Array;
  readonly #isEnd: Uint8Array;

  /** @param prefixes in ASCII */
  constructor(prefixes: readonly string[]) {
    const maxNodes = prefixes.reduce((sum, prefix) => sum + prefix.length, 1);
    this.#next = new Uint16Array(maxNodes * letters);
    this.#isEnd = new Uint8Array(maxNodes);
    let nodes = 1;
    for (const prefix of prefixes) {
      let node = 0;
      for (const letter of Buffer.from(prefix, 'latin1')) {
        const edge = node * letters + letter;
        node = this.#next[edge] ||= nodes++;
      }
      this.#isEnd[node] = 1;
    }
  }

  /** True when the name at an offset begins with one of the prefixes. */
  beginsOneAt(names: Uint8Array, offset: number): boolean {
    let node = 0;
    for (let at = offset; ; at++) {
      const letter = names[at] ?? letters;
      node = letter < letters ? (this.#next[node * letters + letter] ?? 0) : 0;
      if (node === 0) return false;
      if (this.#isEnd[node] === 1) return true;
    }
  }
}
