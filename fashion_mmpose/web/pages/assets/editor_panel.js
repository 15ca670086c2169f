// Below the picture: its tools, the garments, the chosen point. Goes on where editor.js
// ends; both are one function.
function option(value, text, chosen) {
  const made = document.createElement('option');
  Object.assign(made, { value, textContent: text, selected: value === chosen });
  return made;
}

function button(text, title, press, isOn = false) {
  const made = document.createElement('button');
  Object.assign(made, { type: 'button', textContent: text, title, onclick: press });
  made.setAttribute('aria-pressed', isOn);
  return made;
}

function span(name, text) {
  const made = document.createElement('span');
  Object.assign(made, { className: name, textContent: text });
  return made;
}

const spaced = (name) => name.replaceAll('_', ' ');

function listPictures(value) {
  const strip = find('.fm-strip');
  const entries = value.pictures.length > 1 ? value.pictures : [];
  strip.replaceChildren(...entries.map(({ name, thumb, count }, place) => {
    const made = button('', `${name}: ${count} garments`, () => trigger('chosen', { place }),
      place === value.current);
    const image = document.createElement('img');
    Object.assign(image, { src: thumb, alt: name });
    made.append(image, span('fm-count', count));
    return made;
  }));
}

function listGarments() {
  const rows = state.garments.map((garment) => {
    const row = document.createElement('div');
    row.className = garment === state.garment ? 'fm-row fm-chosen' : 'fm-row';
    row.onclick = (event) => {
      if (event.target.closest('button, select')) return;
      Object.assign(state, { garment, point: null });
      refresh();
    };
    const dot = span('fm-dot', '');
    dot.style.background = kinds[garment.category].color;
    const select = document.createElement('select');
    select.setAttribute('aria-label', 'category');
    // A file may have garments that no network is for.
    const names = Object.keys(kinds)
      .filter((name) => kinds[name].is_found || name === garment.category);
    select.append(...names.map((name) => option(name, spaced(name), garment.category)));
    select.onchange = () => trigger('recategorized', {
      picture: state.picture.key, garment: garment.key, category: select.value,
    });
    row.append(dot, select, span('fm-score', garment.score.toFixed(2)),
      button('Remove', 'remove this garment', () => removeGarment(garment)));
    return row;
  });
  if (!rows.length && state.picture) {
    rows.push(span('fm-hint', 'No garment was found. Press "Box", and draw one around it.'));
  }
  find('.fm-garments').replaceChildren(...rows);
}

function describePoint() {
  const panel = find('.fm-panel');
  const { garment, point } = state;
  panel.replaceChildren();
  if (!garment) return;
  const kind = kinds[garment.category];
  const names = kind.names.map((name, i) => `${name}${isShown(garment, i) ? '' : ' (not shown)'}`);
  const select = document.createElement('select');
  select.setAttribute('aria-label', 'point');
  select.append(option('', 'choose a point ...', ''),
    ...names.map((name, i) => option(String(i), name, String(point))));
  select.onchange = () => {
    const i = select.value === '' ? null : Number(select.value);
    if (i !== null && !isShown(garment, i)) return restore(i);
    state.point = i;
    refresh();
    svg.focus({ preventScroll: true });
  };
  panel.append(span('fm-hint', 'Point'), select);
  if (point === null) return;
  const [, , v, byHand] = garment.points[point];
  panel.append(span('fm-score', byHand ? 'by hand' : garment.scores[point].toFixed(2)));
  for (const [value, text, title] of [[2, 'Visible', 'the point can be seen'],
    [1, 'Covered', 'something lies over the point'],
    [0, 'Remove', 'the point is not in the picture']]) {
    panel.append(button(text, title, () => setState(value), v === value));
  }
}

function refresh() {
  for (const each of element.querySelectorAll('[data-use]')) {
    each.setAttribute('aria-pressed', each.dataset.use === state.tool);
  }
  const isRuler = state.overlay.is_ruler ?? false;
  find('[data-use=ruler]').hidden = !isRuler;
  if (!isRuler && state.tool === 'ruler') state.tool = 'move';
  find('.fm-undo').disabled = !state.history.length;
  const { picture, step } = state.overlay;
  // A server that shows no picture, or another one, has nothing more to take over.
  const isKept = !nudging
    && (!state.picture || picture !== state.picture.key || step >= state.step);
  find('.fm-root').dataset.kept = isKept; // whether there is nothing to wait for
  find('.fm-tell').textContent = { move: '', box: 'Draw a box around a garment.',
    ruler: 'Click both ends of the length that you know.' }[state.tool];
  listGarments();
  describePoint();
  draw();
}

// The garments of a view. What was changed here since the server made it, it may not know
// yet: that stays, and what the server did meanwhile is added.
function merged({ step, garments, gone }, isSame) {
  const isChanged = step < state.step || state.drag?.isMoved || nudging;
  if (!isSame || !isChanged) return copy(garments);
  const own = state.garments.filter(({ key }) => !(gone[key] > state.seen));
  return [...own, ...copy(garments).filter(({ born }) => born > state.seen)];
}

const keysOf = (garments) => garments.map(({ key }) => key).join();

