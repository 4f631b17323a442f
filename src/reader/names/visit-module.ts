/** Imports and exports: most of their variables live in module cells, not in registers. */
import type {
  ExportAllDeclaration,
  ExportDefaultDeclaration,
  ExportNamedDeclaration,
  ImportDeclaration,
} from 'acorn';
import { boundNames } from './declarations.ts';
import type { ScopeBuilder } from './scope-builder.ts';

/** Imported names are cells of other modules; a namespace is an ordinary constant. */
export function visitImport(builder: ScopeBuilder, node: ImportDeclaration): void {
  const { scope } = builder;
  for (const specifier of node.specifiers) {
    const variable = scope.declare(specifier.local.name, 'lexical', scope.range);
    variable.isUsed = true;
    if (specifier.type === 'ImportNamespaceSpecifier') builder.namespaces.add(variable);
    else variable.isElsewhere = true;
  }
}

/** Exported names are cells of this module, wherever in the source they are declared. */
export function visitExport(
  builder: ScopeBuilder,
  node: ExportNamedDeclaration | ExportDefaultDeclaration | ExportAllDeclaration,
): void {
  if (node.type === 'ExportAllDeclaration') {
    if (node.exported != null && builder.rules.hasNamespaceExports) builder.scope.addTemporary();
    return;
  }
  if (node.type === 'ExportDefaultDeclaration') {
    const { declaration } = node;
    if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') {
      if (declaration.id !== null) builder.exportedNames.add(declaration.id.name);
    }
    builder.plan([declaration]);
    return;
  }
  if (node.source == null) {
    for (const { local } of node.specifiers)
      if (local.type === 'Identifier') builder.exportedNames.add(local.name);
  }
  const { declaration } = node;
  if (declaration == null) return;
  const names =
    declaration.type === 'VariableDeclaration'
      ? declaration.declarations.flatMap(({ id }) => boundNames(id))
      : [declaration.id.name];
  for (const name of names) builder.exportedNames.add(name);
  builder.plan([declaration]);
}
