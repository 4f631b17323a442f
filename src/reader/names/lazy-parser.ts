/**
 * Parses a script as far as is asked for. Bundles have megabytes of functions, of which a stack names a few: bodies of functions
 * are stepped over, as V8 itself does it, and parsed when something in them is wanted. The parts of acorn that this overrides are those
 * that its plugins override (parseFunctionBody, parseBlock, and the tokenizer's pos and next()), and one of its questions, allowDirectSuper;
 * it is started as Parser.parse() and Parser.parseExpressionAt() do it.
 */
import {
  type AnyNode,
  type BlockStatement,
  type FunctionExpression,
  type Options,
  Parser,
  type Program,
} from 'acorn';
import { findClosingBrace } from './closing-brace.ts';
import { beginsStrict, type Range, statementsAround } from './statement-ends.ts';
import { childrenOf } from './visit.ts';
import { type FunctionNode, isFunction } from './visit-function.ts';

/** What acorn's parser has besides what its types tell. */
interface ParserInside {
  readonly input: string;
  /** Offset of the current token. */
  readonly start: number;
  /** Where the next token is looked for. */
  pos: number;
  strict: boolean;
  parse(): Program;
  next(): void;
  nextToken(): void;
  parseExpression(): FunctionExpression;
  startNode(): BlockStatement;
  finishNode(node: BlockStatement, type: 'BlockStatement'): BlockStatement;
  parseFunctionBody(...passed: unknown[]): void;
  parseBlock(isScope?: boolean, node?: BlockStatement, endsStrict?: boolean): BlockStatement;
}
const Inside = Parser as unknown as new (
  options: Options,
  text: string,
  startAt: number,
) => ParserInside;

/** What is open to a function within others, wherever it stands. */
const withinOthers = {
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
  checkPrivateFields: false,
} as const;

/** A script of which parts may have been stepped over. */
export interface SyntaxTree {
  readonly program: Program;
  /**
   * Parses what is directly in a function; functions in it are stepped over. Of a long one at least what is around the place.
   * @throws SyntaxError, RangeError
   */
  open(node: FunctionNode, place: Range): void;
  /** Parses all that was stepped over in a node. @throws SyntaxError, RangeError */
  complete(node: AnyNode): void;
}

/** Of longer bodies only the statements are parsed in which something is looked for. */
const minLongBody = 50_000;
/** Bodies that were stepped over; of long ones, where in them a statement may end (findClosingBrace). */
type Skipped = Map<BlockStatement, readonly number[]>;

/** There was no time to parse as much as was asked for. */
export class PutOff extends Error {}

/** A script whose functions are parsed on demand. */
export class LazyProgram implements SyntaxTree {
  readonly program: Program;
  /** Characters that are parsed at once; for more, PutOff is thrown. */
  patience = Infinity;
  readonly #text: string;
  readonly #options: Options;
  readonly #skipped: Skipped = new Map();
  /** Functions in which others may still be skipped. */
  readonly #opened = new Set<FunctionNode>();
  /** Statements of long bodies, by where they begin. */
  readonly #parts = new Map<number, BlockStatement>();

  /** @throws SyntaxError, RangeError */
  constructor(text: string, options: Options) {
    this.#text = text;
    this.#options = options;
    this.program = new LazyParser(options, text, 0, this.#skipped).parse();
  }

  open(node: FunctionNode, place: Range): void {
    if (!this.#isSkipped(node) || this.#openAround(node, place)) return;
    this.#parseBody(node, true);
    this.#opened.add(node);
  }

  complete(node: AnyNode): void {
    const pending: AnyNode[] = [node];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      // One that was opened is parsed again as a whole: thousands of small parts take longer.
      if (isFunction(next) && (this.#isSkipped(next) || this.#opened.delete(next)))
        this.#parseBody(next, false);
      pending.push(...childrenOf(next));
    }
  }

  #isSkipped({ body }: FunctionNode): boolean {
    return body.type === 'BlockStatement' && this.#skipped.has(body);
  }

  /**
   * Parses only the statements around a place; for another place, or as a whole, the body is parsed again.
   * @returns false when it is short, or when they cannot be told
   */
  #openAround(node: FunctionNode, place: Range): boolean {
    const { body } = node;
    const mayEnd = body.type === 'BlockStatement' ? (this.#skipped.get(body) ?? []) : [];
    if (body.type !== 'BlockStatement' || mayEnd.length === 0) return false;
    const { start, end } = statementsAround(place, this.#text, body, mayEnd);
    let part = this.#parts.get(start);
    if (part === undefined || part.end < end) {
      this.#wait(end - start);
      const begin = beginsStrict(this.#text, body) ? '{"use strict";' : '{';
      try {
        const source = `${begin}${this.#text.slice(start, end)}}`;
        part = this.#parseAs(node, source, true, start - begin.length);
      } catch {
        return false;
      }
      this.#parts.set(start, part);
    }
    body.body = part.body;
    return true;
  }

  #wait(chars: number): void {
    if (chars > this.patience) throw new PutOff();
  }

  #parseBody(node: FunctionNode, isLazy: boolean): void {
    const { body } = node;
    if (body.type !== 'BlockStatement') return;
    this.#wait(body.end - body.start);
    node.body = this.#parseAs(node, this.#text.slice(body.start, body.end), isLazy, body.start);
    this.#skipped.delete(body);
  }

  /**
   * A body is parsed as that of a function of the same kind, with what is known of the place where it stands.
   * @param at where the source begins in the script
   */
  #parseAs(node: FunctionNode, source: string, isLazy: boolean, at: number): BlockStatement {
    const head = `${node.async ? 'async ' : ''}function${node.generator ? '*' : ''}()`;
    const options = { ...this.#options, ...withinOthers };
    // With what is to be skipped behind the body's own brace, or nowhere.
    const from = isLazy ? head.length + 1 : Infinity;
    const parser = new LazyParser(options, head + source, from, this.#skipped);
    parser.nextToken();
    const { body } = parser.parseExpression();
    move(body, at - head.length);
    return body;
  }
}

class LazyParser extends Inside {
  /** The body that is about to be parsed. */
  #body = -1;
  readonly #from: number;
  readonly #skipped: Skipped;

  /**
   * @param from bodies that begin before it are parsed
   * @param skipped takes those that are stepped over
   */
  constructor(options: Options, text: string, from: number, skipped: Skipped) {
    super(options, text, 0);
    this.#from = from;
    this.#skipped = skipped;
  }

  /** A constructor, or an arrow in one, is parsed without its class. */
  get allowDirectSuper(): boolean {
    return true;
  }

  override parseFunctionBody(...passed: unknown[]): void {
    this.#body = this.start;
    super.parseFunctionBody(...passed);
  }

  override parseBlock(
    isScope?: boolean,
    node = this.startNode(),
    endsStrict?: boolean,
  ): BlockStatement {
    const isBody = this.start === this.#body && this.start >= this.#from;
    const mayEnd: number[] = [];
    const end = isBody ? findClosingBrace(this.input, this.start, mayEnd) : -1;
    if (end < 0) return super.parseBlock(isScope, node, endsStrict);
    node.body = [];
    this.pos = end - 1;
    this.next();
    if (endsStrict === true) this.strict = false;
    this.next();
    this.#skipped.set(node, end - node.start < minLongBody ? [] : mayEnd);
    return this.finishNode(node, 'BlockStatement');
  }
}

/** Offsets in a part become those in the whole. */
function move(node: AnyNode, by: number): void {
  // A short property has its name for its value, too.
  const seen = new Set<AnyNode>();
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    next.start += by;
    next.end += by;
    pending.push(...childrenOf(next));
  }
}
