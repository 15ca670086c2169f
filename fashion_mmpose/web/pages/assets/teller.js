// Shows messages for a while; a click takes one away.
watch('value', () => {
  if (!props.value?.text) return;
  const message = document.createElement('p');
  message.setAttribute('role', 'alert');
  message.textContent = props.value.text;
  message.onclick = () => message.remove();
  element.append(message);
  setTimeout(() => message.remove(), 10_000);
});
