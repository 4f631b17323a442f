// Tasks that nothing can resume any more, made and then collected on request.
const fs = require('node:fs');

const never = new Promise(() => {});

async function orphan(id) {
  const note = `orphan ${id}`;
  await new Promise(() => {}); // @orphan
  return note;
}

async function kept() {
  await never; // @kept
}

async function* pages(id) {
  const first = `page of ${id}`;
  yield first; // @yield
  yield 'last';
}
async function* lines() {
  yield 'line'; // @dropped
}
async function* rows() {
  yield 'row'; // @consumed
}
async function consume() {
  for await (const row of rows()) await never; // @consumer
}
void consume();
const book = pages('book');
void book.next();
globalThis.book = book;
void lines().next();
globalThis.unread = pages('unread');

for (let i = 0; i < 3; i++) void orphan(i);
globalThis.never = never;
void kept();
setInterval(() => {}, 1_000_000);
process.stdin.on('data', () => {
  globalThis.gc();
  console.log('collected');
});
fs.writeSync(3, '.');
