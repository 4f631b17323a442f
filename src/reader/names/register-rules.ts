/**
 * What changed in V8's handing out of registers from version to version. Everything else is the same from V8 10.2 to
 * 14.6; the tests compare each row with the Node release that carries it.
 */

/** The rules of one V8 version. */
export interface RegisterRules {
  /** Each `return` in the constructor of a derived class takes a temporary. Later it is no local any more. */
  readonly hasReturnTemporaries: boolean;
  /** A module keeps the value of its last statement, as a script does. */
  readonly hasModuleResult: boolean;
  /** Namespaces that a module hands on, `export * as name from`, are constants in registers; before, they were cells. */
  readonly hasNamespaceExports: boolean;
}

const first: RegisterRules = {
  hasReturnTemporaries: true,
  hasModuleResult: true,
  hasNamespaceExports: false,
};
const second: RegisterRules = { ...first, hasReturnTemporaries: false };
const third: RegisterRules = { ...second, hasModuleResult: false };
const fourth: RegisterRules = { ...third, hasNamespaceExports: true };

/** By V8's major and minor version; Node 18, 20, 22, 24, 26. */
const rulesByVersion: Readonly<Record<string, RegisterRules>> = {
  '10.2': first,
  '11.3': first,
  '12.4': second,
  '13.6': third,
  '14.6': fourth,
};

/**
 * The rules that may hold in a V8. Of a version that was not tested, all are possible: then a register has a name only
 * where they agree.
 * @param v8Version as in process.versions.v8
 */
export function possibleRules(v8Version: string | undefined): readonly RegisterRules[] {
  const minor = /^\d+\.\d+/.exec(v8Version ?? '')?.[0] ?? '';
  const known = rulesByVersion[minor];
  return known === undefined ? [first, second, third, fourth] : [known];
}
