/** Builds the scopes of one function, or of the top level, and reads the register file off them. */
import type { Program } from 'acorn';
import { allocateRegisters, resolveTree } from './allocation.ts';
import { countCompletionTemporaries } from './completion.ts';
import type { RegisterName } from './register-names.ts';
import type { RegisterRules } from './register-rules.ts';
import { ScopeBuilder } from './scope-builder.ts';
import { Scope, type SourceRange } from './scope.ts';
import { visit } from './visit.ts';
import {
  initialiserStep,
  openInitialiser,
  sideOf,
  type ClassNode,
  type ClassSide,
} from './visit-class.ts';
import {
  declareOwn,
  declareSimpleParameter,
  functionSteps,
  hoistSloppyBlockFunctions,
  openFunction,
  type FunctionNode,
} from './visit-function.ts';

/** What can be read off the scopes of a function. */
export interface Analysis {
  readonly registers: readonly (RegisterName | null)[];
  readonly parametersCopied: readonly boolean[];
}

/** What the source text does not tell. */
export interface Circumstances {
  /** The code around is strict. */
  readonly isStrict: boolean;
  readonly rules: RegisterRules;
}

/** Analyses under all circumstances that are possible, and keeps what is the same under all of them. */
export function analyseAll(
  possible: readonly Circumstances[],
  analyse: (circumstances: Circumstances) => Analysis,
): Analysis {
  return possible.map(analyse).reduce((one, other) => ({
    registers: one.registers.map((register, index) =>
      JSON.stringify(register) === JSON.stringify(other.registers[index]) ? register : null,
    ),
    parametersCopied: one.parametersCopied.map(
      (isCopied, index) => isCopied || other.parametersCopied[index] === true,
    ),
  }));
}

/** A function of the source. */
export function analyseFunction(
  node: FunctionNode,
  isDerivedConstructor: boolean,
  circumstances: Circumstances,
): Analysis {
  const builder = builderAround(node, circumstances);
  const scope = openFunction(builder, node);
  scope.isDerivedConstructor = isDerivedConstructor;
  builder.planIn(scope, functionSteps(builder, scope, node));
  builder.run();
  resolveTree(scope);
  const names = node.params.map((param) => (param.type === 'Identifier' ? param.name : null));
  return { registers: allocateRegisters(scope), parametersCopied: copiedParameters(scope, names) };
}

/** The body of a CommonJS module, which V8 compiles as a function without a source text of its head. */
export function analyseWrapped(
  program: Program,
  parameters: readonly string[],
  circumstances: Circumstances,
): Analysis {
  const builder = builderAround(program, circumstances);
  const scope = builder.open('function', program, { isDeclarationScope: true });
  declareOwn(scope);
  for (const name of parameters) declareSimpleParameter(scope, name);
  builder.planIn(scope, program.body);
  builder.run();
  hoistSloppyBlockFunctions(scope, scope);
  scope.declare('arguments', 'var', scope.range);
  resolveTree(scope);
  return {
    registers: allocateRegisters(scope),
    parametersCopied: copiedParameters(scope, parameters),
  };
}

/** The top level of an ECMAScript module. V8 compiles it as a generator. */
export function analyseModule(program: Program, circumstances: Circumstances): Analysis {
  const builder = builderAround(program, circumstances);
  const scope = builder.open('module', program, { isDeclarationScope: true });
  scope.addTemporary(); // the generator object
  builder.planIn(scope, program.body);
  builder.run();
  for (const variable of scope.variables.values()) {
    variable.isUsed = true; // a function that is only skimmed might need it
    const isHandedOn = builder.rules.hasNamespaceExports && builder.namespaces.has(variable);
    if (builder.exportedNames.has(variable.name) && !isHandedOn) variable.isElsewhere = true;
  }
  if (circumstances.rules.hasModuleResult) {
    const completion = builder.hasTopLevelAwait ? 1 : countCompletionTemporaries(program);
    for (let count = completion; count > 0; count--) scope.addTemporary();
  }
  resolveTree(scope);
  return { registers: allocateRegisters(scope), parametersCopied: [] };
}

/** The top level of a classic script: its variables are global, those of its blocks are not. */
export function analyseScript(program: Program, circumstances: Circumstances): Analysis {
  const builder = builderAround(program, circumstances);
  const scope = builder.open('script', program, { isDeclarationScope: true });
  builder.planIn(scope, program.body);
  builder.run();
  hoistSloppyBlockFunctions(scope, scope);
  for (let count = countCompletionTemporaries(program); count > 0; count--) scope.addTemporary();
  resolveTree(scope);
  return { registers: allocateRegisters(scope), parametersCopied: [] };
}

/** The function V8 makes of the fields of a class, or of its static fields and blocks. */
export function analyseInitialiser(
  node: ClassNode,
  side: ClassSide,
  circumstances: Circumstances,
): Analysis {
  const builder = builderAround(node, circumstances);
  const scope = openInitialiser(builder);
  builder.planIn(
    scope,
    node.body.body.flatMap((member) => {
      if (member.type === 'MethodDefinition' || sideOf(member) !== side) return [];
      return [initialiserStep(builder, member)];
    }),
  );
  builder.run();
  resolveTree(scope);
  return { registers: allocateRegisters(scope), parametersCopied: [] };
}

/** A builder that stands in a place holder for everything outside the function. */
function builderAround(range: SourceRange, { isStrict, rules }: Circumstances): ScopeBuilder {
  const outside = { kind: 'script', outer: null, range, isDeclarationScope: true } as const;
  return new ScopeBuilder(new Scope({ ...outside, isStrict }), rules, visit);
}

/** Parameters that are destructured, have defaults, are captured, or are aliased by `arguments`, are copied. */
function copiedParameters(scope: Scope, names: readonly (string | null)[]): boolean[] {
  const argumentsObject = scope.variables.get('arguments');
  const isAliased =
    argumentsObject?.isUsed === true &&
    argumentsObject.mode === 'var' &&
    !argumentsObject.isParameter &&
    !scope.isStrict;
  return names.map((name) => {
    if (!scope.hasSimpleParameters || name === null || isAliased || scope.containsEval) return true;
    return scope.variables.get(name)?.isInContext === true;
  });
}
