/** As a download. */
export function saveFile(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** What proves an erasure goes to whoever asked for it; this page keeps nothing. */
export function saveReceipt(receipt: unknown, name: string): void {
  saveFile(new Blob([JSON.stringify(receipt, null, 2)], { type: 'application/json' }), name);
}
