/** The bytes of a file that this device has added and the server has not got yet, as far as they are kept. */
export async function localFile(accountId: string, id: string): Promise<Blob | null> {
  const { openFileBytes } = await import('../sync/web-uploads.ts');
  const bytes = await openFileBytes(accountId);
  const size = (await bytes?.sizeOf(id)) ?? null;
  const blob = size === null ? null : ((await bytes?.slice(id, 0, size)) ?? null);
  await bytes?.close();
  return blob;
}
