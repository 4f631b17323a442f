/**
 * Names for the values of a frame, from the source text alone. V8 keeps the locals of a function in numbered
 * registers and forgets their names; but it hands the numbers out by fixed rules, which can be followed again.
 * docs/v8-register-names.md tells the rules and how they are tested against V8 itself.
 */
import { parse, type Program } from 'acorn';
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
import { findFunctions, type FoundFunction } from './function-search.ts';
import { declaredIn } from './declared-in.ts';
import { parameterText } from './parameter-text.ts';
import type { FunctionNames } from './register-names.ts';
import { possibleRules } from './register-rules.ts';
import type { ClassNode, ClassSide } from './visit-class.ts';
import { hasUseStrict } from './visit-function.ts';

export { isVisible } from './register-names.ts';
export type { DeclaredAt, FunctionKind, FunctionNames, RegisterName } from './register-names.ts';

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
   * @returns null when no function is there, or when it cannot be told which
   */
  find(start: number, end: number, functionName?: string): FunctionNames | null;
}

/**
 * Parses a script. Functions are looked at when they are asked for.
 * @returns null when the text is not JavaScript that we know
 */
export function parseScriptNames(
  sourceText: string,
  options: ScriptOptions = {},
): ScriptNames | null {
  const program = parseProgram(sourceText, options);
  return program === null ? null : new ParsedScript(program, options);
}

const modulesOnly = ['module'] as const;

function parseProgram(sourceText: string, options: ScriptOptions): Program | null {
  const classic = options.wrapperParameters === undefined ? 'script' : 'commonjs';
  const sourceTypes = options.isModule === true ? modulesOnly : ([classic, 'module'] as const);
  for (const sourceType of sourceTypes) {
    try {
      return parse(sourceText, { ecmaVersion: 'latest', sourceType, allowHashBang: true });
    } catch {
      // Not this kind of source, or nested deeper than the call stack: then there are no names.
    }
  }
  return null;
}

class ParsedScript implements ScriptNames {
  readonly #program: Program;
  readonly #options: ScriptOptions;
  readonly #known = new Map<string, FunctionNames | null>();

  constructor(program: Program, options: ScriptOptions) {
    this.#program = program;
    this.#options = options;
  }

  find(start: number, end: number, functionName = ''): FunctionNames | null {
    const key = `${start} ${end} ${functionName}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const names = this.#name(start, end, functionName);
    this.#known.set(key, names);
    return names;
  }

  #name(start: number, end: number, functionName: string): FunctionNames | null {
    const side = initialiserSides.get(functionName) ?? null;
    const matches = findFunctions(this.#program, { start, end, side });
    const match = matches.at(-1);
    if (side !== null) return match === undefined ? null : nameFunction(match, side, this.#options);
    const isTop = start <= 0 && end >= (this.#program.body.at(-1)?.end ?? 0);
    if (matches.length + (isTop ? 1 : 0) > 1) return null;
    if (match !== undefined) return nameFunction(match, null, this.#options);
    return isTop ? nameTop(this.#program, this.#options) : null;
  }
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
  const { node, kind, className, nameAt, classNameAt } = found;
  const written = {
    ...(className !== undefined && { className }),
    ...(nameAt !== undefined && { nameAt }),
    ...(classNameAt !== undefined && { classNameAt }),
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
    declaredAt: new Map(),
  };
}

function nameTop(program: Program, options: ScriptOptions): FunctionNames {
  const declaredAt = declaredIn(program);
  const plain = { parameters: [], isAsync: false, isGenerator: false, declaredAt };
  const { wrapperParameters } = options;
  const isModule = program.sourceType === 'module';
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
