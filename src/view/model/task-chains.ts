/**
 * Chains of async functions of installed packages, each of which waits for the next alone: what is in the middle of them is told in one line.
 * A driver has ten between the program's query and the socket, a framework as many between a request and the program's handler.
 */
import type { Task } from '../../report/schema.ts';
import { originOfTask, type TaskRow, waitsFor } from './tasks.ts';

/** The middle of a chain, folded. */
export interface ChainRow {
  readonly kind: 'chain';
  readonly tasks: readonly Task[];
  readonly depth: number;
}

/** Shorter ones are shown as they are. */
const minFolded = 2;

/** The rows with chains folded; what is below them stands further left. @param rows in the order in which they are read */
export function foldChains(rows: readonly TaskRow[]): (TaskRow | ChainRow)[] {
  const result: (TaskRow | ChainRow)[] = [];
  /** What is deeper is moved to the left. */
  let moves: { readonly below: number; readonly by: number }[] = [];
  const add = (row: TaskRow): number => {
    moves = moves.filter(({ below }) => row.depth > below);
    const depth = row.depth - moves.reduce((sum, { by }) => sum + by, 0);
    result.push({ ...row, depth });
    return depth;
  };
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (row === undefined) break;
    const depth = add(row);
    let end = i;
    while (isLink(rows[end]) && isLink(rows[end + 1], (rows[end]?.depth ?? 0) + 1)) end++;
    const middle = rows.slice(i + 1, end).map(({ task }) => task);
    if (middle.length < minFolded) continue;
    result.push({ kind: 'chain', tasks: middle, depth: depth + 1 });
    moves.push({ below: row.depth + middle.length, by: middle.length });
    i += middle.length;
  }
  return result;
}

/** A package's function that waits for one other and no more. @param depth where it has to be */
function isLink(row: TaskRow | undefined, depth = row?.depth): boolean {
  return (
    row?.kind === 'task' &&
    row.depth === depth &&
    originOfTask(row.task) === 'package' &&
    waitsFor(row.task).length <= 1
  );
}
