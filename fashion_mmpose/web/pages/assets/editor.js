// The picture with its garments: points are dragged, boxes and lengths are drawn.
// Gradio calls this with element, trigger, props and watch; see components.py.
const NS = 'http://www.w3.org/2000/svg';
const STATES = ['removed', 'covered', 'visible'];
const find = (selector) => element.querySelector(selector);
const stage = find('.fm-stage');
const kinds = JSON.parse(props.kinds);
const state = {
  picture: null, garments: [], garment: null, point: null, tool: 'move',
  least: 0.2, names: false, history: [], zoom: 1, middle: [0, 0], drag: null,
  step: 0, seen: 0, overlay: {}, corners: [],
};

function make(name, attributes, parent) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.appendChild(made);
  return made;
}

// ------------------------------------------------------------------------- geometry
const svg = make('svg', { class: 'fm-svg', tabindex: '0', role: 'application',
  'aria-label': 'picture with garments' }, stage);
const loupe = make('svg', { class: 'fm-loupe' }, stage);
// The pictures stay; what lies over them is drawn anew.
const whole = make('image', { preserveAspectRatio: 'none' }, svg);
const part = make('image', { preserveAspectRatio: 'none' }, loupe);
const layer = make('g', {}, svg);
const cross = make('circle', { class: 'fm-cross' }, loupe);

function viewBox() {
  const { width, height } = state.picture;
  const w = width / state.zoom, h = height / state.zoom;
  const x = Math.min(Math.max(state.middle[0] - w / 2, 0), width - w);
  const y = Math.min(Math.max(state.middle[1] - h / 2, 0), height - h);
  return [x, y, w, h];
}

// Pixels of the picture for one of the screen.
const unit = () => viewBox()[2] / Math.max(svg.clientWidth, 1);

function placeOf(event) {
  const bounds = svg.getBoundingClientRect();
  const [x, y, w, h] = viewBox();
  const { width, height } = state.picture;
  return [
    Math.min(Math.max(x + (event.clientX - bounds.left) / bounds.width * w, 0), width - 1),
    Math.min(Math.max(y + (event.clientY - bounds.top) / bounds.height * h, 0), height - 1),
  ];
}

function isShown(garment, i) {
  const [, , v, byHand] = garment.points[i];
  return v > 0 && (byHand || garment.scores[i] >= state.least);
}

function nearest(place, reach) {
  let best = null;
  for (const garment of state.garments) {
    garment.points.forEach(([x, y], i) => {
      if (!isShown(garment, i)) return;
      const own = garment === state.garment ? 0.6 : 1; // the chosen one comes first
      const far = Math.hypot(x - place[0], y - place[1]) * own;
      if (far <= reach && (!best || far < best.far)) best = { garment, i, far };
    });
  }
  return best;
}

function garmentAt([x, y]) {
  const area = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
  return state.garments
    .filter(({ box }) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3])
    .sort((a, b) => area(a) - area(b))[0] ?? null;
}

// -------------------------------------------------------------------------- drawing
function showPicture({ url, width, height }) {
  for (const image of [whole, part]) {
    for (const [key, value] of Object.entries({ href: url, width, height })) {
      image.setAttribute(key, value);
    }
  }
}

function draw() {
  layer.replaceChildren();
  const { picture } = state;
  find('.fm-root').classList.toggle('fm-empty', !picture);
  if (!picture) return;
  const box = viewBox(), u = unit();
  svg.setAttribute('viewBox', box.join(' '));
  svg.style.aspectRatio = `${picture.width} / ${picture.height}`;
  svg.style.setProperty('--ratio', picture.width / picture.height);
  svg.dataset.tool = state.tool;
  for (const garment of state.garments) drawGarment(garment, u);
  drawOverlay(u);
  if (state.drag?.box) {
    const [a, b] = state.drag.box;
    make('rect', { x: Math.min(a[0], b[0]), y: Math.min(a[1], b[1]),
      width: Math.abs(a[0] - b[0]), height: Math.abs(a[1] - b[1]), class: 'fm-new' }, layer);
  }
}

function drawGarment(garment, u) {
  const kind = kinds[garment.category];
  const [x1, y1, x2, y2] = garment.box;
  const isChosen = garment === state.garment;
  make('rect', { x: x1, y: y1, width: x2 - x1, height: y2 - y1, stroke: kind.color,
    class: isChosen ? 'fm-box fm-chosen' : 'fm-box' }, layer);
  for (const [i, j] of kind.links) {
    if (!isShown(garment, i) || !isShown(garment, j)) continue;
    const [a, b] = [garment.points[i], garment.points[j]];
    make('line', { x1: a[0], y1: a[1], x2: b[0], y2: b[1], stroke: kind.color,
      class: 'fm-link' }, layer);
  }
  garment.points.forEach(([x, y, v], i) => {
    if (!isShown(garment, i)) return;
    const isPoint = isChosen && state.point === i;
    make('circle', { cx: x, cy: y, r: (isPoint ? 7 : isChosen ? 5 : 4) * u,
      fill: v === 2 ? kind.points[i] : 'white', stroke: v === 2 ? 'white' : kind.points[i],
      class: isPoint ? 'fm-point fm-picked' : 'fm-point',
      'data-garment': garment.key, 'data-point': i }, layer);
    if (state.names || isPoint) label(kind.names[i], x + 8 * u, y, u);
  });
}

