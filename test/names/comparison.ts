/** Compares the names that the source tells with what V8's bytecode shows. */
import { parse, type AnyNode } from 'acorn';
import {
  isVisible,
  parseScriptNames,
  type FunctionNames,
} from '#dist/reader/names/function-names.js';
import { observe, type Observation, type Program } from './bytecode-oracle.ts';

/** What a comparison found, as `program: name@probe …`. */
export interface Comparison {
  /** Variables given a register that is not theirs: there must be none. */
  readonly wrong: string[];
  /** Variables in a register that were given no name there. */
  readonly unknown: string[];
  /** Variables in a register, under their name. */
  readonly right: string[];
  /** Variables elsewhere, given no register. */
  readonly absent: string[];
}

/** Programs by title. */
export type Programs = Readonly<Record<string, Program>>;

const wrapperParameters = ['exports', 'require', 'module', '__filename', '__dirname'];
/** Probes of different programs are told apart by their numbers. */
const probesPerProgram = 100_000;

/**
 * Runs programs on one Node and compares every probe in them, once for each version that the names are told:
 * undefined stands for a version that is not known.
 */
export function compare(
  nodePath: string,
  titled: Programs,
  v8Versions: readonly (string | undefined)[],
): Comparison[] {
  const programs = Object.entries(titled).map(([title, program], index) => ({
    title,
    kind: program.kind,
    source: program.source.replaceAll(
      /@(\d+)'/g,
      (_, number) => `@${Number(number) + index * probesPerProgram}'`,
    ),
  }));
  const observations = observe(nodePath, programs);
  return v8Versions.map((v8Version) => {
    const result: Comparison = { wrong: [], unknown: [], right: [], absent: [] };
    for (const [index, program] of programs.entries()) {
      const own = observations.filter(({ probe }) => programOf(probe) === index);
      judgeProgram(program, own, v8Version, result);
    }
    return result;
  });
}

function programOf(probe: string): number {
  return Math.floor(Number(probe.replace(/^.*@/, '')) / probesPerProgram);
}

function judgeProgram(
  { kind, source, title }: Program & { readonly title: string },
  observations: readonly Observation[],
  v8Version: string | undefined,
  result: Comparison,
): void {
  const names = parseScriptNames(source, {
    ...(v8Version === undefined ? {} : { v8Version }),
    ...(kind === 'commonjs' ? { wrapperParameters } : {}),
    isModule: kind === 'module',
  });
  if (names === null) throw new Error(`The program cannot be parsed: ${title}`);
  const functions = functionRanges(source, kind);
  for (const observation of observations) {
    const position = source.indexOf(`'${observation.probe}'`);
    const range = functions.findLast(({ from, end }) => from <= position && position < end);
    const found =
      range === undefined
        ? names.find(0, source.length)
        : names.find(range.start, range.end, range.name);
    if (found === null) throw new Error(`No function around ${observation.probe}: ${title}`);
    judge(title, observation, found, position, result);
  }
}

function judge(
  title: string,
  { probe, register }: Observation,
  names: FunctionNames,
  position: number,
  result: Comparison,
): void {
  const name = probe.replace(/@\d+$/, '');
  const given = names.registers.flatMap((candidate, index) =>
    candidate?.name === name && isVisible(candidate, position) ? [index] : [],
  );
  const place = register === null ? 'elsewhere' : `r${register}`;
  const text = `${title}: ${probe} in ${place}, given ${given.map((index) => `r${index}`).join() || 'none'}`;
  if (given.length > 1 || (given.length === 1 && given[0] !== register)) result.wrong.push(text);
  else if (given.length === 1) result.right.push(text);
  else if (register === null) result.absent.push(text);
  else result.unknown.push(text);
}

interface FunctionRange {
  /** Where the text of the function begins. */
  readonly from: number;
  /** StartPosition and EndPosition, as V8 has them. */
  readonly start: number;
  readonly end: number;
  readonly name?: string;
}

/** All functions, outer ones before inner ones. */
function functionRanges(source: string, kind: Program['kind']): FunctionRange[] {
  const ranges: FunctionRange[] = [];
  const walk = (node: AnyNode, classNode: AnyNode | null): void => {
    const range = functionRange(source, node, classNode);
    if (range !== null) ranges.push(range);
    const isClass = node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
    for (const value of Object.values(node) as unknown[]) {
      for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof child === 'object' && child !== null && 'type' in child && 'start' in child)
          walk(child as AnyNode, isClass ? node : node.type === 'ClassBody' ? classNode : null);
      }
    }
  };
  walk(parse(source, { ecmaVersion: 'latest', sourceType: kind }), null);
  return ranges;
}

function functionRange(
  source: string,
  node: AnyNode,
  classNode: AnyNode | null,
): FunctionRange | null {
  const { start, end } = node;
  if (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression')
    return { from: start, start: source.indexOf('(', node.id?.end ?? start), end };
  if (node.type === 'ArrowFunctionExpression') return { from: start, start, end };
  if (classNode === null || (node.type !== 'StaticBlock' && node.type !== 'PropertyDefinition'))
    return null;
  const isStatic = node.type === 'StaticBlock' || node.static;
  const from = node.type === 'StaticBlock' ? start : (node.value?.start ?? end);
  const name = isStatic ? '<static_initializer>' : '<instance_members_initializer>';
  return { from, start: classNode.start, end: classNode.end, name };
}
