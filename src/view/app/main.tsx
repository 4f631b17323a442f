/** The browser's face of a report. What to show stands in the page as JSON; nothing is fetched but from our own server. */
import { render } from 'preact';
import type { Report, Task } from '../../report/schema.ts';
import { type Payload, taskChunkClass } from '../model/payload.ts';
import { App } from './app.tsx';

const holder = document.getElementById('sleeper-data');
const root = document.getElementById('sleeper');
if (holder !== null && root !== null) {
  const payload = JSON.parse(holder.textContent) as Payload;
  holder.remove();
  root.textContent = '';
  render(<App payload={payload} />, root);
  if (payload.kind === 'report' && payload.tasksToCome !== undefined) {
    const { report, tasksToCome } = payload;
    document.addEventListener('DOMContentLoaded', () => {
      const whole = withTasks(report, takeTasks(), tasksToCome);
      render(<App payload={{ kind: 'report', report: whole }} />, root);
    });
  }
}

/** The tasks behind this script, as far as the file has them. */
function takeTasks(): Task[] {
  return [...document.getElementsByClassName(taskChunkClass)].flatMap((element) => {
    const text = element.textContent;
    element.remove();
    try {
      return JSON.parse(text) as Task[];
    } catch {
      return [];
    }
  });
}

function withTasks(report: Report, tasks: Task[], expected: number): Report {
  const lost = expected - tasks.length;
  const what = `${lost} suspended async functions`;
  const missing =
    lost === 0
      ? report.missing
      : [...report.missing, { what, reason: 'unreadable: this page was cut off' }];
  return { ...report, tasks, missing };
}