function label(text, x, y, u, name = 'fm-name') {
  make('text', { x, y, 'font-size': 12 * u, 'stroke-width': 3 * u, class: name,
    'dominant-baseline': 'middle' }, layer).textContent = text;
}

// Where on a way a text covers no other one, as far as there is such a place.
function freePlace(path, width, height, taken) {
  const [left, top, w, h] = viewBox();
  let place;
  for (const share of [0.5, 0.35, 0.65, 0.2, 0.8, 0.05, 0.95]) {
    const at = share * (path.length - 1), i = Math.min(Math.floor(at), path.length - 2);
    const [a, b] = [path[i], path[i + 1]];
    const x = a[0] + (b[0] - a[0]) * (at - i) - width / 2;
    const y = a[1] + (b[1] - a[1]) * (at - i);
    place = [Math.min(Math.max(x, left), left + w - width),
      Math.min(Math.max(y, top + height), top + h - height)];
    const isFree = taken.every(([s, t, other]) => Math.abs(t - place[1]) > height
      || place[0] + width < s || s + other < place[0]);
    if (isFree) break;
  }
  taken.push([...place, width]);
  return place;
}

function drawOverlay(u) {
  const shown = state.overlay.picture === state.picture.key ? state.overlay : {};
  const taken = [];
  if (find('.fm-ways').checked) {
    (shown.ways ?? []).forEach(({ text, path }, i, all) => {
      const color = `hsl(${360 * i / all.length} 70% 42%)`;
      make('polyline', { points: path.map((p) => p.join(',')).join(' '),
        class: 'fm-way', stroke: color }, layer);
      const [x, y] = freePlace(path, 6.7 * u * text.length, 14 * u, taken);
      label(text, x, y, u, 'fm-name fm-length');
    });
    for (const [x, y] of shown.corners ?? []) {
      make('circle', { cx: x, cy: y, r: 4 * u, class: 'fm-corner' }, layer);
    }
  }
  const ends = state.corners.length ? state.corners : shown.ends ?? [];
  if (!shown.is_ruler && state.tool !== 'ruler') return;
  ends.forEach(([x, y]) => make('circle', { cx: x, cy: y, r: 5 * u, class: 'fm-corner' }, layer));
  if (ends.length === 2) {
    make('line', { x1: ends[0][0], y1: ends[0][1], x2: ends[1][0], y2: ends[1][1],
      class: 'fm-ruler' }, layer);
  }
}

// What a finger covers is shown beside it.
function magnify(place) {
  loupe.style.display = place ? 'block' : 'none';
  if (!place) return;
  const r = 30 * unit();
  const isLeft = (place[0] - viewBox()[0]) / viewBox()[2] < 0.5;
  loupe.style[isLeft ? 'right' : 'left'] = '8px';
  loupe.style[isLeft ? 'left' : 'right'] = 'auto';
  loupe.setAttribute('viewBox', [place[0] - r, place[1] - r, 2 * r, 2 * r].join(' '));
  for (const [key, value] of Object.entries({ cx: place[0], cy: place[1], r: r / 10 })) {
    cross.setAttribute(key, value);
  }
}

// -------------------------------------------------------------------------- changes
const copy = (garments) => structuredClone(garments);

function remember() {
  state.history.push(copy(state.garments));
  if (state.history.length > 100) state.history.shift();
}

function send() {
  state.step += 1;
  trigger('edited', {
    picture: state.picture.key,
    step: state.step,
    seen: state.seen, // what the server did later, it does not take back
    garments: state.garments.map(({ key, points }) => ({ key, points })),
  });
  refresh();
  svg.focus({ preventScroll: true }); // for its keys
}

function undo() {
  const before = state.history.pop();
  if (!before) return;
  const chosen = state.garment?.key;
  state.garments = before;
  state.garment = before.find(({ key }) => key === chosen) ?? null;
  send();
}

function setState(v) {
  const { garment, point } = state;
  if (!garment || point === null) return;
  remember();
  garment.points[point][2] = v;
  if (!isShown(garment, point)) state.point = null;
  send();
}

function restore(i) {
  remember();
  Object.assign(state.garment.points[i], { 2: 2, 3: 1 });
  state.point = i;
  send();
}

function removeGarment(garment) {
  remember();
  state.garments = state.garments.filter((each) => each !== garment);
  state.garment = state.garments[0] ?? null;
  state.point = null;
  send();
}

let nudging = null;
function nudge(dx, dy) {
  const { garment, point } = state;
  if (!garment || point === null) return;
  if (!nudging) remember();
  clearTimeout(nudging);
  const own = garment.points[point];
  own[0] = Math.min(Math.max(own[0] + dx, 0), state.picture.width - 1);
  own[1] = Math.min(Math.max(own[1] + dy, 0), state.picture.height - 1);
  own[2] ||= 2;
  own[3] = 1;
  find('.fm-root').dataset.kept = false;
  draw();
  nudging = setTimeout(flush, 400);
}

// Sends at once what the keys have moved.
function flush() {
  if (!nudging) return;
  clearTimeout(nudging);
  nudging = null;
  send();
}

function zoomBy(factor, at) {
  state.zoom = Math.min(Math.max(state.zoom * factor, 1), 12);
  const own = state.garment && state.point !== null && state.garment.points[state.point];
  if (at || own) state.middle = (at ?? own).slice(0, 2);
  draw();
}

function useTool(tool) {
  state.tool = tool;
  state.corners = [];
  refresh();
}
