// Gradio runs what stands in a template; names of files are put in as text here.
watch('value', () => {
  const { place, count, name, state, done, error } = props.value ?? {};
  if (place === undefined) return;
  const put = (selector, text) => { element.querySelector(selector).textContent = text; };
  put('.fm-place', `${place} of ${count}:`);
  put('b', name);
  put('.fm-state', `${state}; ${done} done`);
  put('[role=alert]', error);
  element.querySelector('.fm-done div').style.width = `${(100 * done) / (count || 1)}%`;
});
