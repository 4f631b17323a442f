/**
 * Names for the values of a frame, from the source text alone. V8 keeps the locals of a function in numbered
 * registers and forgets their names; but it hands the numbers out by fixed rules, which can be followed again.
 * docs/v8-register-names.md tells the rules and how they are tested against V8 itself.
 */
import { parse, type Options, type Program } from 'acorn';
import {
  analyseFunction,
  analyseInitialiser,
  analyseModule,
  analyseScript,
  analyseWrapped,
  type Analysis,
} from './analysis.ts';
import { indexFunctions, type FunctionIndex, type IndexedFunction } from './function-index.ts';
import { parameterText } from './parameter-text.ts';
import type { FunctionNames } from './register-names.ts';
import type { ClassNode } from './visit-class.ts';
import { hasUseStrict } from './visit-function.ts';

export { isVisible } from './register-names.ts';
export type { FunctionKind, FunctionNames, RegisterName } from './register-names.ts';

/** How V8 compiled the script. */
export interface ScriptOptions {
  /**
   * Parameters of a function that V8 put around the source without writing it down (CommonJS: exports, require,
   * module, __filename, __dirname).
   */
  readonly wrapperParameters?: readonly string[];
  readonly isModule?: boolean;
  /** Code of a direct or indirect `eval`: whether it is strict, and where its variables live, the source cannot tell. */
  readonly isEval?: boolean;
}

/** The functions of one script. */
export interface ScriptNames {
  /**
   * Names of one function.
   * @param start StartPosition of the SharedFunctionInfo, in UTF-16 units; 0 or -1 for the top level
   * @param end   its EndPosition
   * @param functionName its name, which tells a class's initialisers from its default constructor
   * @returns null when no function, or more than one, is there
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

function parseProgram(sourceText: string, options: ScriptOptions): Program | null {
  const classic = options.wrapperParameters === undefined ? 'script' : 'commonjs';
  const sourceTypes: Options['sourceType'][] =
    options.isModule === true ? ['module'] : [classic, 'module'];
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
  readonly #index: FunctionIndex;
  readonly #known = new Map<string, FunctionNames | null>();

  constructor(program: Program, options: ScriptOptions) {
    this.#program = program;
    this.#options = options;
    this.#index = indexFunctions(program);
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
    const [match, ...others] = (this.#index.get(end) ?? []).filter(({ node }) =>
      beginsAt(node, start),
    );
    const isTop = start <= 0 && end >= (this.#program.body.at(-1)?.end ?? 0);
    if (others.length > 0 || (isTop && match !== undefined)) return null;
    if (match !== undefined) return nameFunction(match, functionName, this.#options);
    return isTop ? nameTop(this.#program, this.#options) : null;
  }
}

/** V8 begins arrows and classes with their first character, other functions with the parenthesis. */
function beginsAt(node: IndexedFunction['node'], start: number): boolean {
  if (node.type !== 'FunctionDeclaration' && node.type !== 'FunctionExpression')
    return node.start === start;
  return node.start <= start && start < (node.params[0] ?? node.body).start;
}

function nameFunction(
  found: IndexedFunction,
  functionName: string,
  options: ScriptOptions,
): FunctionNames | null {
  const { node, kind, className } = found;
  if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression')
    return nameClassFunction(node, className, functionName);
  const analyse = (isStrict: boolean): Analysis =>
    analyseFunction(node, isStrict, found.isDerivedConstructor);
  return {
    parameters: node.params.map(parameterText),
    ...(options.isEval === true && !found.isStrict
      ? agreement(analyse(false), analyse(true))
      : analyse(found.isStrict)),
    kind,
    isAsync: node.async,
    isGenerator: node.generator,
    ...(className === undefined ? {} : { className }),
  };
}

/** The initialisers of a class and its default constructor all stand at the place of the class. */
function nameClassFunction(
  node: ClassNode,
  className: string | undefined,
  functionName: string,
): FunctionNames {
  const isStatic = functionName === '<static_initializer>';
  const isInitialiser = isStatic || functionName === '<instance_members_initializer>';
  const analysis = isInitialiser ? analyseInitialiser(node, isStatic) : unknownRegisters;
  return {
    parameters: [],
    ...analysis,
    kind: isInitialiser ? 'class-fields' : 'constructor',
    isAsync: false,
    isGenerator: false,
    ...(className === undefined ? {} : { className }),
  };
}

function nameTop(program: Program, options: ScriptOptions): FunctionNames {
  const plain = { parameters: [], isAsync: false, isGenerator: false };
  if (program.sourceType === 'module')
    return { ...plain, ...analyseModule(program), kind: 'module' };
  const { wrapperParameters } = options;
  const isStrict = hasUseStrict(program);
  if (wrapperParameters !== undefined) {
    const analysis = analyseWrapped(program, isStrict, wrapperParameters);
    return { ...plain, ...analysis, parameters: wrapperParameters, kind: 'function' };
  }
  const analysis = options.isEval === true ? unknownRegisters : analyseScript(program, isStrict);
  return { ...plain, ...analysis, kind: 'script' };
}

const unknownRegisters: Analysis = { registers: [], parametersCopied: [] };

/** What is true whether or not the code is strict. */
function agreement(sloppy: Analysis, strict: Analysis): Analysis {
  const isSame = JSON.stringify(sloppy.registers) === JSON.stringify(strict.registers);
  return {
    registers: isSame ? sloppy.registers : [],
    parametersCopied: sloppy.parametersCopied.map(
      (isCopied, index) => isCopied || strict.parametersCopied[index] === true,
    ),
  };
}
