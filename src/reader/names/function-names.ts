export interface FunctionNames {
  readonly parameters: readonly string[];
  readonly registers: readonly (RegisterName | null)[];
  readonly kind:
    | 'function'
    | 'method'
    | 'getter'
    | 'setter'
    | 'constructor'
    | 'arrow'
    | 'script'
    | 'module'
    | 'class-fields';
  readonly isAsync: boolean;
  readonly isGenerator: boolean;
  readonly className?: string;
}
export interface RegisterName {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly lexical: boolean;
}
export interface ScriptNames {
  find(start: number, end: number): FunctionNames | null;
}
export function parseScriptNames(
  _text: string,
  _options: { wrapperParameters?: readonly string[]; isModule?: boolean },
): ScriptNames | null {
  return null;
}
