// Pictures that are dropped, chosen, pasted or photographed, on their way to the server.
const find = (selector) => element.querySelector(selector);
const zone = find('.fm-zone'), tell = find('.fm-zone-tell'), video = find('video');
const idle = tell.textContent;
const MB = 1 << 20;
const PATIENCE_MS = 180_000; // a busy server takes its time
let stream = null;
let answered = null; // called with the error of a picture, or nothing

function say(text, isError = false) {
  tell.textContent = text;
  tell.classList.toggle('fm-error', isError);
}

// The server keeps files by their content and their name, and deletes one when it is
// read: two people who send the same picture must not share one.
function ownName(name) {
  const end = name.includes('.') ? name.slice(name.lastIndexOf('.')) : '';
  return Date.now().toString(36) + Math.random().toString(36).slice(2) + end;
}

// One picture after the other: who sends many does not hold up all the others.
function ask(file) {
  return new Promise((resolve) => {
    answered = resolve;
    setTimeout(resolve, PATIENCE_MS, `${file.name} is still waiting`);
    trigger('uploaded', file);
  });
}
watch('value', () => answered?.(props.value?.error));

let sending = Promise.resolve();
function sendFiles(files) {
  sending = sending.then(() => sendAll(files));
}

async function sendAll(files) {
  const errors = [];
  const chosen = [...files].slice(0, props.most);
  if (files.length > chosen.length) errors.push(`only ${chosen.length} pictures at a time`);
  for (const [i, file] of chosen.entries()) {
    if (file.size > props.megabytes * MB) {
      errors.push(`${file.name} has more than ${props.megabytes} MB`);
      continue;
    }
    say(`Looking at ${i + 1} of ${chosen.length} ...`);
    try {
      const { path } = await upload(new File([file], ownName(file.name), { type: file.type }));
      const error = await ask({ path, name: file.name });
      if (error) errors.push(error);
    } catch (error) {
      errors.push(`${file.name} could not be sent`);
    }
  }
  say(errors.length ? errors.join('; ') : idle, errors.length > 0);
}

function closeCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  find('.fm-camera').hidden = true;
}

async function openCamera() {
  // Phones have an app of their own for it, which takes sharper pictures.
  const isPhone = matchMedia('(pointer: coarse)').matches;
  if (isPhone || !navigator.mediaDevices?.getUserMedia) return find('.fm-photo').click();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1920 } } });
  } catch (error) {
    return say('The camera cannot be used; allow it in the browser.', true);
  }
  video.srcObject = stream;
  find('.fm-camera').hidden = false;
}

function snap() {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext('2d').drawImage(video, 0, 0);
  closeCamera();
  canvas.toBlob((blob) => sendFiles([new File([blob], 'photo.jpg')]), 'image/jpeg', 0.95);
}

for (const input of element.querySelectorAll('input[type=file]')) {
  input.onchange = () => { sendFiles([...input.files]); input.value = ''; };
}
find('.fm-choose').onclick = () => find('.fm-files').click();
find('.fm-take').onclick = openCamera;
find('.fm-snap').onclick = snap;
find('.fm-close').onclick = closeCamera;
zone.ondragover = (event) => { event.preventDefault(); zone.classList.add('fm-over'); };
zone.ondragleave = () => zone.classList.remove('fm-over');
zone.ondrop = (event) => {
  event.preventDefault();
  zone.classList.remove('fm-over');
  sendFiles(event.dataTransfer.files);
};
document.addEventListener('paste', (event) => {
  const files = [...event.clipboardData.files].filter(({ type }) => type.startsWith('image/'));
  if (!files.length) return;
  event.preventDefault();
  sendFiles(files);
});
