/** Reads our own sources for the house rules: what stands in them and what they import. */
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { root } from './paths.ts';

const outputFolders = new Set(['node_modules', 'out', 'dist', 'build', 'artifacts', '.git']);

/** Files below a folder of the checkout, as paths from its root; build output is left out. */
export function listFiles(folder: string, pattern: RegExp): string[] {
  const start = path.join(root, folder);
  if (!fs.existsSync(start)) return [];
  return fs.readdirSync(start, { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return outputFolders.has(entry.name) ? [] : listFiles(file, pattern);
    return pattern.test(entry.name) ? [file] : [];
  });
}

/** A TypeScript file, parsed. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** Files of ours that it imports, as paths from the root. */
  readonly imports: readonly { target: string; typeOnly: boolean }[];
  readonly packages: readonly string[];
}

/** Every module name that a file imports, however it does. */
function findSpecifiers(tree: ts.SourceFile): { name: string; typeOnly: boolean }[] {
  const found: { name: string; typeOnly: boolean }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      const typeOnly = ts.isImportDeclaration(node)
        ? (node.importClause?.phaseModifier ?? undefined) === ts.SyntaxKind.TypeKeyword
        : node.isTypeOnly;
      if (node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
        found.push({ name: node.moduleSpecifier.text, typeOnly });
      }
    } else if (ts.isImportEqualsDeclaration(node)) {
      if (ts.isExternalModuleReference(node.moduleReference)) {
        const { expression } = node.moduleReference;
        if (ts.isStringLiteral(expression))
          found.push({ name: expression.text, typeOnly: node.isTypeOnly });
      }
    } else if (
      ts.isCallExpression(node) &&
      node.arguments[0] &&
      ts.isStringLiteral(node.arguments[0])
    ) {
      const callee = node.expression;
      const isImport =
        callee.kind === ts.SyntaxKind.ImportKeyword ||
        (ts.isIdentifier(callee) && callee.text === 'require');
      if (isImport) found.push({ name: node.arguments[0].text, typeOnly: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** @param file path from the root of the checkout */
export function readSource(file: string): SourceFile {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const specifiers = findSpecifiers(tree);
  const isOwn = (name: string): boolean => name.startsWith('.');
  return {
    file,
    text,
    tree,
    imports: specifiers
      .filter(({ name }) => isOwn(name))
      .map(({ name, typeOnly }) => ({
        target: path.posix.join(path.posix.dirname(file), name).replace(/\.(c?)js$/, '.$1ts'),
        typeOnly,
      })),
    packages: specifiers.filter(({ name }) => !isOwn(name)).map(({ name }) => name),
  };
}
