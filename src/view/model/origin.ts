/** Whose code a frame runs, and what it is called. */
import { isMachineFrame } from '../../report/machine-frame.ts';
import type { Excerpt, Frame, Original, Task, Variable } from '../../report/schema.ts';

export type FrameOrigin = 'app' | 'package' | 'internal';

/** Whose code a frame runs: the program's, an installed package's, or Node's and V8's. */
export function originOf(frame: Frame): FrameOrigin {
  const file = frame.original?.file ?? frame.file ?? '';
  if (
    frame.kind === 'builtin' ||
    isMachineFrame(frame) ||
    file.startsWith('node:') ||
    (file === '' && frame.kind !== 'wasm')
  ) {
    return 'internal';
  }
  return /(^|\/)node_modules\//.test(file) ? 'package' : 'app';
}

/** The name before compilation where it is known; `(anonymous)` for none. */
export function functionName(frame: Frame): string {
  const name = frame.original?.function ?? frame.function;
  return name === '' ? '(anonymous)' : name;
}

/** A path below the working directory without it; `file:` URLs as paths. */
export function shortenPath(file: string, cwd: string | undefined): string {
  const path = file.startsWith('file:///') ? file.slice('file://'.length) : file;
  const base = cwd === undefined || cwd === '/' ? undefined : `${cwd}/`;
  return base !== undefined && path.startsWith(base) ? path.slice(base.length) : path;
}

/** What can be known of a place. */
export interface Position {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Before compilation. */
  readonly original?: Original;
}

/** `src/a.ts:1:2`, before compilation where that is known; empty without a file. */
export function placeWords(position: Position, cwd: string | undefined): string {
  const { file, line, column } = position.original ?? position;
  if (file === undefined) return '';
  const parts = [line, column].filter((part) => part !== undefined).map((part) => `:${part}`);
  return shortenPath(file, cwd) + parts.join('');
}

/** The place in the file that ran, where another one is shown; else empty. */
export function compiledWords(position: Position, cwd: string | undefined): string {
  const { file, line, column, original } = position;
  if (original === undefined || file === undefined) return '';
  const compiled = {
    file,
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
  };
  return placeWords(compiled, cwd);
}

/** Both places in one line: `src/a.ts:1:2 ← dist/a.js:3:4`. */
export function bothPlaceWords(position: Position, cwd: string | undefined): string {
  const compiled = compiledWords(position, cwd);
  return `${placeWords(position, cwd)}${compiled === '' ? '' : ` ← ${compiled}`}`;
}

/** Lines of source to show, and where the place is in them. */
export interface ShownSource {
  readonly source: Excerpt;
  readonly line: number;
  /** In the text of the line as it is shown. */
  readonly column: number | undefined;
}

/** Those before compilation where they are known, else those that ran. */
export function sourceOf({ source, line, column, original }: Frame): ShownSource | undefined {
  if (original?.source !== undefined)
    return shownSource(original.source, original.line, original.column);
  return source === undefined ? undefined : shownSource(source, line ?? 1, column);
}

function shownSource(source: Excerpt, line: number, column: number | undefined): ShownSource {
  return { source, line, column: source.column ?? column };
}

/** The name of a variable before compilation where it is known. */
export function variableName({ name, original }: Variable): string {
  return original ?? name;
}

/** What stands behind a frame's place: `turbofan, inlined`. */
export function frameNotes(frame: Frame): string[] {
  return [
    ...(frame.tier === undefined ? [] : [frame.tier]),
    ...(frame.inlined === true ? ['inlined'] : []),
    ...(frame.kind === 'js' ? [] : [frame.kind]),
  ];
}

/** A task as the frame that it will be when it goes on. */
export function frameOfTask(task: Task): Frame {
  const { function: name, file, line, column, source, receiver, original } = task;
  const { arguments: passed, locals } = task;
  return {
    function: name,
    kind: 'js',
    arguments: passed,
    locals,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    ...(receiver !== undefined && { receiver }),
    ...(source !== undefined && { source }),
    ...(original !== undefined && { original }),
  };
}
