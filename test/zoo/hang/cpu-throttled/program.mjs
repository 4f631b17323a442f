import { ready } from '../../ready.mjs';

function resizeImages(images) {
  let pixels = 0;
  for (let image = 0; image < images; image++)
    for (let i = 0; i < 1_000_000; i++) pixels = (pixels + i) % 9_973; // @stuck
  return pixels;
}

setTimeout(() => {
  ready();
  resizeImages(1e9);
}, 10);
