/** Compares the names that the source tells with what V8's bytecode shows. */
import { parse, type AnyNode, type Program } from 'acorn';
import { isVisible, parseScriptNames } from '../../src/reader/names/function-names.ts';
import type { FunctionNames } from '../../src/reader/names/function-names.ts';
import { observe, type Observation, type ProgramKind } from './bytecode-oracle.ts';

/** What a comparison found. */
export interface Comparison {
  /** Variables given a register that is not theirs: there must be none. */
  readonly wrong: string[];
  /** Variables in a register that got no name although they are current there. */
  readonly unknown: string[];
  /** Variables in a register under their name. */
  readonly right: number;
  /** Variables elsewhere that got no register. */
  readonly absent: number;
}

/** A Node binary, and what the names are told about it. */
export interface TestedNode {
  readonly path: string;
  /** Undefined: the names must do without. */
  readonly v8Version?: string;
}

const wrapperParameters = ['exports', 'require', 'module', '__filename', '__dirname'];

/** Runs a program on one Node and compares every probe in it. */
export function compare(node: TestedNode, source: string, kind: ProgramKind): Comparison {
  const { v8Version } = node;
  const names = parseScriptNames(source, {
    ...(v8Version === undefined ? {} : { v8Version }),
    isModule: kind === 'module',
    ...(kind === 'commonjs' ? { wrapperParameters } : {}),
  });
  if (names === null) throw new Error('The program cannot be parsed');
  const functions = functionRanges(source, kind);
  const result = { wrong: [] as string[], unknown: [] as string[], right: 0, absent: 0 };
  for (const observation of observe(node.path, source, kind)) {
    const position = source.indexOf(`'${observation.probe}'`);
    if (position < 0) continue;
    const range = functions.filter(({ from, end }) => from <= position && position < end).at(-1);
    const found =
      range === undefined
        ? names.find(0, source.length)
        : names.find(range.start, range.end, range.name);
    judge(observation, found, position, result);
  }
  return result;
}

function judge(
  { probe, register }: Observation,
  names: FunctionNames | null,
  position: number,
  result: { wrong: string[]; unknown: string[]; right: number; absent: number },
): void {
  const name = probe.replace(/@\d+$/, '');
  const given: number[] = [];
  names?.registers.forEach((candidate, index) => {
    if (candidate?.name === name && isVisible(candidate, position)) given.push(index);
  });
  const [first] = given;
  if (given.length > 1 || (first !== undefined && first !== register))
    result.wrong.push(
      `${probe}: r${given.join(',')} is really ${register === null ? 'elsewhere' : `r${register}`}`,
    );
  else if (first === undefined && register !== null) result.unknown.push(`${probe}: r${register}`);
  else if (first === undefined) result.absent++;
  else result.right++;
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
function functionRanges(source: string, kind: ProgramKind): FunctionRange[] {
  const program: Program = parse(source, {
    ecmaVersion: 'latest',
    sourceType: kind,
  });
  const ranges: FunctionRange[] = [];
  const walk = (node: AnyNode, classNode: AnyNode | null): void => {
    if (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression') {
      const start = source.indexOf('(', node.id?.end ?? node.start);
      ranges.push({ from: node.start, start, end: node.end });
    } else if (node.type === 'ArrowFunctionExpression') {
      ranges.push({ from: node.start, start: node.start, end: node.end });
    } else if (
      classNode !== null &&
      (node.type === 'StaticBlock' || node.type === 'PropertyDefinition')
    ) {
      const isStatic = node.type === 'StaticBlock' || node.static;
      const name = isStatic ? '<static_initializer>' : '<instance_members_initializer>';
      const from = node.type === 'StaticBlock' ? node.start : (node.value?.start ?? node.end);
      ranges.push({ from, start: classNode.start, end: classNode.end, name });
    }
    const isClass = node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
    for (const value of Object.values(node) as unknown[]) {
      for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof child === 'object' && child !== null && 'type' in child && 'start' in child)
          walk(child as AnyNode, isClass ? node : node.type === 'ClassBody' ? classNode : null);
      }
    }
  };
  walk(program, null);
  return ranges;
}
