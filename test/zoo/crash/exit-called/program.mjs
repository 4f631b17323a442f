import { ready } from '../../ready.mjs';

function readConfig(file) {
  const missing = ['port'];
  if (missing.length > 0) process.exit(3); // @exit
}

function start(options) {
  readConfig(options.file); // @start
}

ready();
setTimeout(start, 1, { file: 'app.json' });
