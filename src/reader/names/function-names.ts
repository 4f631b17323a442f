/**
 * Names for the values of a frame, from the source text alone. V8 keeps the locals of a function in numbered
 * registers and forgets their names; but it hands the numbers out by fixed rules, which can be followed again.
 * docs/v8-register-names.md tells the rules and how they are tested against V8 itself.
 */
import { type Options, type Program, parse } from 'acorn';
import {
  analyseAll,
  analyseFunction,
  analyseInitialiser,
  analyseModule,
  analyseScript,
  analyseWrapped,
  type Analysis,
  type Circumstances,
} from './analysis.ts';
import { findFunctions, type FoundFunction, type Place } from './function-search.ts';
import { awaitedCallsIn } from './awaited-calls.ts';
import { declaredIn } from './declared-in.ts';
import { LazyProgram, PutOff, type SyntaxTree } from './lazy-parser.ts';
import { parameterText } from './parameter-text.ts';
import type { FunctionNames } from './register-names.ts';
import { possibleRules } from './register-rules.ts';
import type { ClassNode, ClassSide } from './visit-class.ts';
import { hasUseStrict } from './visit-function.ts';

export { functionKinds, heldAt, isVisible } from './register-names.ts';
export type {
  AwaitedCall,
  DeclaredAt,
  FunctionKind,
  FunctionNames,
  RegisterName,
} from './register-names.ts';

/** How V8 compiled the script. */
export interface ScriptOptions {
  /**
   * Parameters of a function that V8 put around the source without writing it down (CommonJS: exports, require,
   * module, __filename, __dirname).
   */
  readonly wrapperParameters?: readonly string[];
  readonly isModule?: boolean;
  /** As in process.versions.v8. Without it only those registers get names that every version gives to the same variable. */
  readonly v8Version?: string;
  /** Code of a direct or indirect `eval`: whether it is strict, and where its variables live, the source cannot tell. */
  readonly isEval?: boolean;
}

/** The functions of one script. */
export interface ScriptNames {
  /**
   * Names of one function.
   * @param start StartPosition of the SharedFunctionInfo, in UTF-16 units; 0 or -1 for the top level
   * @param end   its EndPosition
   * @param functionName its name as V8 has it: class initialisers (`<static_initializer>`) are found by it
   * @param patience characters that may be parsed for it
   * @returns null when no function is there, or when it cannot be told which
   * @throws PutOff when more would have to be parsed
   */
  find(start: number, end: number, functionName?: string, patience?: number): FunctionNames | null;
}

/**
 * Parses a script, and its functions when they are asked for.
 * @returns null when the text is not JavaScript that we know
 */
export function parseScriptNames(
  sourceText: string,
  options: ScriptOptions = {},
): ScriptNames | null {
  const isShort = sourceText.length < minLazyChars;
  const parsed = parseAs(options, (how) =>
    isShort ? wholeTree(parse(sourceText, how)) : new LazyProgram(sourceText, how),
  );
  return parsed === null ? null : new ParsedScript(sourceText, parsed, options);
}

/** Shorter scripts are parsed as a whole sooner than in two parts. */
const minLazyChars = 2_000;

const modulesOnly = ['module'] as const;

/** Parses as whatever kind of source it can be. @returns null when it is none */
function parseAs<T>(options: ScriptOptions, parseIt: (how: Options) => T): T | null {
  const classic = options.wrapperParameters === undefined ? 'script' : 'commonjs';
  const sourceTypes = options.isModule === true ? modulesOnly : ([classic, 'module'] as const);
  for (const sourceType of sourceTypes) {
    try {
      return parseIt({ ecmaVersion: 'latest', sourceType, allowHashBang: true });
    } catch {
      // Not this kind of source, or nested deeper than the call stack: then there are no names.
    }
  }
  return null;
}

class ParsedScript implements ScriptNames {
  readonly #text: string;
  readonly #options: ScriptOptions;
  readonly #lazy: LazyProgram | null;
  #whole: SyntaxTree | null | undefined;