function show(value) {
  if (!value?.pictures) return;
  const isSame = value.picture?.key === state.picture?.key;
  if (!isSame) flush(); // as long as it is known of which picture
  const chosen = isSame ? state.garment?.key : null;
  const garments = value.picture ? merged(value.picture, isSame) : [];
  // What came or went at once, as by a box, is a step of its own to take back.
  if (isSame && keysOf(garments) !== keysOf(state.garments)) remember();
  state.picture = value.picture;
  state.garments = garments;
  state.seen = value.picture?.revision ?? 0;
  state.garment = state.garments.find(({ key }) => key === chosen) ?? state.garments[0] ?? null;
  if (!isSame) Object.assign(state, { history: [], zoom: 1, point: null, corners: [] });
  if (value.picture) {
    showPicture(value.picture);
    state.step = isSame ? Math.max(state.step, value.picture.step) : value.picture.step;
    if (!isSame) state.middle = [value.picture.width / 2, value.picture.height / 2];
    if (state.point >= state.garment?.points.length) state.point = null;
  }
  Object.assign(state, { least: value.least, names: value.names, tool: 'move' });
  find('.fm-names').checked = state.names;
  find('.fm-least').value = state.least;
  find('.fm-least-value').textContent = state.least.toFixed(2);
  listPictures(value);
  refresh();
}

// --------------------------------------------------------------------------- events
function begin(event) {
  const place = placeOf(event);
  if (state.tool === 'box') state.drag = { box: [place, place] };
  else if (state.tool === 'ruler') {
    state.corners = [...state.corners, place].slice(-2);
    if (state.corners.length === 2) {
      trigger('ruled', { picture: state.picture.key, ends: state.corners });
    }
  } else {
    const hit = nearest(place, (event.pointerType === 'touch' ? 26 : 14) * unit());
    if (hit) {
      const [x, y] = hit.garment.points[hit.i];
      Object.assign(state, { garment: hit.garment, point: hit.i });
      state.drag = { offset: [x - place[0], y - place[1]], from: place, isMoved: false,
        isTouch: event.pointerType === 'touch' };
    } else {
      Object.assign(state, { garment: garmentAt(place) ?? state.garment, point: null });
      if (state.zoom > 1) state.drag = { pan: [event.clientX, event.clientY] };
    }
  }
  if (state.drag) svg.setPointerCapture(event.pointerId);
  svg.focus({ preventScroll: true });
  refresh();
}

function move(event) {
  const { drag } = state;
  if (!state.picture) return;
  const place = placeOf(event);
  svg.classList.toggle('fm-near', !!nearest(place, 14 * unit()));
  if (!drag) return;
  if (drag.box) drag.box[1] = place;
  else if (drag.pan) {
    const u = unit();
    state.middle = [state.middle[0] - (event.clientX - drag.pan[0]) * u,
      state.middle[1] - (event.clientY - drag.pan[1]) * u];
    const [x, y, w, h] = viewBox();
    state.middle = [x + w / 2, y + h / 2];
    drag.pan = [event.clientX, event.clientY];
  } else {
    const far = Math.hypot(place[0] - drag.from[0], place[1] - drag.from[1]);
    if (!drag.isMoved && far < 3 * unit()) return; // a click is no drag
    if (!drag.isMoved) remember();
    drag.isMoved = true;
    const own = state.garment.points[state.point];
    own[0] = Math.min(Math.max(place[0] + drag.offset[0], 0), state.picture.width - 1);
    own[1] = Math.min(Math.max(place[1] + drag.offset[1], 0), state.picture.height - 1);
    own[3] = 1;
    magnify(drag.isTouch ? own : null);
  }
  draw();
}

function finish() {
  const { drag } = state;
  state.drag = null;
  magnify(null);
  if (drag?.box) {
    const [[a, b], [c, d]] = drag.box;
    const box = [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
    useTool('move');
    if (Math.min(box[2] - box[0], box[3] - box[1]) > 8) {
      trigger('boxed', { picture: state.picture.key, box });
    }
  } else if (drag?.isMoved) send();
  else draw();
}

svg.addEventListener('pointerdown', begin);
svg.addEventListener('pointermove', move);
svg.addEventListener('pointerup', finish);
svg.addEventListener('pointercancel', finish);
// A finger that takes hold of nothing scrolls the page.
svg.addEventListener('touchstart', (event) => {
  const isHeld = state.tool !== 'move' || state.zoom > 1
    || nearest(placeOf(event.touches[0]), 26 * unit());
  if (isHeld && event.touches.length === 1) event.preventDefault();
}, { passive: false });
svg.addEventListener('wheel', (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoomBy(event.deltaY < 0 ? 1.25 : 0.8, placeOf(event));
}, { passive: false });
svg.addEventListener('keydown', (event) => {
  const far = event.shiftKey ? 10 : 1;
  const steps = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] };
  if (steps[event.key]) nudge(...steps[event.key]);
  else if (event.key === 'Enter') { flush(); trigger('advanced'); }
  else if (event.key === 'Delete' || event.key === 'Backspace') setState(0);
  else if (event.key === 'v' && state.point !== null) {
    setState(state.garment.points[state.point][2] === 2 ? 1 : 2);
  } else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) undo();
  else return;
  event.preventDefault();
});
for (const each of element.querySelectorAll('[data-use]')) {
  each.onclick = () => useTool(each.dataset.use);
}
find('.fm-undo').onclick = undo;
find('.fm-in').onclick = () => zoomBy(1.6);
find('.fm-out').onclick = () => zoomBy(1 / 1.6);
find('.fm-ways').onchange = draw;
const restyle = () => trigger('styled', { least: state.least, names: state.names });
find('.fm-names').onchange = (event) => { state.names = event.target.checked; restyle(); draw(); };
find('.fm-least').oninput = (event) => {
  state.least = Number(event.target.value);
  find('.fm-least-value').textContent = state.least.toFixed(2);
  refresh();
};
find('.fm-least').onchange = restyle;
new ResizeObserver(() => state.picture && draw()).observe(stage);
watch('value', () => show(JSON.parse(props.value)));
watch('overlay', () => {
  state.overlay = JSON.parse(props.overlay);
  state.corners = [];
  refresh();
});
show(JSON.parse(props.value));
