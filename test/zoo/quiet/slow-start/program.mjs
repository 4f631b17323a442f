import { ready } from '../../ready.mjs';

/** As large programs load their modules, before their loop turns for the first time. */
function loadModules(ms) {
  const until = performance.now() + ms;
  let loaded = 0;
  while (performance.now() < until) for (let i = 0; i < 1e5; i++) loaded++;
  return loaded;
}

ready();
loadModules(4_000);
setInterval(() => {}, 1_000);
