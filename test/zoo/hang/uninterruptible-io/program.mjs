import { ready } from '../../ready.mjs';

function mountVolume(file) {
  const module = { exports: {} };
  process.dlopen(module, file); // @stuck
  return module.exports;
}

ready();
mountVolume(process.env.ZOO_LIBRARY);
