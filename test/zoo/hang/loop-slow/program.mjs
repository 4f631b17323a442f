import { ready } from '../../ready.mjs';

function renderPage(page) {
  const before = process.cpuUsage();
  let width = 0;
  // Its own work, however busy the machine is.
  while (process.cpuUsage(before).user < page.costMs * 1_000) {
    for (let i = 0; i < 2_000_000; i++) width = (width * 31 + i) % 1_000; // @stuck
  }
  return width;
}

function turn() {
  renderPage({ path: '/report', costMs: 400 }); // @call
  setImmediate(turn);
}

ready();
turn();
