/** Requests that async functions wait for are named, by whatever way they were made. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { spawnProgram } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

const program = path.join(root, 'test/tasks/programs/requests.cjs');
const inDeferred = 'a promise whose resolve function is kept in an object, as resolve (answer)';

/** By marker; the port of the server is left out. */
const expected: Readonly<Record<string, string>> = {
  // Secrets are taken out of it later: redact.test.ts.
  '@fetched': 'Request {GET http://127.0.0.1/fetched?token=hunter2}',
  '@wrapped': `a promise that finish of ${program} may settle, for ClientRequest {GET http://127.0.0.1/wrapped}`,
  '@deferred': `${inDeferred}, for the request PUT http://127.0.0.1/deferred`,
  '@other': inDeferred,
  '@called': 'the event "response" of ClientRequest {GET http://127.0.0.1/called}',
  '@queued':
    'the event "response" of ClientRequest {GET http://127.0.0.1/queued, given no socket yet by its Agent}',
  '@chunks': 'more of a ReadableStream, the body of GET http://127.0.0.1/chunks',
  '@looked-up': `a request of Node's own (QueryReqWrap: db.internal)`,
};

for (const node of nodeNames)
  test(`what requests are waited for on Node.js ${node}`, async (t) => {
    const { pid } = await spawnProgram(t, program, { node });
    const { tasks, missing } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
    assert.deepEqual(missing, []);
    const markers = readMarkers(program);
    const at = (marker: string) =>
      tasks.find(({ file, line }) => file === program && line === markers.get(marker)?.[0]);
    const withoutPort = (text: string) => text.replace(/(127\.0\.0\.1):\d+/, '$1');
    assert.deepEqual(
      Object.fromEntries(
        Object.keys(expected).map((marker) => {
          const told = withoutPort(`${at(marker)?.awaits}`);
          // By which of undici's functions is not the same in all versions.
          return [
            marker,
            marker === '@fetched' ? told.replace(/^\.then\(…\) of .*, for /, '') : told,
          ];
        }),
      ),
      expected,
    );
    const text = tasks.find(({ function: name }) => name === 'readAllBytes');
    assert.equal(
      withoutPort(`${text?.awaits}`),
      'more of a ReadableStream, the body of POST http://127.0.0.1/body',
    );
    const answer = at('@body')?.locals.find(({ name }) => name === 'answer')?.value.preview ?? '';
    assert.match(withoutPort(answer), /^_?Response \{200 from http:\/\/127\.0\.0\.1\/body\}$/);
  });
