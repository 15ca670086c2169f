// Hands a file to the browser's own downloads; nothing of it lies on the server's disk.
watch('value', () => {
  const { name, type, content } = props.value ?? {};
  if (!content) return;
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
});