  constructor(text: string, parsed: LazyProgram | SyntaxTree, options: ScriptOptions) {
    this.#text = text;
    this.#options = options;
    this.#lazy = parsed instanceof LazyProgram ? parsed : null;
    if (this.#lazy === null) this.#whole = parsed;
  }

  find(start: number, end: number, functionName = '', patience = Infinity): FunctionNames | null {
    const side = initialiserSides.get(functionName) ?? null;
    const place = { start, end, side };
    if (this.#lazy === null) return this.#findInWhole(place);
    const lazily = this.#findLazily(this.#lazy, place, patience);
    if (lazily === null && this.#text.length > patience) throw new PutOff();
    return lazily ?? this.#findInWhole(place);
  }

  /** A function at this very place is the one that is meant, whatever was stepped over on the way to it. */
  #findLazily(lazy: LazyProgram, place: Place, patience: number): FunctionNames | null {
    lazy.patience = patience;
    try {
      return isTop(lazy.program, place) ? null : nameAt(lazy, place, this.#options);
    } catch (error) {
      if (error instanceof PutOff) throw error;
      return null;
    }
  }

  #findInWhole(place: Place): FunctionNames | null {
    this.#whole ??= parseAs(this.#options, (how) => wholeTree(parse(this.#text, how)));
    return this.#whole === null ? null : nameAt(this.#whole, place, this.#options);
  }
}

function wholeTree(program: Program): SyntaxTree {
  return { program, open: () => undefined, complete: () => undefined };
}

function isTop({ body }: Program, { start, end }: Place): boolean {
  return start <= 0 && end >= (body.at(-1)?.end ?? 0);
}

function nameAt(tree: SyntaxTree, place: Place, options: ScriptOptions): FunctionNames | null {
  const matches = findFunctions(tree, place);
  const match = matches.at(-1);
  const top = place.side === null && isTop(tree.program, place);
  if (place.side === null && matches.length + (top ? 1 : 0) > 1) return null;
  if (match === undefined) return top ? nameTop(tree.program, options) : null;
  tree.complete(match.node);
  return nameFunction(match, place.side, options);
}

/** By the names of the functions that V8 makes of fields and static blocks. */
const initialiserSides: ReadonlyMap<string, ClassSide> = new Map([
  ['<instance_members_initializer>', 'instance'],
  ['<static_initializer>', 'static'],
]);

function nameFunction(
  found: FoundFunction,
  side: ClassSide | null,
  options: ScriptOptions,
): FunctionNames {
  const { node, kind, className, nameAt, classNameAt, givenTo } = found;
  const written = {
    ...(className !== undefined && { className }),
    ...(nameAt !== undefined && { nameAt }),
    ...(classNameAt !== undefined && { classNameAt }),
    ...(givenTo !== undefined && { givenTo }),
  };
  const possible = possibleCircumstances(found.isStrict, options);
  if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression')
    return { ...nameClassFunction(node, side, possible), ...written };
  const analysis = analyseAll(possible, (circumstances) =>
    analyseFunction(node, found.isDerivedConstructor, circumstances),
  );
  return {
    parameters: node.params.map(parameterText),
    ...analysis,
    kind,
    isAsync: node.async,
    isGenerator: node.generator,
    ...written,
    awaitedCalls: node.async ? awaitedCallsIn(node) : [],
    declaredAt: declaredIn(node),
  };
}

/** An initialiser of a class, or its default constructor, which has no variables. */
function nameClassFunction(
  node: ClassNode,
  side: ClassSide | null,
  possible: readonly Circumstances[],
): FunctionNames {
  const analysis =
    side === null
      ? unknown
      : analyseAll(possible, ({ rules }) =>
          analyseInitialiser(node, side, { isStrict: true, rules }),
        );
  return {
    parameters: [],
    ...analysis,
    kind: side === null ? 'constructor' : 'class-fields',
    isAsync: false,
    isGenerator: false,
    awaitedCalls: [],
    declaredAt: new Map(),
  };
}

function nameTop(program: Program, options: ScriptOptions): FunctionNames {
  const declaredAt = declaredIn(program);
  const isModule = program.sourceType === 'module';
  const awaitedCalls = isModule ? awaitedCallsIn(program) : [];
  const plain = { parameters: [], isAsync: false, isGenerator: false, awaitedCalls, declaredAt };
  const { wrapperParameters } = options;
  const possible = possibleCircumstances(isModule || hasUseStrict(program), options);
  if (isModule) {
    const analysis = analyseAll(possible, (one) => analyseModule(program, one));
    return { ...plain, ...analysis, kind: 'module' };
  }
  if (wrapperParameters !== undefined) {
    const analysis = analyseAll(possible, (one) => analyseWrapped(program, wrapperParameters, one));
    return { ...plain, ...analysis, parameters: wrapperParameters, kind: 'function' };
  }
  const analysis =
    options.isEval === true ? unknown : analyseAll(possible, (one) => analyseScript(program, one));
  return { ...plain, ...analysis, kind: 'script' };
}

const unknown: Analysis = { registers: [], parametersCopied: [] };

/** Code of an eval is strict when the code that calls it is, which its source does not tell. */
function possibleCircumstances(isStrict: boolean, options: ScriptOptions): Circumstances[] {
  const modes = options.isEval === true && !isStrict ? [false, true] : [isStrict];
  const rules = possibleRules(options.v8Version);
  return modes.flatMap((mode) => rules.map((rule) => ({ isStrict: mode, rules: rule })));
}
