/** Streams, emitters and files of Node's own are named where they are waited for, with what stands still in them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { readProcessTasks } from '#dist/reader/read-process-tasks.js';
import { renderTasks } from '#dist/view/tasks.js';
import { nodeNames } from '../harness/node-versions.ts';
import { root } from '../harness/paths.ts';
import { makeDirectory, spawnProgram } from '../harness/spawn-target.ts';
import { readMarkers } from '../harness/zoo.ts';

const program = path.join(root, 'test/tasks/programs/streams.mjs');
/** As V8 calls a module. */
const url = pathToFileURL(program).href;

/** By marker; numbers of descriptors, ports and processes are left out. */
const expected: Readonly<Record<string, string>> = {
  '@upload': 'the next chunk of IncomingMessage {POST /upload, fd N}',
  '@file': 'the next chunk of ReadStream {FIFO, fd N}',
  '@child': 'the next chunk of Socket {fd N, stdout of child N, cat}',
  '@socket': 'the next chunk of Socket {fd N}',
  '@answer': 'the next chunk of IncomingMessage {200 to GET http://127.0.0.1:N/slow, fd N}',
  '@transform': 'the next chunk of Transform: 3 bytes wait to be transformed, end() was not called',
  '@array': 'the next chunk of PassThrough: end() was not called',
  '@pipeline':
    'the pipeline Readable → PassThrough → Sink, where Sink takes no more: 2 bytes wait to be written',
  '@source':
    'the pipeline PassThrough → Sink, where PassThrough gives no more: end() was not called',
  '@pump': 'the pipeline a function → Sink, where Sink takes no more: 5 bytes wait to be written',
  '@finished': 'PassThrough to end: nobody reads it, end() was not called',
  '@drain': 'the event "drain" of Sink: 2 bytes wait to be written',
  '@no-drain': 'the event "drain" of Sink: none is due',
  '@events': 'the event "tick" of EventEmitter',
  '@lines': 'the event "line" of Interface {reads PassThrough}',
  '@question':
    'a promise whose resolve function is kept in Interface {reads PassThrough, asks "Really? "}, as [Symbol(_questionCallback)]',
  '@interval': 'a timer of 500000 ms, again and again',
  '@handle': "a request of Node's own (fs read: fd N)",
};

for (const node of nodeNames)
  test(`what is waited for of streams on Node.js ${node}`, async (t) => {
    const fifo = path.join(makeDirectory(t, 'fifo'), 'never.fifo');
    execFileSync('mkfifo', [fifo]);
    const { pid } = await spawnProgram(t, program, { node, args: [fifo] });
    const { tasks, missing } = readProcessTasks(pid, { stop: true, deadlineMs: 120_000 });
    assert.deepEqual(missing, []);
    const markers = readMarkers(program);
    const at = (marker: string) =>
      tasks.find(({ file, line }) => file === url && line === markers.get(marker)?.[0]);
    const told = Object.keys(expected).map((marker) => {
      const words = `${at(marker)?.awaits}`.replace(fifo, 'FIFO');
      return [marker, words.replace(/(fd |child |0\.1:)\d+/g, '$1N')];
    });
    // In Node.js 18 it is a Readable that is made of the lines.
    const lines = node === '18' ? { '@lines': 'the next chunk of Readable' } : {};
    assert.deepEqual(Object.fromEntries(told), { ...expected, ...lines });

    // Node's own functions on the way say no more, and are shown in full only.
    const { through = [] } = at('@file') ?? {};
    assert.deepEqual(
      through.map((id) => tasks.find((task) => task.id === id)?.function),
      node === '26' ? [] : ['createAsyncIterator'],
    );
    const page = (full: boolean) =>
      renderTasks({ tasks, missing, pausedMs: 0 }, { color: false, width: 200, full });
    assert.doesNotMatch(page(false), /← .*createAsyncIterator/);
    assert.match(page(true), node === '26' ? /readFile/ : /← .*createAsyncIterator/);
  });
