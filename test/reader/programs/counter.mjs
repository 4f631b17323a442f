// Adds up numbers that can be checked, handles signals, and says at the end what came out.
import { ready } from '../../zoo/ready.mjs';

let signals = 0;
process.on('SIGUSR2', () => signals++);
let sum = 0;
let turns = 0;
function turn(from) {
  const parts = [];
  for (let i = from; i < from + 20_000; i++) parts.push({ value: i % 7, text: 'n' + i });
  for (const part of parts) sum += part.value + part.text.length;
  turns++;
}
let stopping = false;
process.stdin.on('data', () => (stopping = true));
ready();
(function loop() {
  turn(0);
  if (stopping) {
    console.log(JSON.stringify({ isRight: sum === turns * 168887, sum, turns, signals }));
    process.exit(0);
  }
  setImmediate(loop);
})();
