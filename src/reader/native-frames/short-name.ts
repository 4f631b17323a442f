/**
 * Short readable names of C++ functions: scopes and name, without template arguments, parameters, return type and
 * qualifiers. `_ZN4node9inspector5Agent5StartERKNSt7__cxx1112basic_stringIcE…` is `node::inspector::Agent::Start`.
 *
 * Enough of the Itanium C++ ABI, 5.1 "External Names", to pass over what is not shown; a name that does not fit ends in
 * `…` where it was understood no more, or stays as it is. Clones that the compiler made (`.cold`, `.part.0`) carry the name of their function.
 */
import { MalformedTable } from './table-bytes.ts';

const maxDepth = 48;
const operators: Readonly<Record<string, string>> = {
  nw: ' new', na: ' new[]', dl: ' delete', da: ' delete[]', cl: '()', ix: '[]', eq: '==', ne: '!=', lt: '<', gt: '>',
  le: '<=', ge: '>=', ls: '<<', rs: '>>', pl: '+', mi: '-', ml: '*', dv: '/', pp: '++', mm: '--', aS: '=', pL: '+=',
  mI: '-=', nt: '!', de: '*', ad: '&', an: '&', or: '|', eo: '^', aa: '&&', oo: '||', pt: '->', ss: '<=>', rm: '%',
  co: '~', cm: ',', lS: '<<=', rS: '>>=', aN: '&=', oR: '|=', eO: '^=', mL: '*=', dV: '/=', rM: '%=', qu: '?',
}; // prettier-ignore
const standardNames: Readonly<Record<string, string>> = {
  t: 'std',
  a: 'std::allocator',
  b: 'std::basic_string',
  s: 'std::string',
  i: 'std::istream',
  o: 'std::ostream',
  d: 'std::iostream',
};
const anonymousNamespace = /^_GLOBAL__N_/;
const rustHash = /^h[0-9a-f]{16}$/;

/** A name for people; never throws. */
export function shortName(symbol: string): string {
  const plain = symbol
    .replace(/@.*$/, '')
    .replace(/\.(?:cold|part|constprop|isra|lto_priv|llvm|clone|localalias)\b.*$/, '');
  if (!plain.startsWith('_Z')) return plain;
  const name = new MangledName(plain);
  try {
    return name.read();
  } catch (error) {
    if (!(error instanceof MalformedTable)) throw error;
    return name.begun.length > 1 ? `${name.begun.join('::')}…` : plain;
  }
}

class MangledName {
  readonly #text: string;
  #at = 2;
  #depth = 0;
  #begun: readonly string[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  /** What was read before something that is not understood, mostly a constraint of C++20. */
  get begun(): readonly string[] {
    return this.#begun ?? [];
  }

  read(): string {
    // Thunks: adjust `this`, then go to the function named behind.
    const thunk = /^_ZT(?:h[n\d]\d*_|v[n\d]\d*_n?\d+_|c(?:[hv][n\d]\d*_(?:n?\d+_)?){2})/.exec(
      this.#text,
    );
    if (thunk !== null) this.#at = thunk[0].length;
    return this.#entity().join('::');
  }

