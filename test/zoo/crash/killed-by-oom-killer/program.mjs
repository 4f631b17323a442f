import { ready } from '../../ready.mjs';

const images = [];

function loadImage() {
  images.push(Buffer.alloc(4_000_000, 1));
  setTimeout(loadImage, 20);
}

ready();
loadImage();
