/** Reports of programs that only wait. */
import type { Report, Task } from '#dist/report/schema.js';
import { number, text, variables } from './parts.ts';
import { idleReport } from './reports.ts';

/** A suspended function at a place of its own. */
export function task(id: number, rest: Partial<Task> = {}): Task {
  return {
    id,
    function: 'load',
    file: '/var/orders/src/load.js',
    line: 10 + id,
    column: 3,
    arguments: variables({ id: number(id) }),
    locals: [],
    awaitedBy: [],
    awaits: 'a timer',
    ...rest,
  };
}

/** Two jobs that wait for each other, and forty orders behind a lock. */
export function circleReport(): Report {
  const circle = [
    task(1, {
      function: 'archiveOrders',
      awaits: 2,
      dependsOn: [2],
      awaitedBy: [2],
      cycle: [1, 2],
    }),
    task(2, {
      function: 'exportInvoices',
      awaits: 1,
      dependsOn: [1],
      awaitedBy: [1],
      cycle: [1, 2],
    }),
  ];
  const orders = [
    task(3, { function: 'placeOrder', count: 40, awaits: 4, dependsOn: [4] }),
    task(4, { function: 'reserveStock', count: 40, awaitedBy: [3], awaits: 5, dependsOn: [5] }),
    task(5, {
      function: 'Mutex.lock',
      count: 40,
      awaitedBy: [4],
      awaits: 'a promise whose resolve function is kept in an array',
    }),
  ];
  return { ...idleReport(), tasks: [...circle, ...orders] };
}

/** So many tasks at a hundred places, each with its customer. */
export function manyTasksReport(count: number): Report {
  const tasks = Array.from({ length: count }, (_, n) =>
    task(n + 1, {
      function: `step${n % 100}`,
      line: 10 + (n % 100),
      arguments: [],
      locals: variables({ customer: text(`customer-${n + 1}`) }),
      awaits: 'a timer',
    }),
  );
  return { ...idleReport(), tasks };
}