  /** <name> of an encoding; what follows it (parameters) is left unread. */
  #entity(): string[] {
    if (++this.#depth > maxDepth) throw new MalformedTable('nested too deeply');
    try {
      if (this.#take('N')) return this.#nested();
      if (this.#take('Z')) return this.#local();
      const parts: string[] = this.#take('St') ? ['std'] : [];
      return this.#component(parts) ? parts : this.#fail();
    } finally {
      this.#depth--;
    }
  }

  #nested(): string[] {
    while (
      this.#take('r') ||
      this.#take('V') ||
      this.#take('K') ||
      this.#take('R') ||
      this.#take('O')
    );
    const parts: string[] = [];
    this.#begun ??= parts;
    while (!this.#take('E')) if (!this.#component(parts)) this.#fail();
    return parts;
  }

  /** Z <function> E <entity>: something inside a function, mostly a lambda. */
  #local(): string[] {
    const outer = this.#entity();
    while (!this.#take('E')) this.#skipType();
    if (this.#take('s')) return outer;
    if (this.#take('d')) this.#takeMatch(/\d*_/y);
    return [...outer, ...this.#entity()];
  }

  /** One part of a name; false when there is none here. */
  #component(parts: string[]): boolean {
    this.#take('L');
    if (this.#peek('I')) {
      this.#skipArguments();
      return true;
    }
    if (this.#takeMatch(/B(?=\d)/y) !== null) {
      this.#sourceName();
      return true;
    }
    const name = this.#sourceName() ?? this.#specialName(parts);
    if (name === null) return false;
    if (!rustHash.test(name)) parts.push(...(name === '' ? [] : [name]));
    return true;
  }

  #sourceName(): string | null {
    const digits = this.#takeMatch(/\d+/y);
    if (digits === null) return null;
    const end = this.#at + Number(digits);
    if (end > this.#text.length) this.#fail();
    const name = this.#text.slice(this.#at, end);
    this.#at = end;
    return anonymousNamespace.test(name) ? '(anonymous)' : name;
  }

  #specialName(parts: readonly string[]): string | null {
    const last = parts.at(-1) ?? '';
    if (this.#takeMatch(/C[I1-5]/y) !== null) return last;
    if (this.#takeMatch(/D[0-5]/y) !== null) return `~${last}`;
    if (this.#takeMatch(/S_|S[0-9A-Z]+_|T(?:L\d*_)?\d*_/y) !== null) return '';
    const standard = this.#takeMatch(/S[tabsiod]/y);
    if (standard !== null) return standardNames[standard.slice(1)] ?? '';
    if (this.#take('Ul')) {
      while (!this.#take('E')) this.#skipType();
      this.#takeMatch(/\d*_/y);
      return '(lambda)';
    }
    if (this.#takeMatch(/Ut\d*_/y) !== null) return '(unnamed)';
    if (this.#take('cv')) {
      this.#skipType();
      return 'operator (conversion)';
    }
    const operator = operators[this.#text.slice(this.#at, this.#at + 2)];
    if (operator === undefined) return null;
    this.#at += 2;
    return `operator${operator}`;
  }

  #skipArguments(): void {
    if (!this.#take('I') && !this.#take('J')) this.#fail();
    while (!this.#take('E')) {
      // C++20: what kind of parameter the argument is for stands before it.
      if (this.#takeMatch(/T[nk]/y) !== null) this.#skipType();
      this.#skipType();
    }
  }

  /** A type or template argument. */
  #skipType(): void {
    if (++this.#depth > maxDepth) throw new MalformedTable('nested too deeply');
    while (this.#takeMatch(/[PROKVrGC]|Dp|U(?=\d)/y) !== null);
    if (this.#peek('I') || this.#peek('J')) this.#skipArguments();
    else if (this.#take('N')) this.#nested();
    else if (this.#take('Z')) this.#local();
    else if (this.#take('L')) this.#skipLiteral();
    else if (this.#take('X')) {
      // Of expressions only addresses of functions, and those made of types.
      this.#take('ad');
      while (!this.#take('E')) this.#skipType();
    } else if (this.#take('M')) {
      this.#skipType();
      this.#skipType();
    } else if (this.#take('F') || this.#take('DoF')) {
      this.#take('Y');
      while (this.#takeMatch(/[RO]?E/y) === null) this.#skipType();
    } else if (this.#takeMatch(/A\d*_/y) !== null) this.#skipType();
    else if (this.#takeMatch(/D[a-ce-hisun]|[a-z]/y) === null) {
      const parts: string[] = [];
      const isStandard = this.#take('St');
      if (!this.#component(parts) && !isStandard) this.#fail();
    }
    if (this.#peek('I')) this.#skipArguments();
    this.#depth--;
  }

  /** L <type> <value> E, or L _Z <encoding> E. */
  #skipLiteral(): void {
    if (this.#take('_Z')) {
      this.#entity();
      while (!this.#take('E')) this.#skipType();
      return;
    }
    this.#skipType();
    if (this.#takeMatch(/n?[0-9a-f]*_?[0-9a-f]*E/y) === null) this.#fail();
  }

  #peek(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** @param pattern sticky */
  #takeMatch(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at += match[0].length;
    return match[0];
  }

  #fail(): never {
    throw new MalformedTable(`no name at ${this.#at}`);
  }
}
