/** Tasks that wait for each other in a circle: none of them can ever go on. */

/**
 * Strongly connected components of more than one task, and tasks that wait for themselves (Tarjan, without recursion).
 * @param needed for each task, those without which it cannot go on
 */
export function findCycles(needed: readonly (readonly number[])[]): number[][] {
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const cycles: number[][] = [];
  const enter = (task: number): { task: number; next: number } => {
    order.set(task, order.size);
    low.set(task, order.size - 1);
    open.push(task);
    isOpen.add(task);
    return { task, next: 0 };
  };
  const lower = (task: number, value: number): void => {
    low.set(task, Math.min(low.get(task) ?? value, value));
  };
  for (let start = 0; start < needed.length; start++) {
    if (order.has(start)) continue;
    const path = [enter(start)];
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const below = needed[at.task]?.[at.next++];
      if (below !== undefined) {
        if (!order.has(below)) path.push(enter(below));
        else if (isOpen.has(below)) lower(at.task, order.get(below) ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.task, low.get(at.task) ?? 0);
      if (low.get(at.task) !== order.get(at.task)) continue;
      const members = open.splice(open.lastIndexOf(at.task));
      for (const member of members) isOpen.delete(member);
      if (members.length > 1 || needed[at.task]?.includes(at.task) === true) cycles.push(members);
    }
  }
  return cycles;
}
