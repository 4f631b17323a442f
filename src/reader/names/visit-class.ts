/**
 * Classes: a scope of their own, methods, and two functions that V8 makes of field initialisers and static blocks.
 * Source: ParseClassLiteral in v8/src/parsing/parser-base.h.
 */
import type {
  ClassDeclaration,
  AnonymousClassDeclaration,
  ClassExpression,
  MethodDefinition,
  PropertyDefinition,
  StaticBlock,
} from 'acorn';
import { declareOwn } from './visit-function.ts';
import type { ScopeBuilder, Step } from './scope-builder.ts';
import type { Scope } from './scope.ts';

/** Any class of the syntax tree. */
export type ClassNode = ClassDeclaration | AnonymousClassDeclaration | ClassExpression;

/** A class inside the code that is looked at; a declared one has its name afterwards. */
export function visitClass(builder: ScopeBuilder, node: ClassNode): void {
  builder.closureCount++; // there is always a constructor
  const scope = builder.open('class', node, { isStrict: true });
  const initialisers: Initialisers = { instance: null, static: null };
  builder.plan([
    () => {
      builder.planIn(scope, [
        node.superClass,
        ...node.body.body.map((member) => () => {
          visitMember(builder, member, initialisers);
        }),
      ]);
    },
    () => {
      // Its value is never current while only the class scope itself can see it.
      if (node.id != null) scope.classVariable = scope.declare(node.id.name, 'lexical', null);
      if (node.type === 'ClassDeclaration' && node.id !== null) declareClass(builder, node);
    },
  ]);
}

/** Each side has one function that initialises it. */
export type ClassSide = 'instance' | 'static';

type ClassMember = ClassNode['body']['body'][number];
type Initialisers = Record<ClassSide, Scope | null>;

/** The side that a field or static block initialises; null for methods. */
export function sideOf(member: ClassMember): ClassSide | null {
  if (member.type === 'MethodDefinition') return null;
  return member.type === 'StaticBlock' || member.static ? 'static' : 'instance';
}

function declareClass(builder: ScopeBuilder, node: ClassDeclaration): void {
  const visible = { start: node.end, end: builder.scope.range.end };
  builder.scope.declare(node.id.name, 'lexical', visible).isUsed = true;
}

function visitMember(builder: ScopeBuilder, member: ClassMember, initialisers: Initialisers): void {
  if (member.type !== 'StaticBlock') declarePrivateName(builder.scope, member);
  if (member.type === 'MethodDefinition') {
    builder.plan([member.computed ? member.key : null, member.value]);
    return;
  }
  builder.plan([
    member.type === 'PropertyDefinition' && member.computed ? member.key : null,
    () => {
      const side = sideOf(member) ?? 'instance';
      const scope = (initialisers[side] ??= openInitialiser(builder));
      builder.planIn(scope, [initialiserStep(builder, member)]);
    },
  ]);
}

/** Private names are always in a context; see Scope.staticPrivateMethods. */
function declarePrivateName(scope: Scope, member: MethodDefinition | PropertyDefinition): void {
  if (member.key.type !== 'PrivateIdentifier') return;
  const variable = scope.declare(`#${member.key.name}`, 'lexical', null);
  variable.isElsewhere = true;
  if (member.static && member.type === 'MethodDefinition')
    scope.staticPrivateMethods.push(variable);
}

/** Makes the scope of the function that initialises fields. */
export function openInitialiser(builder: ScopeBuilder): Scope {
  const scope = builder.open('function', builder.scope.range, {
    isDeclarationScope: true,
    isStrict: true,
  });
  declareOwn(scope);
  return scope;
}

/** The part of a field or static block that runs in the initialiser. */
export function initialiserStep(
  builder: ScopeBuilder,
  member: PropertyDefinition | StaticBlock,
): Step {
  if (member.type === 'PropertyDefinition') return member.value;
  return () => {
    const scope = builder.open('block', member, { isDeclarationScope: true });
    builder.planIn(scope, member.body);
  };
}
