/** A program of TypeScript, compiled as users do it: by tsc file by file, or bundled and minified by esbuild. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import type { Frame, Report, Variable } from '#dist/report/schema.js';
import { root } from '../harness/paths.ts';
import { makeDirectory } from '../harness/spawn-target.ts';
import type { Owner } from '../harness/spawn-target.ts';

const programs = path.join(root, 'test', 'source-map', 'programs');
const esbuild = path.join(root, 'node_modules', '@esbuild', 'linux-x64', 'bin', 'esbuild');

/** A project with `src/` and what was made of it. */
export interface Project {
  readonly directory: string;
  /** The compiled program. */
  readonly program: string;
}

/** A directory with `src/*.ts` and a package.json. */
export function makeProject(owner: Owner, change = (text: string): string => text): string {
  const directory = makeDirectory(owner, 'project');
  fs.mkdirSync(path.join(directory, 'src'));
  fs.writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}');
  for (const file of fs.readdirSync(programs)) {
    const text = fs.readFileSync(path.join(programs, file), 'utf8');
    fs.writeFileSync(path.join(directory, 'src', file), change(text));
  }
  return directory;
}

/** Compiles every file by itself, as `tsc --sourceMap`; the maps do not hold the sources. */
export function compileProject(directory: string, options: ts.CompilerOptions = {}): Project {
  const out = path.join(directory, 'dist');
  fs.mkdirSync(out);
  for (const file of fs.readdirSync(path.join(directory, 'src'))) {
    const name = file.replace(/\.ts$/, '.js');
    const { outputText, sourceMapText } = ts.transpileModule(
      fs.readFileSync(path.join(directory, 'src', file), 'utf8'),
      {
        fileName: path.join(directory, 'src', file),
        compilerOptions: {
          module: ts.ModuleKind.ES2022,
          target: ts.ScriptTarget.ES2022,
          rewriteRelativeImportExtensions: true,
          sourceMap: true,
          sourceRoot: '../src',
          ...options,
        },
      },
    );
    fs.writeFileSync(path.join(out, name), outputText);
    if (sourceMapText !== undefined) fs.writeFileSync(path.join(out, `${name}.map`), sourceMapText);
  }
  return { directory, program: path.join(out, 'shop.js') };
}

/** One minified file. @param sourcemap as esbuild has it: `linked`, `inline`, `external` (no comment names it) */
export function bundleProject(
  directory: string,
  sourcemap: 'linked' | 'inline' | 'external',
): Project {
  const program = path.join(directory, 'dist', 'shop.mjs');
  execFileSync(
    esbuild,
    [
      ...['src/shop.ts', '--bundle', '--minify', '--platform=node', '--format=esm'],
      ...[`--sourcemap=${sourcemap}`, `--outfile=${program}`, '--log-level=error'],
    ],
    { cwd: directory },
  );
  return { directory, program };
}

/** Line of a marker in the TypeScript, from 1. */
export function markedLine(file: string, marker: string): number {
  const lines = fs.readFileSync(path.join(programs, file), 'utf8').split('\n');
  return lines.findIndex((line) => line.includes(`// @${marker}`)) + 1;
}

/** Innermost first, those of the program. */
export function ownFrames(report: Report): Frame[] {
  const main = report.threads.find(({ kind }) => kind === 'main');
  return (main?.frames ?? []).filter(
    ({ kind, file }) => kind === 'js' && !file?.startsWith('node:'),
  );
}

/** Previews by name, as it was written. */
export function written(variables: readonly Variable[]): Record<string, string> {
  return Object.fromEntries(
    variables.map(({ name, original = name, value }) => [original, value.preview]),
  );
}
